"""The host is left as it was: listings before and after, the stored home, git's own files."""
import os
import subprocess
import time
import unittest

import snugtest
from snugtest import Case, HOME, STATE, quoted


def tree(*roots, without=()):
    """Every path below the roots with its kind, but for the folders in `without`."""
    found = {}
    for root in roots:
        for folder, names, files in os.walk(root):
            names[:] = [name for name in names if os.path.join(folder, name) not in without]
            for name in names + files:
                path = os.path.join(folder, name)
                try:
                    found[path] = os.lstat(path).st_mode
                except OSError:
                    pass
    return found


def own_files(*roots):
    """Names directly below shared folders that belong to this user."""
    found = set()
    for root in roots:
        for entry in os.scandir(root) if os.path.isdir(root) else ():
            try:
                if entry.stat(follow_symlinks=False).st_uid == os.getuid() and os.path.basename(snugtest.STAGE) != entry.name:
                    found.add(entry.path)
            except OSError:
                pass
    return found


class Listing(Case):
    SHARED = ("/tmp", "/var/tmp", "/run", "/dev/shm", "/dev/mqueue")

    def setUp(self):
        super().setUp()
        self.assert_status(self.inside("true"), 0)  # the state folder is made once
        self.data = self.folder("data")
        self.write(os.path.join(self.data, "file"), "x")

    def snapshot(self):
        return tree(HOME, without=(STATE,)), own_files(*self.SHARED)

    def profile_of_many_kinds(self):
        missing = os.path.join(self.project, "not-there")
        return (f'[filesystem]\nread = [{quoted(self.data)}]\ntmpfs = [{quoted(os.path.join(self.project, "cache"))}]\n'
                f'hide = [{quoted(missing + "?")}]\n'
                f'[[filesystem.mount]]\ntype = "bind"\nsource = {quoted(self.data)}\n'
                f'target = {quoted(os.path.join(HOME, "elsewhere/deep"))}\naccess = "read"\n')

    def assert_unchanged(self, before):
        (files, shared), (files_after, shared_after) = before, self.snapshot()
        self.assertEqual(files, files_after)
        self.assertEqual(shared, shared_after)

    def test_after_a_plain_run(self):
        before = self.snapshot()
        self.assert_status(self.inside("true"), 0)
        self.assert_unchanged(before)

    def test_the_listing_sees_a_stub(self):
        before = self.snapshot()
        os.mkdir(os.path.join(self.project, "stub"))
        with self.assertRaises(AssertionError):
            self.assert_unchanged(before)

    def test_after_mount_points_inside_the_home(self):
        text = (f'[filesystem]\n[[filesystem.mount]]\ntype = "bind"\nsource = {quoted(self.data)}\n'
                f'target = {quoted(os.path.join(HOME, "elsewhere/deep"))}\naccess = "read"\n')
        profile = self.profile(text)
        before = self.snapshot()
        result = self.snug("run", "-p", profile, "--", "ls", os.path.join(HOME, "elsewhere/deep"))
        self.assertEqual(result.stdout, b"file\n", self.story(result))
        self.assert_unchanged(before)

    def test_a_mount_point_in_the_project_is_never_made_on_the_host(self):
        profile = self.profile(f'[filesystem]\ntmpfs = [{quoted(os.path.join(self.project, "cache"))}]\n')
        before = self.snapshot()
        result = self.snug("run", "-p", profile, "--", "touch", "cache/x")
        self.assertIn(result.returncode, (0, 125), self.story(result))
        self.assert_unchanged(before)

    def test_after_a_refused_run(self):
        profile = self.profile('[filesystem]\nread = ["/nonexistent/snug"]\n')
        before = self.snapshot()
        self.assert_status(self.snug("run", "-p", profile, "--", "true"), 125)
        self.assert_status(self.snug("run", "--", "/no/such/command"), 127)
        self.assert_unchanged(before)

    def test_after_kill_9_of_snug_and_of_init(self):
        before = self.snapshot()
        for victim in ("snug", "init"):
            word = f"777.{os.getpid()}"
            process = self.start("sh", "-c", f"echo ready; sleep {word}")
            self.assertEqual(process.stdout.readline(), b"ready\n")
            os.kill(process.pid if victim == "snug" else snugtest.children_of(process.pid)[0], 9)
            process.wait(10)
            self.wait_until(lambda: not snugtest.processes_with(word), "the command's end", 2)
            self.assert_unchanged(before)

    def test_plan_touches_nothing(self):
        before = tree(HOME)
        result = self.snug("plan")
        self.assert_status(result, 0)
        self.assertEqual(before, tree(HOME))

    def test_a_protected_file_of_the_host_keeps_its_place(self):
        envrc = self.write(".envrc", "x\n")
        before = self.snapshot()
        profile = self.profile(f"[filesystem]\nprotect = [{quoted(envrc)}]\n")
        before = self.snapshot()
        self.assert_status(self.snug("run", "-p", profile, "--", "true"), 0)
        self.assert_unchanged(before)


class StoredHome(Case):
    def stored(self):
        """Every name in every stored home."""
        homes = os.path.join(STATE, "homes")
        return {path for path in tree(homes) if "/files/" in path}

    def test_it_is_kept_between_runs(self):
        self.shell("echo kept > ~/note")
        self.assertEqual(self.shell("cat ~/note"), "kept\n")
        self.assertFalse(os.path.exists(os.path.join(HOME, "note")))

    def test_another_project_has_another_one(self):
        self.shell("echo kept > ~/note")
        other = self.folder("other")
        result = self.snug("run", "--", "cat", os.path.join(HOME, "note"), cwd=other)
        self.assertNotEqual(result.returncode, 0)

    def test_another_profile_has_another_one(self):
        self.shell("echo planted > ~/.bashrc2")
        result = self.inside("cat", os.path.join(HOME, ".bashrc2"), profile='hostname = "other"\n')
        self.assertNotEqual(result.returncode, 0)

    def test_it_holds_no_stubs_afterwards(self):
        data = self.folder("data")
        before = self.stored()
        text = f'[[filesystem.mount]]\ntype = "bind"\nsource = {quoted(data)}\ntarget = {quoted(os.path.join(HOME, "a/b"))}\n'
        profile = self.profile(text)
        result = self.snug("run", "-p", profile, "--", "sh", "-c", "ls ~/a; ls ~; echo x > ~/own")
        self.assert_status(result, 0)
        names = {path.split("/files/", 1)[1] for path in self.stored() - before}
        self.assertFalse([name for name in names if name.startswith("a") or "project-" in name], names)
        self.assertIn("own", names)

    def test_stubs_of_a_killed_run_are_gone_after_the_next(self):
        process = self.start("sh", "-c", "echo ready; sleep 60")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.kill()
        process.wait(10)
        time.sleep(0.2)
        self.assert_status(self.inside("true"), 0)
        left = [path.split("/files/", 1)[1] for path in self.stored() if "/files/" + os.path.basename(self.project) in path]
        self.assertEqual(left, [])

    def test_two_runs_at_once_share_it(self):
        first = self.start("sh", "-c", "echo one > ~/one; echo ready; read x; cat ~/two")
        self.assertEqual(first.stdout.readline(), b"ready\n")
        self.assertEqual(self.shell("cat ~/one; echo two > ~/two"), "one\n")
        output, errors = first.communicate(b"\n", timeout=20)
        self.assertEqual(output, b"two\n", errors)

    def test_it_belongs_to_the_user_alone(self):
        self.assert_status(self.inside("true"), 0)
        self.assertEqual(os.stat(STATE).st_mode & 0o077, 0)

    def test_snugs_own_state_is_not_reachable_inside(self):
        facts = self.probe("paths", STATE, os.path.join(HOME, ".config/snug"))
        self.assertEqual(facts.path(STATE)[0], "ENOENT")
        self.assertNotEqual(facts.path(os.path.join(HOME, ".config/snug"))[2], "ok")


class Git(Case):
    def setUp(self):
        super().setUp()
        snugtest.need_program("git")
        for words in (["init", "-q", "-b", "main", "."], ["config", "user.email", "t@example.com"], ["config", "user.name", "T"],
                      ["commit", "-q", "--allow-empty", "-m", "first"]):
            subprocess.run(["git", *words], cwd=self.project, check=True)

    def test_what_runs_code_on_the_host_is_read_only(self):
        git = os.path.join(self.project, ".git")
        closed = [os.path.join(git, name) for name in ("config", "hooks", "info", "commondir")]
        facts = self.probe("paths", *closed)
        for path in closed[:3]:
            self.assertNotEqual(facts.path(path)[2], "ok", path)
        for script in ("echo '[core] pager = evil' >> .git/config", "git config core.pager evil", "echo x > .git/hooks/pre-commit",
                       "mv .git .git2", "rm -rf .git/hooks", "echo /tmp > .git/commondir", "mv .git/hooks .git/h2"):
            before = tree(git)
            result = self.inside("sh", "-c", script)
            self.assertNotEqual(result.returncode, 0, script + self.story(result))
            self.assertEqual(set(before), set(tree(git)), script)

    def test_daily_work_goes_on(self):
        self.shell("echo a > a; git add a; git -c user.name=T -c user.email=t@example.com commit -qm second; git switch -qc topic; "
                   "git log --oneline | wc -l; git status --short")
        result = subprocess.run(["git", "log", "--oneline", "topic"], cwd=self.project, capture_output=True)
        self.assertEqual(result.stdout.count(b"\n"), 2)
        self.assertFalse(os.path.exists(os.path.join(self.project, ".git/commondir")))

    def test_write_opens_it(self):
        self.shell("git config core.pager cat", profile='[filesystem]\ngit = "write"\n')
        result = self.inside("git", "commit", "-q", "--allow-empty", "-m", "x", profile='[filesystem]\ngit = "read"\n')
        self.assertNotEqual(result.returncode, 0)


if __name__ == "__main__":
    snugtest.main()
