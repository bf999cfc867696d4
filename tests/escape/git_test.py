"""What code in a sandbox can make git on the host do: each attack works outside, and is stopped or told from inside."""
import os
import shutil
import signal
import subprocess
import time
import unittest

import escaping
import snugtest
from escaping import Escape, MODE, OVERLAY, ROOT, content_of

CONFIG = '[core]\\n\\trepositoryformatversion = 0\\n\\tfsmonitor = \\"touch $MARK; false\\"\\n'

COMMONDIR = f"""
mkdir .git/other
cp -r .git/refs .git/objects .git/other/
printf "{CONFIG}" > .git/other/config
echo other > .git/commondir
"""
CONFIG_BY_RENAME = f"""
printf "{CONFIG}" > .git/fresh
mv -f .git/fresh .git/config
"""
CONFIG_IN_PLACE = f'printf "{CONFIG}" > .git/config\n'
GIT_BY_RENAME = f"""
mv .git away && cp -r away .git
printf "{CONFIG}" > .git/config
"""
HOOKS_BY_RENAME = """
mv .git/hooks away; mkdir -p .git/hooks
printf '#!/bin/sh\\ntouch $MARK\\n' > .git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
"""
MODULE_BY_RENAME = f"""
mv .git/modules/lib .git/away && cp -r .git/away .git/modules/lib
printf "{CONFIG}" > .git/modules/lib/config
"""
MODULES_BY_RENAME = f"""
mv .git/modules .git/away && cp -r .git/away .git/modules
printf "{CONFIG}" > .git/modules/lib/config
"""
NESTED = f"""
git init -q nested
cd nested
git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x
printf "{CONFIG}" > .git/config
cd ..
git update-index --add --cacheinfo 160000,$(git -C nested -c core.fsmonitor=false rev-parse HEAD),nested
"""
NESTED_ALONE = f"""
git init -q deep/down/nested
printf "{CONFIG}" > deep/down/nested/.git/config
"""
REBASE = """
mkdir .git/rebase-merge
git rev-parse HEAD > .git/rebase-merge/onto
cp .git/rebase-merge/onto .git/rebase-merge/orig-head
git symbolic-ref HEAD > .git/rebase-merge/head-name
touch .git/rebase-merge/interactive .git/rebase-merge/done
echo 1 > .git/rebase-merge/msgnum; echo 1 > .git/rebase-merge/end
printf 'exec touch %s\\n' "$MARK" > .git/rebase-merge/git-rebase-todo
git rev-parse HEAD > .git/rebase-merge/head
"""


class GitCase(Escape):
    def setUp(self):
        super().setUp()
        snugtest.need_program("git")
        self.mark = os.path.join(self.folder("mark"), "ran")
        self.make_repository()
        time.sleep(0.02)  # the file system's clock moves in steps

    def git(self, *words, cwd=None, check=True):
        result = subprocess.run(["git", "-c", "protocol.file.allow=always", *words], cwd=cwd or self.project,
                                capture_output=True, timeout=60, env={**os.environ, "MARK": self.mark})
        if check:
            self.assertEqual(result.returncode, 0, self.story(result))
        return result

    def make_repository(self):
        self.git("init", "-q", ".")
        self.git("config", "user.name", "a")
        self.git("config", "user.email", "a@example.org")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")

    def attack_outside(self, script):
        subprocess.run(["sh", "-c", script], cwd=self.project, timeout=60, capture_output=True,
                       env={**os.environ, "MARK": self.mark})

    def attack_inside(self, script, profile=None):
        return self.inside("sh", "-c", script, profile=profile, options=["--env", f"MARK={self.mark}"])

    def ran(self):
        """Did the attack's command run since the last question?"""
        there = os.path.exists(self.mark)
        if there:
            os.unlink(self.mark)
        return there

    def use_git(self, *words, cwd=None):
        self.git(*words, cwd=cwd, check=False)

    def check_attack(self, script, *use, cwd=None, told=None):
        """`use` is the git command on the host that runs the attack's. Stopped, or `told` is in the messages."""
        kept = self.folder("kept")
        shutil.copytree(self.project, os.path.join(kept, "p"), symlinks=True)
        cwd = os.path.join(self.project, cwd) if cwd else None

        if not ROOT:  # whose files an overlay cannot show as the stand-in's
            before = content_of(self.project)
            overlay = self.attack_inside(script, OVERLAY)
            self.assertEqual(content_of(self.project), before, self.story(overlay))
            self.use_git(*use, cwd=cwd)
            self.assertFalse(self.ran(), "with an overlay it ran on the host: " + self.story(overlay))

        result = self.attack_inside(script)
        self.use_git(*use, cwd=cwd)
        if told:
            self.assertTrue(self.ran(), "nothing can cover this, or the test's attack is wrong: " + self.story(result))
            self.assertIn(told, snugtest.show(result.stderr))
        else:
            self.assertFalse(self.ran(), "it ran on the host: " + self.story(result))

        shutil.rmtree(self.project)
        shutil.copytree(os.path.join(kept, "p"), self.project, symlinks=True)
        self.attack_outside(script)
        self.use_git(*use, cwd=cwd)
        self.assertTrue(self.ran(), "the attack does not even work without the wall")


class Attacks(GitCase):
    def test_commondir_redirects_to_another_configuration(self):
        self.check_attack(COMMONDIR, "status")

    def test_the_configuration_is_replaced_by_rename(self):
        self.check_attack(CONFIG_BY_RENAME, "status")

    def test_the_configuration_is_written_in_place(self):
        self.check_attack(CONFIG_IN_PLACE, "status")

    def test_the_git_directory_is_replaced_whole(self):
        self.check_attack(GIT_BY_RENAME, "status")

    def test_the_hooks_are_replaced(self):
        self.check_attack(HOOKS_BY_RENAME, "commit", "--allow-empty", "-m", "second")

    def test_an_index_entry_leads_into_a_nested_repository(self):
        self.check_attack(NESTED, "status", told="/nested/.git\": a git repository made or reconfigured, and an index")

    def test_a_nested_repository_is_made(self):
        result = self.attack_inside(NESTED_ALONE)
        self.assertIn('/deep/down/nested/.git": a git repository made', snugtest.show(result.stderr))
        time.sleep(0.02)
        again = self.inside("true")
        self.assertNotIn("git", snugtest.show(again.stderr))  # each run tells of its own

    def test_a_rebase_is_left_to_be_continued(self):
        self.check_attack(REBASE, "rebase", "--continue", told="/.git/rebase-merge\"")

    def test_hooks_are_made_where_there_were_none(self):
        shutil.rmtree(os.path.join(self.project, ".git/hooks"))
        self.check_attack(HOOKS_BY_RENAME, "commit", "--allow-empty", "-m", "second",
                          told="/.git/hooks\" was made while the command ran")


class Submodules(GitCase):
    def make_repository(self):
        library = self.folder("library")
        subprocess.run(["git", "init", "-q", library], check=True, timeout=60)
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x", cwd=library)
        super().make_repository()
        self.git("submodule", "--quiet", "add", library, "lib")
        self.git("commit", "-q", "-m", "with a library")

    def test_a_submodules_git_directory_is_replaced(self):
        self.check_attack(MODULE_BY_RENAME, "status")

    def test_the_directory_of_all_submodules_is_replaced(self):
        self.check_attack(MODULES_BY_RENAME, "status")

    def test_work_in_submodules_goes_on(self):
        self.shell("""cd lib
            git -c user.name=a -c user.email=a@b commit -q --allow-empty -m inside
            cd .. && git add lib && git commit -q -m moved && git status --porcelain""")
        self.assertIn(b"moved", self.git("log", "--format=%s").stdout)
        self.assertIn(b"inside", self.git("log", "--format=%s", cwd=os.path.join(self.project, "lib")).stdout)


class Worktrees(GitCase):
    def make_repository(self):
        super().make_repository()
        self.tree = os.path.join(self.folder("tree"), "tree")
        self.git("worktree", "add", "-q", self.tree)

    def test_work_in_a_worktree_goes_on(self):
        result = self.snug("run", "--", "sh", "-euc", "echo x > new && git add new && git commit -q -m inside",
                           cwd=self.tree)
        self.assert_status(result, 0)
        self.assertEqual(result.stderr, b"")
        self.assertIn(b"inside", self.git("log", "--format=%s", cwd=self.tree).stdout)

    def test_the_main_repository_cannot_be_reconfigured_from_a_worktree(self):
        git = os.path.join(self.project, ".git")
        for path in ("config", "hooks/pre-commit", "worktrees/tree/commondir", "worktrees/tree/gitdir", "commondir"):
            result = self.snug("run", "--", "sh", "-c", f"echo x > {git}/{path}", cwd=self.tree)
            self.assertNotEqual(result.returncode, 0, path)

    def test_another_worktree_cannot_be_redirected(self):
        for script in ("echo /tmp > .git/worktrees/tree/commondir",
                       "mv .git/worktrees/tree .git/away && cp -r .git/away .git/worktrees/tree",
                       "mv .git/worktrees .git/away && cp -r .git/away .git/worktrees"):
            self.assertNotEqual(self.inside("sh", "-c", script).returncode, 0, script)

    def test_a_forged_back_pointer_opens_nothing(self):
        secret = self.folder("secret")
        subprocess.run(["git", "init", "-q", secret], check=True)
        forged = self.folder("forged")
        self.write(os.path.join(forged, ".git"), f"gitdir: {secret}/.git\n")
        result = self.snug("run", "--", "ls", secret, cwd=forged)
        self.assertNotEqual(result.returncode, 0, self.story(result))
        self.assertIn("not followed", self.snug("plan", cwd=forged).stdout.decode())


class AfterAKill(GitCase):
    def test_the_next_run_tells_what_a_killed_one_could_not(self):
        process = self.start("sh", "-c", NESTED + "echo done; sleep 60", options=["--env", f"MARK={self.mark}"])
        self.assertEqual(process.stdout.readline(), b"done\n")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        told = snugtest.show(self.inside("true").stderr)
        time.sleep(0.02)
        self.assertIn("nested/.git", told)
        self.assertIn("since a run here that was killed", told)
        self.assertEqual(self.inside("true").stderr, b"")

    def killed_run(self):
        """Leaves behind what keeps git from being redirected while it runs."""
        process = self.start("sh", "-c", "echo ready; sleep 60")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.kill()
        process.wait()
        self.assertTrue(os.path.exists(os.path.join(self.project, ".git/commondir")))

    def test_nothing_is_said_of_what_snug_itself_had_put_there(self):
        for name in ("HEAD", "config", "objects/x", "refs/x"):
            self.write(os.path.join(".git/modules/m", name), "ref: refs/heads/main\n")
        time.sleep(0.02)  # what changes in the tick of the clock in which a run begins counts as changed since
        self.killed_run()
        self.assertTrue(os.path.exists(os.path.join(self.project, ".git/modules/m/commondir")))
        result = self.inside("true")
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertFalse(os.path.exists(os.path.join(self.project, ".git/commondir")))

    def test_a_redirection_put_in_its_place_is_told(self):
        self.killed_run()
        self.write(".git/commondir", "../elsewhere\n")
        self.assertIn("/.git/commondir\": changed since a run here that was killed", snugtest.show(self.inside("true").stderr))

    def test_runs_that_overlap_leave_the_record_to_the_last(self):
        first = self.start("sh", "-c", "echo ready; read line")
        self.assertEqual(first.stdout.readline(), b"ready\n")
        self.assertEqual(self.inside("true").stderr, b"")
        first.kill()
        first.wait()
        self.write("late/.git/config", "x")
        self.assertIn("late/.git", snugtest.show(self.inside("true").stderr))

    @unittest.skipUnless(MODE == "user", "one mode shows it: a hundred thousand files take their time")
    def test_a_project_too_large_to_look_through_is_said(self):
        snugtest.need_speed()
        for i in range(101):
            directory = os.path.join(self.project, f"d{i}")
            os.mkdir(directory)
            for j in range(1000):
                os.mknod(os.path.join(directory, str(j)))
        self.assertIn("too large to look everywhere", snugtest.show(self.inside("true").stderr))


if __name__ == "__main__":
    escaping.main()
