"""snug apply --commits: commits made in a capture become commits of the host's repository, and nothing else of it does."""
import glob
import os
import subprocess

import snugtest
from snugtest import SNUG, STATE, Case

OVERLAY = ["--project", "overlay"]
NAMES = "export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t\n"


class Commits(Case):
    # Of the snug that runs, and of git that one that was killed has left at work.
    def wait_for_git(self):
        project = self.project.encode()

        def is_at_work(pid):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read()
                return words.startswith(b"git\0") and project in words
            except OSError:
                return False
        self.wait_until(lambda: not any(is_at_work(pid) for pid in os.listdir("/proc") if pid.isdigit()), "git goes on")

    def setUp(self):
        super().setUp()
        snugtest.need_program("git")
        self.git("init", "-q", "-b", "main")
        self.write(".git/info/exclude", "/probe\n")
        self.commit("one")

    def git(self, *words, status=0, cwd=None):
        result = subprocess.run(["git", "-c", "user.name=h", "-c", "user.email=h@h", *words], cwd=cwd or self.project,
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result.stdout

    def commit(self, *names):
        for name in names:
            self.write(name, name + "\n")
        self.git("add", "-A")
        self.git("commit", "-qm", " ".join(names))

    def inside_git(self, script, *options):
        result = self.inside("sh", "-euc", NAMES + script, options=[*OVERLAY, *options])
        self.assertEqual(result.returncode, 0, self.story(result))

    def bring(self, *words, status=0):
        result = self.snug("apply", "--commits", "--yes", *words)
        self.assertEqual(result.returncode, status, self.story(result))
        self.git("fsck", "--strict", "--no-dangling")
        return result.stderr.decode()

    def log(self, branch="HEAD"):
        return self.git("log", "--format=%s", branch).split()

    def read(self, path):
        with open(os.path.join(self.project, path)) as file:
            return file.read()

    def upper(self, path=""):
        (upper,) = glob.glob(os.path.join(STATE, "captures", os.path.basename(self.project) + "-*", "1/upper"))
        return os.path.join(upper, path)


class BringTest(Commits):
    def test_the_branch_its_files_and_their_index_move(self):
        self.inside_git("echo two > two; mkdir d; echo 3 > d/three; git add -A; git commit -qm two; echo more >> one; git commit -qam more;"
                        "git rm -q one; echo x > x; git add -A; git commit -qm x; echo not-committed > loose")
        said = self.bring()
        self.assertIn('brought over: "main": 3 commits', said)
        self.assertEqual(self.log(), ["x", "more", "two", "one"])
        self.assertEqual(sorted(os.listdir(self.project)), [".git", "d", "probe", "two", "x"])
        self.assertEqual((self.git("status", "--porcelain"), self.git("branch", "--format=%(refname:short)")), ("", "main\n"))
        self.assertIn("loose", self.snug("diff", "--name-only").stdout.decode())
        self.assertIn("no commits to bring over", self.bring())

    def test_out_of_packs_too(self):
        self.inside_git("for i in 1 2 3; do echo $i > f$i; git add -A; git commit -qm $i; done; git gc -q --aggressive; git branch side")
        self.bring()
        self.assertEqual((self.log(), self.log("side")), (["3", "2", "1", "one"], ["3", "2", "1", "one"]))

    def test_what_is_not_committed_on_the_host_stays(self):
        self.commit("mine", "both")
        self.inside_git("echo two > two; git add two; git commit -qm two")
        self.write("mine", "edited\n")
        self.write("staged", "staged\n")
        self.git("add", "staged")
        self.bring()
        self.assertEqual(self.git("status", "--porcelain").split("\n"), [" M mine", "A  staged", ""])
        self.assertEqual((self.log()[0], self.read("mine"), self.read("two")), ("two", "edited\n", "two\n"))

    def test_files_that_are_in_the_way_are_left_and_the_commits_wait(self):
        for name, edit in (("one", lambda: self.write("one", "edited\n")), ("two", lambda: self.write("two", "untracked\n"))):
            with self.subTest(name):
                self.inside_git("echo inside >> one; echo two > two; git add -A; git commit -qm two")
                edit()
                before = self.git("status", "--porcelain")
                said = self.bring(status=1)
                self.assertIn('as the branch "snug/1/main"', said)
                self.assertIn("in the way", said)
                self.assertEqual((self.log(), self.log("snug/1/main")), (["one"], ["two", "one"]))
                self.assertEqual(self.git("status", "--porcelain"), before)
                self.assertIn(self.read(name), ("edited\n", "untracked\n"))
                self.git("checkout", "-qf", "main")
                self.git("clean", "-qf")
                self.bring()
                self.assertEqual(self.git("branch", "--format=%(refname:short)"), "main\n")
                self.git("reset", "-q", "--hard", "HEAD~1")
                self.snug("discard", "--yes")

    def test_a_branch_that_went_on_on_the_host_is_not_moved(self):
        self.inside_git("echo two > two; git add two; git commit -qm two")
        self.commit("host")
        self.assertIn("has commits that the capture's has not", self.bring(status=1))
        self.assertEqual((self.log(), self.log("snug/1/main")), (["host", "one"], ["two", "one"]))
        self.git("merge", "-q", "snug/1/main")
        self.assertIn("no commits to bring over", self.bring())

    def test_branches_by_name_new_ones_and_commits_on_none(self):
        self.inside_git("git checkout -qb side/a; echo a > a; git add a; git commit -qm a; git checkout -q main; echo b > b; git add b;"
                        "git commit -qm b; git checkout -q --detach; echo c > c; git add c; git commit -qm c")
        self.bring("side/a")
        self.assertEqual((self.log("side/a"), self.log("main")), (["a", "one"], ["one"]))
        self.assertIn("on no branch", self.bring(status=1))
        self.assertEqual((self.log("main"), self.log("snug/1/HEAD")), (["b", "one"], ["c", "b", "one"]))
        self.assertIn('no branch or tag "none"', self.bring("none", status=2))

    def tags(self):
        return self.git("tag").split()

    def test_tags_come_with_the_commits_they_are_of(self):
        self.git("tag", "known")
        self.inside_git("echo two > two; git add two; git commit -qm two; git tag light; git tag -am 'Version 1' v1.0; git tag -am old old HEAD~1;"
                        "git tag rel/2; git checkout -q --detach; echo 3 > three; git add three; git commit -qm three; git tag apart;"
                        "git tag tree HEAD^{tree}; git pack-refs --all")
        said = self.bring(status=1)
        for name in ("light", "v1.0", "old", "rel/2"):
            self.assertIn(f'brought over: the tag "{name}"\n', said)
        self.assertIn('not brought over: the tag "apart": its commit is on no branch', said)
        self.assertIn('not brought over: the tag "tree": it is of no commit', said)
        self.assertEqual(self.tags(), ["known", "light", "old", "rel/2", "v1.0"])
        self.assertEqual(self.git("cat-file", "-t", "v1.0").strip(), "tag")
        self.assertEqual(self.log("v1.0"), ["two", "one"])
        # With the commits on a branch of the host's it comes.
        self.git("merge", "-q", "snug/1/HEAD")
        self.assertIn('brought over: the tag "apart"', self.bring("apart"))
        self.assertEqual(self.tags(), ["apart", "known", "light", "old", "rel/2", "v1.0"])

    def test_tags_by_name_and_those_of_commits_that_wait(self):
        self.inside_git("echo two > two; git add two; git commit -qm two; git tag a; git tag b; git checkout -qb side; mkdir .vscode;"
                        "echo x > .vscode/x; git add -A; git commit -qm side; git tag c")
        self.bring("main", "b")
        self.assertEqual((self.tags(), self.log()), (["b"], ["two", "one"]))
        said = self.bring(status=1)
        self.assertIn('not brought over: the tag "c"', said)
        self.assertEqual(self.tags(), ["a", "b"])
        self.bring("--reviewed")
        self.assertEqual(self.tags(), ["a", "b", "c"])
        self.assertIn('no branch or tag "none"', self.bring("none", status=2))

    def test_a_tag_of_the_hosts_is_not_moved_and_no_name_gets_another_meaning(self):
        self.git("tag", "v1")
        self.git("branch", "dev")
        self.git("update-ref", "refs/remotes/origin/next", "HEAD")
        self.inside_git("git tag dev; git tag main; git tag origin/next; git tag heads/main; git tag snug/1/main; git checkout -qb new;"
                        "echo two > two; git add two; git commit -qm two; git tag -f v1; git tag new main; git checkout -q main; git tag fine;"
                        f"git update-ref refs/tags/-x HEAD; git tag HEAD")
        said = self.bring(status=1)
        self.assertIn('not brought over: the tag "v1": the host has another tag of that name', said)
        for name in ("dev", "main", "HEAD", "origin/next", "heads/main", "new"):
            self.assertIn(f'not brought over: the tag "{name}": the name means something else', said)
        self.assertIn('the tag "snug/1/main": it is no name for a tag', said)
        self.assertIn('the tag "-x": it is no name for a tag', said)
        self.assertEqual((self.tags(), self.log("v1")), (["fine", "v1"], ["one"]))

    def test_stashes_stay_and_are_told(self):
        self.write("one", "stashed outside\n")
        self.git("stash", "-q")
        self.inside_git("echo inside > one; git stash -q; echo more > one; git stash -q; git gc -q")
        self.assertIn("stays in the capture: 2 stashes", self.bring())
        self.assertEqual(len(self.git("stash", "list").splitlines()), 1)
        # As it is said, one comes over as a branch.
        result = self.snug("run", *OVERLAY, "--onto", "1", "--", "git", "branch", "kept", "stash@{0}")
        self.assertEqual(result.returncode, 0, self.story(result))
        self.bring("kept")
        self.git("stash", "apply", "-q", "kept")
        self.assertEqual(self.read("one"), "more\n")
        result = self.snug("discard", "--yes")
        self.assertIn(b"stashes that git made inside go with it", result.stderr)

    def test_killed_at_any_point_it_can_be_done_again(self):
        snugtest.need_program("strace")
        script = ("echo two > two; mkdir d; echo 3 > d/three; git rm -q --cached one; rm one; git add -A; git commit -qm two;"
                  "git tag -am v1 v1; git checkout -qb side; echo s > s; git add s; git commit -qm side; git tag s1; git checkout -q main")
        # Between two of git's calls, while one is at work, and at the files of our own.
        points = [("clone3", range(1, 100)), ("wait4", range(2, 100, 3)), ("rename", range(1, 4)), ("mkdir", range(1, 8, 2)), ("linkat", (1, 6))]
        killed_between = set()
        self.inside_git(script)
        for call, times in points:
            for when in snugtest.sample(times):
                words = ["strace", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}"]
                result = subprocess.run([*words, SNUG, "apply", "--commits", "--yes"], cwd=self.project, env=self.environment(),
                                        stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
                self.wait_for_git()
                killed = result.returncode == -9
                heads = self.log("main"), self.git("for-each-ref", "--format=%(refname)").split()
                self.assertIn(heads[0], (["one"], ["two", "one"]))
                self.git("fsck", "--strict", "--no-dangling")
                if killed:
                    killed_between.add((heads[0][0], *heads[1]))
                with self.subTest(call=call, when=when):
                    self.bring()
                    self.assertEqual((self.log("main"), self.log("side")), (["two", "one"], ["side", "two", "one"]))
                    self.assertEqual(self.git("for-each-ref", "--format=%(refname)").split(),
                                     ["refs/heads/main", "refs/heads/side", "refs/tags/s1", "refs/tags/v1"])
                    self.assertEqual(self.git("status", "--porcelain"), "")
                    self.assertEqual(sorted(os.listdir(self.project)), [".git", "d", "probe", "two"])
                    self.assertEqual(glob.glob(os.path.join(os.path.dirname(self.upper()), "../git-*")), [])
                    self.assertEqual(glob.glob(os.path.join(self.project, ".git/**/*.lock"), recursive=True), [])
                # As it was before.
                self.git("reset", "-q", "--hard", "HEAD~1")
                self.git("branch", "-qD", "side")
                self.git("tag", "-d", "v1", "s1")
                if not killed:
                    break
        self.assertGreater(len(killed_between), 5)

    def test_the_first_commits_of_a_repository(self):
        subprocess.run(["rm", "-rf", os.path.join(self.project, ".git"), os.path.join(self.project, "one")], check=True)
        self.git("init", "-q", "-b", "main")
        self.write(".git/info/exclude", "/probe\n")
        self.inside_git("echo two > two; git add two; git commit -qm two")
        self.bring()
        self.assertEqual((self.log(), self.read("two"), self.git("status", "--porcelain")), (["two"], "two\n", ""))

    def test_what_needs_a_look_waits(self):
        self.inside_git("mkdir -p .github/workflows; echo x > .github/workflows/ci.yml; git add -A; git commit -qm ci; git init -q sub;"
                        "git -C sub commit -q --allow-empty -m sub; git add sub 2>/dev/null; git commit -qm sub")
        said = self.bring(status=1)
        self.assertIn('look at ".github/workflows/ci.yml"', said)
        self.assertIn('look at "sub" of "main": a place for another repository', said)
        self.assertEqual(os.path.exists(os.path.join(self.project, ".github")), False)
        self.bring("--reviewed")
        self.assertEqual((self.log(), self.read(".github/workflows/ci.yml")), (["sub", "ci", "one"], "x\n"))

    def test_where_the_host_is_at_something_it_is_left_alone(self):
        self.inside_git("echo two > two; git add two; git commit -qm two; git branch other")
        tree = self.folder("tree")
        self.git("worktree", "add", "-q", tree + "/w", "-b", "other")
        self.write(".git/MERGE_HEAD", self.git("rev-parse", "HEAD"))
        said = self.bring(status=1)
        self.assertIn("under way", said)
        self.assertIn("another work tree", said)
        os.remove(os.path.join(self.project, ".git/MERGE_HEAD"))
        self.git("config", "core.sparseCheckout", "true")
        self.assertIn("in a way of its own", self.bring("main", status=1))
        self.git("config", "core.sparseCheckout", "false")
        self.bring("main")

    def test_where_it_cannot_be(self):
        self.inside_git("echo two > two; git add two; git commit -qm two")
        self.assertEqual(self.snug("apply", "--commits").returncode, 2)
        self.assertEqual(self.snug("apply", "--commits", "--yes", "--theirs").returncode, 2)
        self.git("branch", "snug")
        self.assertIn("git does not take them", self.bring(status=1))
        self.assertEqual(self.log(), ["one"])
        self.git("branch", "-D", "snug")
        os.rename(os.path.join(self.project, ".git"), os.path.join(self.project, "git"))
        os.symlink("git", os.path.join(self.project, ".git"))
        self.assertEqual(self.snug("apply", "--commits", "--yes").returncode, 2)


class HostileTest(Commits):
    """What the command inside does to its repository so that git outside does more than take commits."""

    def test_no_configuration_hook_or_filter_is_run(self):
        self.inside_git("echo two > two; git add two; git commit -qm two; git checkout -qb filtered; echo 'f filter=mine' > .gitattributes; echo f > f;"
                        "git add -A; git commit -qm f; git checkout -q main")
        mark = os.path.join(self.folder("marks"), "mark")
        for name in ("reference-transaction", "post-checkout", "post-merge", "post-index-change", "pre-auto-gc"):
            self.write(f".git/hooks/{name}", f"#!/bin/sh\ntouch {mark}\n", 0o755)
        self.git("config", "filter.mine.smudge", f"touch {mark}; cat")
        self.git("config", "filter.mine.clean", f"touch {mark}; cat")
        for name, text in (("config", f"[core]\n\tfsmonitor = touch {mark}\n\thooksPath = /tmp\n\tsshCommand = touch {mark}\n[uploadpack]\n\tpackObjectsHook = touch {mark}\n"),
                           ("hooks/post-checkout", f"#!/bin/sh\ntouch {mark}\n"), ("info/attributes", "* filter=mine\n")):
            path = self.upper(".git/" + name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
            os.chmod(path, 0o755)
        for words in (["main"], ["filtered", "--reviewed"]):
            self.assertEqual(self.snug("apply", "--commits", "--yes", *words).returncode, 0)
            self.assertFalse(os.path.exists(mark))
        self.assertEqual((self.log(), self.log("filtered")), (["two", "one"], ["f", "two", "one"]))
        self.git("checkout", "-q", "filtered")
        self.assertTrue(os.path.exists(mark))  # the control: the host's own git runs them

    def test_files_with_a_filter_are_left_to_the_hosts_git(self):
        self.inside_git("echo 'f filter=mine' > .gitattributes; echo f > f; git add -A; git commit -qm f")
        self.assertIn("has a filter", self.bring("--reviewed", status=1))
        self.assertEqual((self.log(), os.path.exists(os.path.join(self.project, "f"))), (["one"], False))

    def other_repository(self):
        other = self.folder("other")
        self.git("init", "-q", cwd=other)
        with open(os.path.join(other, "secret"), "w") as file:
            file.write("secret\n")
        self.git("add", "secret", cwd=other)
        self.git("commit", "-qm", "secret", cwd=other)
        return other, self.git("rev-parse", "HEAD", cwd=other).strip()

    def test_objects_of_other_repositories_stay_there(self):
        other, secret = self.other_repository()
        def by_alternates():
            os.makedirs(self.upper(".git/objects/info"), exist_ok=True)
            with open(self.upper(".git/objects/info/alternates"), "w") as file:
                file.write(other + "/.git/objects\n")
        def by_links():
            for name in os.listdir(other + "/.git/objects"):
                if len(name) == 2 and not os.path.lexists(self.upper(f".git/objects/{name}")):
                    os.symlink(f"{other}/.git/objects/{name}", self.upper(f".git/objects/{name}"))
        def by_links_of_files():
            for name in glob.glob(other + "/.git/objects/??/*"):
                to = self.upper(os.path.relpath(name, other))
                os.makedirs(os.path.dirname(to), exist_ok=True)
                os.symlink(name, to)
        def by_the_whole():
            subprocess.run(["rm", "-rf", self.upper(".git/objects")], check=True)
            os.symlink(other + "/.git/objects", self.upper(".git/objects"))
        for plant in (by_alternates, by_links, by_links_of_files, by_the_whole):
            with self.subTest(plant.__name__):
                self.inside_git("echo two > two; git add two; git commit -qm two")
                plant()
                with open(self.upper(".git/refs/heads/stolen"), "w") as file:
                    file.write(secret + "\n")
                self.bring("stolen", status=2)
                self.assertNotEqual(subprocess.run(["git", "cat-file", "-e", secret], cwd=self.project, capture_output=True).returncode, 0)
                self.assertEqual(self.snug("discard", "--yes").returncode, 0)

    def test_odd_things_where_git_expects_files(self):
        self.inside_git("echo two > two; git add two; git commit -qm two")
        os.mkfifo(self.upper(".git/refs/heads/fifo"))
        os.symlink("/etc/passwd", self.upper(".git/refs/heads/link"))
        os.makedirs(self.upper(".git/objects/pack"), exist_ok=True)
        os.mkfifo(self.upper(".git/objects/pack/pack-1.pack"))
        os.makedirs(self.upper(".git/objects/ab"), exist_ok=True)
        os.mkfifo(self.upper(".git/objects/ab/" + "c" * 38))
        os.path.exists(self.upper(".git/HEAD")) and os.remove(self.upper(".git/HEAD"))
        os.mkfifo(self.upper(".git/HEAD"))
        os.mkfifo(self.upper(".git/packed-refs"))
        self.bring()
        self.assertEqual(self.log(), ["two", "one"])

    def test_names_and_values_of_branches(self):
        self.inside_git("echo two > two; git add two; git commit -qm two")
        head = self.git("rev-parse", "HEAD").strip()
        for name, text in (("-x", None), ("a..b", None), ("x.lock", None), ("bad", "0" * 40), ("tree", self.git("rev-parse", "HEAD^{tree}").strip())):
            with self.subTest(name):
                with open(self.upper(".git/refs/heads/" + name), "w") as file:
                    file.write((text or self.captured_commit()) + "\n")
                self.bring(status=2)
                os.remove(self.upper(".git/refs/heads/" + name))
        self.assertEqual(self.git("rev-parse", "HEAD").strip(), head)
        self.bring()

    def captured_commit(self):
        with open(self.upper(".git/refs/heads/main")) as file:
            return file.read().strip()

    def test_objects_that_git_finds_fault_with_are_not_taken(self):
        # A tree with an entry ".git", made by hand: git's own tools refuse it.
        self.inside_git("""blob=$(echo evil | git hash-object -w --stdin)
            /usr/bin/python3 -c 'import sys; sys.stdout.buffer.write(b"100644 .git\\0" + bytes.fromhex(sys.argv[1]))' $blob > t
            tree=$(git hash-object -t tree -w --literally t); rm t
            git update-ref refs/heads/evil $(git commit-tree -p HEAD -m evil $tree)""")
        self.assertIn("git does not take them", self.bring(status=1))
        self.assertEqual(self.git("branch", "--format=%(refname:short)"), "main\n")
        for what, status in (("HEAD:two", 1), ("HEAD", 2)):
            self.inside_git(f"""[ -e two ] || {{ echo two > two; git add two; git commit -qm two; }}
                f=$(git rev-parse {what} | sed 's,^..,.git/objects/&/,'); chmod u+w $f; echo x > $f""", "--onto", "1")
            self.bring("main", status=status)
            self.assertEqual(self.log(), ["one"])

    def test_a_damaged_pack(self):
        self.inside_git("echo two > two; git add two; git commit -qm two; git gc -q; cd .git/objects/pack; f=$(ls *.pack); chmod u+w $f; echo x >> $f")
        self.assertIn("damaged", self.bring(status=2))


if __name__ == "__main__":
    snugtest.main()
