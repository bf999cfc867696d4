"""Attempts at snug itself: what it keeps, what it reads before a launch, and the moment in which it binds."""
import os
import shutil
import subprocess
import time
import unittest

import escaping
import snugtest
from escaping import Escape
from snugtest import HOME, STATE, quoted

RACING = os.environ["RACING"]


def run_git(*words, cwd):
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
                   "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    return subprocess.run(["git", *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=30)


class State(Escape):
    def test_nothing_of_it_is_in_the_view(self):
        config = self.write(os.path.join(HOME, ".config/snug/profiles/mine.toml"), "version = 1\n")
        self.addCleanup(shutil.rmtree, os.path.join(HOME, ".config/snug"), ignore_errors=True)
        self.inside("true")
        for path in (config, STATE, os.path.join(STATE, "homes"), os.path.join(HOME, ".config/snug")):
            self.assertTrue(os.path.exists(path), path)
            self.assert_contained("list" if os.path.isdir(path) else "read", path)

    def test_a_profile_that_makes_it_writable_is_refused_or_walled(self):
        self.write(os.path.join(HOME, ".config/snug/profiles/mine.toml"), "version = 1\n")
        self.addCleanup(shutil.rmtree, os.path.join(HOME, ".config/snug"), ignore_errors=True)
        self.inside("true")
        for folder in (".config", ".config/snug", ".local/state", ".local/state/snug", ".local"):
            profile = f'[filesystem]\nwrite = [{quoted(os.path.join(HOME, folder))}]\n'
            for path in (os.path.join(HOME, ".config/snug/profiles/mine.toml"), os.path.join(HOME, ".config/snug/evil"),
                         os.path.join(STATE, "evil"), os.path.join(STATE, "homes/evil")):
                with self.subTest(folder=folder, path=path):
                    result = self.try_inside("make" if path.endswith("evil") else "write", path, profile=profile)
                    planted = [place for place in (path,) if place.endswith("evil") and os.path.lexists(place)]
                    for place in planted:
                        os.unlink(place)
                    self.assertFalse(planted, f"{path} was made from inside: {self.story(result)}")

    def test_what_it_tells_programs_inside_stays_as_it_is(self):
        # The next program inside believes it; neither the file nor the directory gives way to one that says more.
        told = self.shell("cat /run/snug/info.json /run/snug/profile")
        self.assertIn('"network"', told)
        tries = ["mv /run/snug /run/gone", "mv /run/snug/info.json /run/snug/old", "rm -rf /run/snug", "chmod 777 /run/snug",
                 "echo forged >/run/snug/info.json", "ln -sfn /tmp /run/snug/info.json", "mkdir /tmp/new; mv -T /tmp/new /run/snug",
                 "touch /run/snug/another", "mv /run /gone"]
        attempt = "; ".join(f"({words}) 2>/dev/null && echo did: {quoted(words)}" for words in tries)
        self.assertEqual(self.shell(f"{{ {attempt}; }}; cat /run/snug/info.json /run/snug/profile; ls -A /run/snug"),
                         told + "info.json\nprofile\n")

    def test_the_stored_home_of_another_profile(self):
        self.shell("echo secret >~/kept")
        other = self.profile("", name="other")
        result = self.snug("run", "-p", other, "--", "sh", "-c", "cat ~/kept; echo 'touch ~/pwned' >>~/.bashrc")
        self.assertNotIn(b"secret", result.stdout)
        self.assertNotIn("pwned", self.shell("cat ~/.bashrc ~/kept"))

    def test_links_planted_in_the_stored_home(self):
        victim = self.folder("victim")
        folder = self.folder("shared")
        self.write(os.path.join(folder, "file"), "shared\n")
        for planted in (".bashrc", ".config", ".config/fish", ".profile", ".zshrc"):
            self.inside("sh", "-c", f"rm -rf ~/{planted}; ln -s {victim}/x ~/{planted}")
            self.inside("true")
            self.assertEqual(os.listdir(victim), [], planted)
            self.inside("sh", "-c", f"rm -rf ~/{planted}; ln -s {victim} ~/{planted}")
            self.inside("true")
            self.assertEqual(os.listdir(victim), [], planted)
            self.inside("rm", "-rf", os.path.join(HOME, planted))

    def test_a_link_where_a_bind_in_the_home_goes(self):
        victim = self.folder("victim")
        target = os.path.join(HOME, "mounted")
        shared = self.folder("shared")
        profile = f'[[filesystem.mount]]\ntype = "bind"\nsource = {quoted(shared)}\ntarget = {quoted(target + "/below")}\naccess = "write"\n'
        path = self.profile(profile)
        run = lambda *command: self.snug("run", "-p", path, "--", *command)
        self.assertEqual(run("true").returncode, 0)
        # Between runs nothing is mounted; a run of the same profile without the mount plants the link.
        bare = self.snug("run", "-p", path, "--set", "filesystem.mount=[]", "--", "sh", "-c",
                         f"rm -rf {target}; ln -s {victim} {target}")
        result = run("sh", "-c", f"echo x >{target}/below/file")
        self.assertEqual(os.listdir(victim), [], self.story(bare) + self.story(result))
        self.assertEqual([name for name in os.listdir(HOME) if name == "mounted"], [])


class Planted(Escape):
    """What the project holds is its author's text, and a run before may have changed it."""

    def assert_quick(self, *command, seconds=10, **more):
        begin = time.monotonic()
        result = self.inside(*(command or ("true",)), timeout=seconds, **more)
        self.assertLess(time.monotonic() - begin, seconds)
        return result

    def test_pipes_and_devices_where_files_are_read(self):
        for name in (".git", "snug.toml", ".git/config", ".git/commondir", ".git/HEAD", ".git/info", ".envrc"):
            with self.subTest(name):
                path = os.path.join(self.project, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.mkfifo(path)
                self.assert_quick()
                os.unlink(path)
                os.symlink("/dev/zero", path)
                self.assert_quick()
                os.unlink(path)
                os.symlink(path, path)
                self.assert_quick()
                os.unlink(path)
                shutil.rmtree(os.path.join(self.project, ".git"), ignore_errors=True)

    def test_a_git_file_that_names_something_private(self):
        private = self.folder("private")
        self.write(os.path.join(private, "key"), "the secret\n")
        texts = [f"gitdir: {private}\n", f"gitdir: {HOME}\n", "gitdir: /\n", f"gitdir: {STATE}\n", "gitdir: ../..\n",
                 "gitdir: " + "a/" * 5000, f"gitdir: {private}\0/x\n"]
        # One that looks like a worktree's, but points back to nowhere.
        self.write(os.path.join(private, "gitdir"), f"{HOME}/other/.git\n")
        self.write(os.path.join(private, "commondir"), ".\n")
        for text in texts:
            with self.subTest(text[:40]):
                self.write(".git", text)
                result = self.assert_quick("cat", os.path.join(private, "key"))
                self.assertNotIn(b"the secret", result.stdout)
                self.assertNotEqual(self.try_inside("make", os.path.join(private, "evil")).returncode, 0)

    def test_a_worktree_file_made_inside_to_widen_the_next_run(self):
        # Run 1 turns the project into a "worktree" of a repository it has no business with.
        other = self.folder("repository")
        run_git("init", "-q", ".", cwd=other)
        self.inside("sh", "-c", f"rm -rf .git; echo 'gitdir: {other}/.git/worktrees/x' >.git")
        self.assertNotEqual(self.try_inside("list", os.path.join(other, ".git")).returncode, 0)
        self.inside("sh", "-c", f"echo 'gitdir: {other}/.git' >.git")
        self.assertNotEqual(self.try_inside("list", os.path.join(other, ".git")).returncode, 0)

    def test_directories_around_what_is_protected_replaced(self):
        # What is read-only stays so where it lies; the attempt moves the directory around it away and puts a copy there.
        self.write(".github/workflows/ci.yml", "ours\n")
        self.write("deep/er/still/secret", "the secret\n")
        profile = '[filesystem]\nprotect = [".github/workflows/**"]\nhide = ["deep/er/still/secret"]\n'
        swap = "mv {0} gone && cp -r gone {0}; rm -rf gone; echo evil >>.github/workflows/ci.yml"
        for directory in (".github/workflows", ".github"):
            self.inside("sh", "-c", swap.format(directory), profile=profile)
            with open(os.path.join(self.project, ".github/workflows/ci.yml")) as file:
                self.assertEqual(file.read(), "ours\n", directory)
        for directory in ("deep/er/still", "deep/er", "deep"):
            self.inside("sh", "-c", f"mv {directory} moved; mkdir -p deep/er/still; echo x >deep/er/still/secret", profile=profile)
            result = self.inside("sh", "-c", "cat $(find . -name secret)", profile=profile)
            self.assertNotIn(b"the secret", result.stdout, directory)
        # The control: without the lists nothing is in the way.
        self.inside("sh", "-c", swap.format(".github"))
        with open(os.path.join(self.project, ".github/workflows/ci.yml")) as file:
            self.assertIn("evil", file.read())

    def test_git_directories_of_submodules_and_work_trees_replaced(self):
        run_git("init", "-q", ".", cwd=self.project)
        self.write(".git/modules/a/b/HEAD", "ref: refs/heads/m\n")
        self.write(".git/worktrees/w/commondir", "../..\n")
        kept = {".git/modules/a/b/config": "ours\n", ".git/worktrees/w/commondir": "../..\n"}
        self.write(".git/modules/a/b/config", "ours\n")
        for directory in (".git/modules/a/b", ".git/modules/a", ".git/modules", ".git/worktrees/w", ".git/worktrees"):
            self.inside("sh", "-c", f"mv {directory} .git/gone; cp -r .git/gone {directory}; rm -f .git/modules/a/b/HEAD; for f in {' '.join(kept)}; do echo evil >>$f; done;"
                                    f"echo ../../../../evil >.git/modules/a/b/commondir")
            for name, text in kept.items():
                with open(os.path.join(self.project, name)) as file:
                    self.assertEqual(file.read(), text, directory)
            self.assertFalse(os.path.exists(os.path.join(self.project, ".git/modules/a/b/commondir")))

    def test_a_separate_git_directory_among_the_projects_files(self):
        os.mkdir(os.path.join(self.project, "data"))
        run_git("init", "-q", "--separate-git-dir=data/real.git", ".", cwd=self.project)
        self.assertEqual(self.inside("git", "status").returncode, 0)
        tries = ["echo evil >>data/real.git/config", "touch data/real.git/hooks/pre-commit",
                 "mv data/real.git x; cp -r x data/real.git; echo evil >>data/real.git/config",
                 "mv data x; cp -r x data; echo evil >>data/real.git/config", "echo evil >data/real.git/commondir",
                 "rm -f .git; cp -r data/real.git .git; echo evil >>.git/config"]
        for attempt in tries:
            self.inside("sh", "-c", attempt)
            self.assertTrue(os.path.isfile(os.path.join(self.project, ".git")))
            with open(os.path.join(self.project, "data/real.git/config")) as file:
                self.assertNotIn("evil", file.read(), attempt)
            for name in ("commondir", "hooks/pre-commit"):
                self.assertFalse(os.path.exists(os.path.join(self.project, "data/real.git", name)), attempt)

    def test_what_git_on_the_host_would_run(self):
        snugtest.need_program("git")
        mark = os.path.join(self.folder("marks"), "pwned")
        run_git("init", "-q", ".", cwd=self.project)
        self.write(".gitattributes", "* filter=evil\n")
        config = f"[core]\\n\\tfsmonitor = touch {mark}\\n[filter \\\"evil\\\"]\\n\\tclean = touch {mark}\\n"
        tries = [f'printf "{config}" >>.git/config', f'printf "{config}" >.git/x; mv .git/x .git/config',
                 f'printf "{config}" >.git/config.worktree',
                 f'printf "#!/bin/sh\\ntouch {mark}\\n" >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit',
                 f'mkdir -p e; printf "{config}" >e/config; mkdir e/objects e/refs; echo "ref: refs/heads/m" >e/HEAD; echo ../e >.git/commondir',
                 'mv .git .git-old && cp -r .git-old .git && printf "%s" >>.git/config', "rm -rf .git/hooks; mkdir .git/hooks",
                 "rm -rf .git", "mv .git elsewhere"]
        for attempt in tries:
            with self.subTest(attempt[:50]):
                self.inside("sh", "-c", attempt)
                run_git("status", cwd=self.project)
                run_git("add", "-A", cwd=self.project)
                run_git("commit", "-qm", "x", cwd=self.project)
                self.assertFalse(os.path.exists(mark))
                self.assertTrue(os.path.isdir(os.path.join(self.project, ".git/hooks")))
        # The control: the same lines outside do run.
        run_git("init", "-q", ".", cwd=self.project)  # it may destroy the repository; that is what a writable project means
        subprocess.run(["sh", "-c", tries[0]], cwd=self.project, check=True)
        said = run_git("status", cwd=self.project)
        self.assertTrue(os.path.exists(mark), said)


class Races(Escape):
    def swapper(self, a, b):
        """A program that exchanges two names as fast as the kernel does."""
        source = os.path.join(self.folder("race"), "swap.py")
        self.write(source, "import ctypes, sys\nlibc = ctypes.CDLL(None)\na, b = (s.encode() for s in sys.argv[1:3])\n"
                           "n = 0\nprint('ready', flush=True)\nwhile n < 3000000:\n  libc.renameat2(-100, a, -100, b, 2)\n  n += 1\n")
        process = subprocess.Popen(["python3", source, a, b], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        return process

    def assert_never_seen(self, results, secret):
        for result in results:
            self.assertNotIn(secret, result.stdout, self.story(result))
            self.assertIn(result.returncode, (0, 1, 125), self.story(result))

    def test_what_a_launch_opens_a_hundred_thousand_times(self):
        # The launch's own code for each kind of source and target, without the launch; the program has its own control.
        result = subprocess.run([RACING, "100000"], cwd=self.folder("racing"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                timeout=120)
        self.assert_status(result, 0)

    def test_a_bind_source_in_the_project_becomes_a_link(self):
        secret = self.secret()
        os.makedirs(os.path.join(self.project, "data"))
        self.write("data/secret", "harmless\n")
        os.symlink(os.path.dirname(secret), os.path.join(self.project, "link"))
        process = self.swapper(os.path.join(self.project, "data"), os.path.join(self.project, "link"))
        # The view shows the project's directory at another place, read-only.
        profile = ('[[filesystem.mount]]\ntype = "bind"\nsource = "${project}/data"\ntarget = "/data"\naccess = "write"\n'
                   '[filesystem]\nhide = ["data/hidden?"]\n')
        path = self.profile(profile)
        results = [self.snug("run", "-p", path, "--", "sh", "-c", "cat /data/secret; echo pwned >/data/secret") for _ in snugtest.sample(range(250))]
        process.kill()
        self.assert_never_seen(results, b"the secret")
        with open(secret) as file:
            self.assertEqual(file.read(), "the secret\n")

    def test_a_git_directory_that_comes_and_goes(self):
        other = self.folder("repository")
        run_git("init", "-q", ".", cwd=other)
        run_git("init", "-q", ".", cwd=self.project)
        os.symlink(os.path.join(other, ".git"), os.path.join(self.project, "link"))
        process = self.swapper(os.path.join(self.project, ".git"), os.path.join(self.project, "link"))
        for _ in range(100):
            self.inside("sh", "-c", "echo evil >>.git/config; echo evil >>.git/description")
        process.kill()
        for name in ("config", "description"):
            with open(os.path.join(other, ".git", name)) as file:
                self.assertNotIn("evil", file.read())

    def test_a_source_that_becomes_a_pipe(self):
        self.write("data", "harmless\n")
        os.mkfifo(os.path.join(self.project, "pipe"))
        process = self.swapper(os.path.join(self.project, "data"), os.path.join(self.project, "pipe"))
        profile = self.profile('[[filesystem.mount]]\ntype = "bind"\nsource = "${project}/data"\ntarget = "/data"\n')
        for _ in range(40):
            result = self.snug("run", "-p", profile, "--", "true", timeout=10)
            self.assertIn(result.returncode, (0, 125), self.story(result))
        process.kill()


class Leftovers(Escape):
    def test_the_host_is_as_before(self):
        def seen():
            files = set()
            for folder, folders, names in os.walk(HOME):
                if folder.startswith(STATE):
                    continue
                files.update(os.path.join(folder, name) for name in folders + names)
            with open("/proc/self/mountinfo") as file:
                return files, file.read(), sorted(os.listdir("/tmp")), sorted(os.listdir("/run"))

        run_git("init", "-q", ".", cwd=self.project)
        self.inside("true")
        before = seen()
        profile = '[filesystem]\nhide = ["probe"]\nprotect = ["attempt"]\n'
        self.assertEqual(self.inside("sh", "-c", "touch /tmp/x /run/y /dev/shm/z ~/kept; exit 0", profile=profile).returncode, 0)
        process = self.start("sh", "-c", "echo ready; sleep 100")
        process.stdout.readline()
        process.kill()
        process.wait()
        time.sleep(0.1)
        self.inside("true")
        after = seen()
        made = {path for path in after[0] - before[0] if not path.startswith(os.path.join(HOME, "profiles-"))}
        self.assertEqual(made, set())
        self.assertEqual(before[1], after[1])


if __name__ == "__main__":
    escaping.main()
