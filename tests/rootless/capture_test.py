"""Changes under filesystem.project = "overlay": captured, shown, applied, discarded."""
import glob
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import time

import snugtest
from snugtest import SNUG, Case
from trees import described

OVERLAY = ["--project", "overlay"]


class Captured(Case):
    def capture(self, script, *options, status=0):
        result = self.inside("sh", "-euc", script, options=[*OVERLAY, *options])
        self.assertEqual(result.returncode, status, self.story(result))
        return result.stderr.decode()

    def tool(self, *words, status=0, **more):
        result = self.snug(*words, **more)
        self.assertEqual(result.returncode, status, self.story(result))
        return result.stdout.decode("utf-8", "surrogateescape")

    def read(self, path):
        with open(os.path.join(self.project, path)) as file:
            return file.read()

    def captures(self):
        return json.loads(self.tool("diff", "--list", "--json"))["captures"]


class PatchTest(Captured):
    """snug apply -p, at a terminal."""

    TEXT = "".join(f"line {number}\n" for number in range(1, 31))

    def answer(self, *answers, status=0, env=None):
        terminal = snugtest.Terminal([SNUG, "apply", "-p"], self.project, env=self.environment(env))
        self.addCleanup(terminal.close)
        for expected, answer in answers:
            terminal.expect(expected)
            terminal.send(answer + "\n")
        self.assertEqual(terminal.status(), status)

    def start_with_three_hunks(self):
        self.write("a", self.TEXT)
        self.capture("sed -i -e 's/^line 2$/TWO/' -e 's/^line 15$/FIFTEEN/' -e 's/^line 17$/SEVENTEEN/' -e 's/^line 29$/LAST/' a")

    def test_hunk_by_hunk_and_the_rest_stays(self):
        self.start_with_three_hunks()
        self.answer((r"1/3.*\[y,n,q,a,d,e,\?\]", "y"), (r"2/3.*\[y,n,q,a,d,k,s,e,\?\]", "s"), (r"2/4", "n"), (r"3/4", "y"),
                    (r"4/4", "k"), (r"3/4", "n"), (r"4/4", "?"), (r"cut this hunk", ""), status=1)
        # An empty line is q: what was chosen before counts.
        self.assertEqual(self.read("a"), self.TEXT.replace("line 2\n", "TWO\n"))

    def test_what_was_not_chosen_can_be_taken_later(self):
        self.start_with_three_hunks()
        self.answer((r"1/3", "y"), (r"2/3", "s"), (r"2/4", "n"), (r"3/4", "y"), (r"4/4", "n"), status=1)
        self.assertEqual(self.read("a"), self.TEXT.replace("line 2\n", "TWO\n").replace("line 17\n", "SEVENTEEN\n"))
        changes = json.loads(self.tool("diff", "--json"))["changes"]
        self.assertEqual([(one["path"], one["drifted"]) for one in changes], [("a", False)])
        patch = self.tool("diff")
        self.assertIn("+FIFTEEN", patch)
        self.assertNotIn("+SEVENTEEN", patch)
        self.tool("apply", "--yes")
        self.assertIn("FIFTEEN", self.read("a"))
        self.assertEqual(self.captures(), [])

    def test_a_hunk_can_be_edited(self):
        self.write("a", "1\n2\n3\n")
        self.capture("printf '1\\ntwo\\n3\\n' > a")
        self.answer((r"1/1", "e"), env={"EDITOR": "sed -i s/+two/+zwei/"}, status=1)
        self.assertEqual(self.read("a"), "1\nzwei\n3\n")
        self.assertIn("-zwei\n+two\n", self.tool("diff"))

    def test_whole_files_and_what_needs_a_look(self):
        self.write("gone", "x")
        self.capture("rm gone; mkdir d e; echo 1 > d/f; echo 2 > e/f; ln -s /etc/passwd out; printf '\\0' > binary")
        self.answer((r'"binary"', "n"), (r'"d"', "n"), (r'"e"', "y"), (r'"e/f"', "y"), (r'"gone"', "y"), (r'"out"', "y"), status=1)
        self.assertEqual(sorted(set(os.listdir(self.project)) - {"probe"}), ["e", "out"])
        self.assertEqual(self.tool("diff", "--name-only").split(), ["binary", "d", "d/f"])

    def test_a_directory_that_was_refused_is_refused_with_all_in_it(self):
        self.write("old/f", "1\n")
        self.capture("mkdir d; echo 1 > d/f; echo 2 > d-x; chmod 700 old; echo 2 > old/g")
        self.answer((r'apply "d".*\?', "n"), (r'apply "d-x".*\?', "a"), status=1)
        self.assertEqual((self.read("d-x"), self.read("old/g")), ("2\n", "2\n"))
        self.assertFalse(os.path.exists(os.path.join(self.project, "d")))
        # One that is there stays as it is, and what is in it is asked about.
        self.capture("chmod 755 old; echo 3 > old/g", "--onto", "1")
        self.answer((r'apply "d".*\?', "n"), (r'apply "old".*\?', "n"), (r"1/1.*old/g.*\?", "y"), status=1)
        self.assertEqual(self.read("old/g"), "3\n")

    def test_nothing_is_asked_where_there_is_no_terminal(self):
        self.capture("echo 1 > a")
        result = self.snug("apply", "-p", input=b"y\n")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(len(self.captures()), 1)


class DiffTest(Captured):
    def changes(self, *words):
        return {one["path"]: one for one in json.loads(self.tool("diff", "--json", *words))["changes"]}

    def test_nothing_is_said_as_nothing(self):
        empty = json.loads(self.tool("diff", "--json"))
        self.assertEqual((empty["capture"], empty["empty"], empty["changes"]), (None, True, []))
        self.tool("diff", status=2)
        self.capture("echo 1 > a")
        self.assertFalse(json.loads(self.tool("diff", "--json"))["empty"])
        self.tool("diff", "--exit-code", "--stat", status=1)
        self.tool("apply", "--yes", "--keep")
        self.tool("diff", "--exit-code", "--stat")

    def test_a_terminal_gets_colours_and_the_pager_git_has(self):
        self.write("a", "old\n")
        self.capture("echo new > a")
        for extra, wanted in (({"GIT_PAGER": "sed s/^/PAGED:/"}, r"PAGED:[^\n]*\x1b\[3[12]m[^\n]*new"),
                              ({"GIT_PAGER": "", "PAGER": "sed s/^/PAGED:/"}, r"[^\n]*\x1b\[3[12]m[^\n]*new"),
                              ({"GIT_PAGER": "sed s/^/PAGED:/", "NO_COLOR": "1"}, r"PAGED:\+new")):
            terminal = snugtest.Terminal([SNUG, "diff"], self.project, env=self.environment(extra))
            self.addCleanup(terminal.close)
            terminal.expect(wanted)
            self.assertEqual(terminal.status(), 0)
        self.assertNotIn("\x1b", self.tool("diff", env={"GIT_PAGER": "sed s/^/PAGED:/"}))
        self.assertNotIn("PAGED", self.tool("diff", env={"GIT_PAGER": "sed s/^/PAGED:/"}))

    def test_what_looks_renamed_is_shown_so(self):
        self.write("old name", "a text of its own\n")
        self.write("d/one", "1\n")
        self.write("d/two", "another\n")
        self.write("copied", "copied\n")
        self.capture("mv 'old name' new; cp -r d e; rm -r d; cp copied copy; echo 1 > one")
        found = self.changes()
        self.assertEqual({path: one["renamed_from"] for path, one in found.items() if one["renamed_from"]},
                         {"new": "old name", "e/one": "d/one", "e/two": "d/two"})
        self.assertIn("rename from old name\nrename to new\n", self.tool("diff"))
        self.assertIn("new  (was old name)", self.tool("diff", "--stat"))

    def test_what_git_ignores_is_told_by_directory(self):
        snugtest.need_program("git")
        subprocess.run(["git", "init", "-q"], cwd=self.project, check=True)
        self.write(".gitignore", "node_modules/\n*.log\n/probe\n")
        self.capture("mkdir -p node_modules/a web/node_modules; for i in 1 2 3; do echo $i > node_modules/a/$i;"
                     "echo $i > web/node_modules/$i; done; echo x > node_modules/a/run; chmod 755 node_modules/a/run;"
                     "echo x > build.log; echo x > kept")
        stat_text = self.tool("diff", "--stat")
        self.assertIn("I  node_modules/  (git ignores it; 6 changes, 1 to look at: snug diff node_modules)\n", stat_text)
        self.assertIn("I  web/node_modules/  (git ignores it; 4 changes: snug diff web/node_modules)\n", stat_text)
        self.assertIn("A  build.log  (git ignores it)\n", stat_text)
        self.assertIn("A  kept\n", stat_text)
        self.assertNotIn("node_modules/a/1", self.tool("diff"))
        self.assertIn("node_modules/a/1", self.tool("diff", "node_modules"))
        self.assertIn("node_modules/a/1", self.tool("diff", "--name-only"))
        self.assertTrue(self.changes()["node_modules/a/1"]["ignored"])

    def test_what_the_command_has_git_ignore_is_shown_all_the_same(self):
        snugtest.need_program("git")
        subprocess.run(["git", "init", "-q"], cwd=self.project, check=True)
        self.capture("echo '*' > .gitignore; echo '*' > .git/info/exclude; echo evil > a; echo evil > b")
        self.assertIn("A  a\n", self.tool("diff", "--stat"))

    def test_the_host_stays_as_it_was_until_apply(self):
        self.write("a", "old\n")
        self.write("gone", "old\n")
        before = [(path, self.read(path)) for path in sorted(os.listdir(self.project)) if path != "probe"]
        said = self.capture("echo new >> a; rm gone; mkdir d; echo 1 > d/f")
        self.assertIn("2 added, 1 modified, 1 deleted, kept as capture 1", said)
        self.assertEqual([(path, self.read(path)) for path in sorted(os.listdir(self.project)) if path != "probe"], before)
        self.assertEqual(self.tool("diff", "--name-only").split(), ["a", "d", "d/f", "gone"])
        patch = self.tool("diff")
        self.assertIn("--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n old\n+new\n", patch)
        self.tool("apply", "--yes")
        self.assertEqual((self.read("a"), self.read("d/f")), ("old\nnew\n", "1\n"))
        self.assertFalse(os.path.exists(os.path.join(self.project, "gone")))
        self.assertEqual(self.captures(), [])

    def test_a_run_that_changed_nothing_leaves_nothing(self):
        self.write("a", "old\n")
        self.assertEqual(self.capture("cat a; echo x > b; rm b; cp a c; mv c a; chmod 600 a; chmod 644 a"), "")
        self.assertEqual(self.captures(), [])

    def test_a_command_that_cannot_be_started_leaves_nothing(self):
        self.assertEqual(self.inside("no-such-command", options=OVERLAY).returncode, 127)
        self.assertEqual(self.captures(), [])

    def test_json_says_what_a_name_in_bytes_is(self):
        self.capture("printf x > \"$(printf 'a\\377b')\"")
        (change,) = json.loads(self.tool("diff", "--json"))["changes"]
        self.assertEqual((change["kind"], change["path_base64"], change["after"]["size"]), ("added", "Yf9i", 1))
        self.assertIsNone(change["before"])

    def test_content_cannot_command_a_terminal(self):
        self.write("a", "1\n")
        self.capture("printf 'x\\033]0;title\\007\\n' > a; : > \"$(printf 'n\\033[2J')\"")
        shown = self.tool("diff") + self.tool("diff", "--stat") + self.tool("diff", "--name-only")
        self.assertNotIn("\033", shown)

    def test_the_root_of_the_project_has_its_own_mode_inside(self):
        os.chmod(self.project, 0o751)
        said = self.capture("stat -c %a . > mode; grep -x 751 mode; rm mode")
        self.assertEqual(said, "")


class ApplyTest(Captured):
    def test_a_terminal_sees_how_far_it_is(self):
        snugtest.need_speed()
        many = 12000  # takes longer than what nobody needs to be told about
        for i in range(many):
            self.write(f"d{i // 1000}/f{i}", "old\n")
        self.capture("for f in d*/*; do echo new > $f; done")
        terminal = snugtest.Terminal([SNUG, "apply", "--yes"], self.project, env=self.environment())
        self.addCleanup(terminal.close)
        terminal.expect(r"applying \[#* *\] \d+/\d+")
        terminal.expect(f"applied: {many}", 60)
        self.assertEqual(terminal.status(60), 0)
        self.assertEqual(self.read("d3/f3000"), "new\n")

    def test_what_needs_a_look_waits_to_be_named(self):
        subprocess.run(["git", "init", "-q"], cwd=self.project, check=True)
        self.capture("echo x > ok; mkdir -p .git/hooks .github/workflows; echo evil > .git/hooks/post-checkout;"
                     "echo y > .github/workflows/ci.yml; ln -s /etc/passwd out")
        result = self.snug("apply", "--yes")
        self.assertEqual(result.returncode, 1)
        for name in (".git/hooks/post-checkout", ".github/workflows/ci.yml", "out"):
            self.assertIn(name, result.stderr.decode())
            self.assertFalse(os.path.lexists(os.path.join(self.project, name)))
        self.assertEqual(self.read("ok"), "x\n")
        self.tool("apply", "--yes", ".github/workflows/ci.yml", status=1)
        self.assertEqual(self.read(".github/workflows/ci.yml"), "y\n")
        self.tool("apply", "--yes", "--reviewed")
        self.assertTrue(os.path.lexists(os.path.join(self.project, "out")))

    def test_what_the_host_changed_meanwhile_is_not_overwritten(self):
        self.write("a", "old\n")
        self.write("b", "old\n")
        self.capture("echo inside > a; echo inside > b")
        self.write("a", "host\n")
        result = self.snug("apply", "--yes")
        self.assertEqual(result.returncode, 1, self.story(result))
        self.assertIn('"a" was changed on the host meanwhile', result.stderr.decode())
        self.assertEqual((self.read("a"), self.read("b")), ("host\n", "inside\n"))
        self.tool("apply", "--yes", "--theirs")
        self.assertEqual(self.read("a"), "inside\n")

    def start_without_the_directory(self, after=""):
        """What was written in a directory that the host then removed, or made something else of."""
        subprocess.run(["rm", "-rf", "d", "real"], cwd=self.project, check=True)
        self.write("d/e/m", "old\n")
        self.write("d/e/x", "old\n")
        self.write("d/sub/f", "old\n")
        self.write("z", "old\n")
        self.capture("echo new > d/e/m; rm d/e/x; mkdir d/e/made; echo new > d/e/made/f; chmod 700 d/sub; echo new > d.txt; echo new > z")
        subprocess.run(["sh", "-euc", after or "rm -r d"], cwd=self.project, check=True)

    def below_d(self):
        found = subprocess.run("find d real -printf '%p %y %l %m\\n' -type f -exec cat {} + 2> /dev/null | sort", shell=True,
                               cwd=self.project, capture_output=True, text=True)
        return found.stdout

    HOSTS_OWN = {  # what it did: what is said of it
        "rm -r d": '"d" is gone from the host; what was changed in it waits: 5;',
        "rm -r d; echo mine > d": '"d" is a file on the host now; what was changed in it waits: 5;',
        "mv d real; ln -s real d": '"d" is a symlink on the host now; what was changed in it waits: 5;',
        "rm -r d; ln -s /etc d": '"d" is a symlink on the host now; what was changed in it waits: 5;',
        "mv d real; mkdir d": '"d/e" is gone from the host; what was changed in it waits: 3;',
    }

    def test_a_directory_that_is_gone_from_the_host_is_a_conflict_with_all_in_it(self):
        for after, said in self.HOSTS_OWN.items():
            with self.subTest(after):
                self.start_without_the_directory(after)
                before = self.below_d()
                result = self.snug("apply", "--yes")
                self.assertEqual(result.returncode, 1, self.story(result))
                self.assertIn("not applied: " + said, result.stderr.decode())
                # What lies beside it is taken over; nothing of the host's is touched, and the rest waits.
                self.assertEqual((self.read("z"), self.read("d.txt")), ("new\n", "new\n"))
                self.assertEqual(self.below_d(), before)
                again = self.snug("apply", "--yes")
                self.assertEqual((again.returncode, b"nothing to apply" in again.stderr), (1, True), self.story(again))

                self.tool("apply", "--yes", "--theirs")
                self.assertEqual((self.read("d/e/m"), self.read("d/e/made/f")), ("new\n", "new\n"))
                self.assertEqual(os.listdir(os.path.join(self.project, "d/sub")), [])
                self.assertEqual(self.captures(), [])

    def test_for_a_directory_that_is_gone_the_hosts_side_can_be_kept(self):
        for after in self.HOSTS_OWN:
            with self.subTest(after):
                self.start_without_the_directory(after)
                before = self.below_d()
                said = self.snug("apply", "--yes", "--ours")
                self.assertEqual((said.returncode, b"still captured" in said.stderr), (0, False), self.story(said))
                self.assertEqual(self.captures(), [])
                self.assertEqual((self.below_d(), self.read("z")), (before, "new\n"))

    def test_of_a_directory_that_is_gone_a_part_can_be_taken(self):
        self.start_without_the_directory()
        self.tool("apply", "--yes", "d/e/made", status=1)
        self.assertFalse(os.path.exists(os.path.join(self.project, "d")))
        self.tool("apply", "--yes", "--theirs", "d/e/made", status=1)
        self.assertEqual(self.read("d/e/made/f"), "new\n")
        self.assertFalse(os.path.exists(os.path.join(self.project, "d/e/m")))
        self.assertIn("d/e/m", self.tool("diff", "--name-only").split())
        # Of the host's side a part, too: the other part waits.
        self.start_without_the_directory()
        self.tool("discard", "--yes", "--from", "1")
        self.tool("apply", "--yes", "--ours", "d/e/made", status=1)
        self.assertEqual([path for path in self.tool("diff", "--name-only").split() if path.startswith("d/")], ["d/e", "d/e/m", "d/sub"])
        self.tool("apply", "--yes", "--theirs")
        self.assertEqual(sorted(os.listdir(os.path.join(self.project, "d/e"))), ["m"])

    def test_a_directory_remade_inside_and_gone_outside_can_be_kept_as_the_hosts(self):
        self.write("d/f", "old\n")
        self.capture("rm -r d; mkdir d; echo new > d/new")
        shutil.rmtree(os.path.join(self.project, "d"))
        self.write("d", "the host's")
        self.tool("apply", "--yes", status=1)
        self.tool("apply", "--yes", "--ours")
        self.assertEqual((self.read("d"), self.captures()), ("the host's", []))

    def test_what_is_named_brings_the_directories_it_lies_in(self):
        self.capture("mkdir -p .vscode/deep; echo 1 > .vscode/deep/a; echo 2 > .vscode/b", "--set", 'filesystem.protect=[".vscode/**"]')
        self.tool("apply", "--yes", ".vscode/deep/a", status=1)
        self.assertEqual(self.read(".vscode/deep/a"), "1\n")
        self.assertFalse(os.path.exists(os.path.join(self.project, ".vscode/b")))

    def test_texts_that_both_sides_changed_are_merged_where_they_go_together(self):
        lines = [f"{number}\n" for number in range(20)]
        for name in ("a", "b"):
            self.write(name, "".join(lines))
        self.capture("sed -i s/^2$/two/ a; sed -i s/^2$/two/ b; chmod 755 a")
        self.write("a", "".join(lines).replace("15\n", "fifteen\n"))
        self.write("b", "".join(lines).replace("2\n", "zwei\n"))
        result = self.snug("apply", "--yes", "--reviewed")
        self.assertEqual(result.returncode, 1, self.story(result))
        self.assertIn('merged: "a"', result.stderr.decode())
        self.assertIn('"b" was changed on the host meanwhile', result.stderr.decode())
        self.assertEqual(self.read("a"), "".join(lines).replace("15\n", "fifteen\n").replace("\n2\n", "\ntwo\n"))
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.project, "a")).st_mode), 0o755)
        self.assertEqual(self.tool("diff", "--name-only").split(), ["b"])
        host = self.read("b")
        self.tool("apply", "--yes", "--ours")
        self.assertEqual((self.read("b"), self.captures()), (host, []))

    def test_a_file_changed_on_the_host_while_the_command_ran_is_never_merged(self):
        self.write("a", "1\n2\n3\n4\n5\n6\n7\n8\n")
        process = self.start("sh", "-c", "sed -i s/1/one/ a; echo ready; read x", options=OVERLAY)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        self.write("a", "1\n2\n3\n4\n5\n6\n7\neight\n")
        process.communicate(b"\n")
        self.tool("apply", "--yes", status=1)
        self.assertTrue(self.read("a").endswith("eight\n"))
        self.assertTrue(self.read("a").startswith("1\n"))

    def test_a_merge_obeys_no_configuration_or_attributes(self):
        home = self.folder("home")
        mark = os.path.join(home, "mark")
        with open(os.path.join(home, ".gitconfig"), "w") as file:
            file.write(f'[merge "evil"]\n driver = touch {mark}\n[core]\n fsmonitor = touch {mark}\n')
        subprocess.run(["git", "init", "-q"], cwd=self.project, check=True)
        with open(os.path.join(self.project, ".git/config"), "a") as file:
            file.write(f'[merge "evil"]\n driver = touch {mark}\n[core]\n fsmonitor = touch {mark}\n')
        self.write(".gitattributes", "* merge=evil\n")
        self.write("a", "1\n2\n3\n4\n5\n6\n7\n8\n")
        self.capture("sed -i s/1/one/ a")
        self.write("a", "1\n2\n3\n4\n5\n6\n7\neight\n")
        self.tool("diff", "--stat")
        self.tool("apply", "--yes")
        self.assertEqual(self.read("a"), "one\n2\n3\n4\n5\n6\n7\neight\n")
        self.assertFalse(os.path.exists(mark))

    def test_part_of_a_directory_does_not_make_the_rest_look_changed(self):
        self.write("d/a", "old\n")
        self.write("d/c", "old\n")
        self.capture("mv d/a d/b; echo new > d/c; echo n > d/n")
        self.tool("apply", "--yes", "d/c", status=1)
        self.assertEqual([one["drifted"] for one in json.loads(self.tool("diff", "--json"))["changes"]], [False] * 3)
        self.tool("apply", "--yes")
        self.assertEqual(sorted(os.listdir(os.path.join(self.project, "d"))), ["b", "c", "n"])

    def test_names_from_a_list_are_no_patterns(self):
        self.capture("mkdir d; for n in 'a*' ab '!x' d/f; do echo 1 > \"$n\"; done; printf x > \"$(printf 'l\\nf')\"")
        names = self.snug("diff", "--name-only", "-z").stdout.split(b"\0")
        self.assertEqual(names, [b"!x", b"a*", b"ab", b"d", b"d/f", b"l\nf", b""])
        listed = b"a*\0!x\0l\nf\0"
        self.tool("apply", "--yes", "--paths-from", "-", input=b"")
        self.assertEqual(len(self.captures()), 1)
        self.tool("apply", "--yes", "--paths-from", "-", input=listed, status=1)
        self.assertEqual(self.tool("diff", "--name-only").split(), ["ab", "d", "d/f"])
        self.tool("apply", "--yes", "--paths-from", "-", input=b"../x", status=2)
        self.tool("apply", "--yes", "--paths-from", self.write("list", b"d\0"), status=1)
        self.assertEqual(self.read("d/f"), "1\n")

    def test_a_capture_can_be_kept(self):
        self.write("a", "old\n")
        self.capture("echo new > a; echo 1 > b")
        self.tool("apply", "--yes", "--keep")
        self.assertEqual((self.read("a"), len(self.captures())), ("new\n", 1))
        self.assertEqual(self.tool("diff", "--name-only"), "")
        self.write("a", "later\n")
        self.tool("apply", "--yes", status=1)
        self.assertEqual(self.read("a"), "later\n")

    def linked(self, *names, text="old\n"):
        """Names of one file on the host."""
        first = self.write(names[0], text)
        for name in names[1:]:
            path = os.path.join(self.project, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.link(first, path)

    def inodes(self, *names):
        return len({os.stat(os.path.join(self.project, name)).st_ino for name in names})

    def test_a_file_of_several_names_that_was_written_changes_under_all(self):
        self.linked("a", "b", "d/c")
        self.linked("z", "y")
        self.capture("echo new > b; chmod 600 z")
        result = self.snug("apply", "--yes")
        self.assertEqual(result.returncode, 0, self.story(result))
        self.assertIn('changes as well: "a", another name of "b"', result.stderr.decode())
        self.assertNotIn("keep the old content", result.stderr.decode())
        self.assertEqual(([self.read(name) for name in ("a", "b", "d/c")], self.inodes("a", "b", "d/c")), (["new\n"] * 3, 1))
        self.assertEqual((stat.S_IMODE(os.stat(os.path.join(self.project, "y")).st_mode), self.inodes("y", "z")), (0o600, 1))
        self.assertEqual(self.captures(), [])

    def test_names_written_apart_stay_apart_and_to_the_same_end_become_one(self):
        self.linked("a", "b", "kept")
        self.linked("x", "y")
        self.linked("gone", "stays")
        self.capture("echo one > a; echo two > b; echo same > x; echo same > y; rm gone; echo new > stays")
        self.tool("apply", "--yes")
        self.assertEqual([self.read(name) for name in ("a", "b", "x", "y", "stays")], ["one\n", "two\n", "same\n", "same\n", "new\n"])
        self.assertEqual((self.inodes("a", "b"), self.inodes("x", "y")), (2, 1))
        self.assertFalse(os.path.exists(os.path.join(self.project, "gone")))

    def test_a_name_that_got_a_new_file_leaves_the_others_alone(self):
        self.linked("a", "b")
        self.linked("c", "d")
        self.write("moved", "moved\n")
        self.capture("echo new > t; mv t a; mv moved c")
        self.tool("apply", "--yes")
        self.assertEqual([self.read(name) for name in "abcd"], ["new\n", "old\n", "moved\n", "old\n"])

    def test_names_outside_of_the_project_keep_what_they_had_and_it_is_said(self):
        store = os.path.join(self.folder("store"), "f")
        with open(store, "w") as file:
            file.write("old\n")
        os.link(store, os.path.join(self.project, "a"))
        self.capture("echo new > a")
        result = self.snug("apply", "--yes")
        self.assertIn('"a" has other names on the host, which keep the old content', result.stderr.decode())
        with open(store) as file:
            self.assertEqual((self.read("a"), file.read()), ("new\n", "old\n"))

    def test_a_name_that_needs_a_look_does_not_follow_unseen(self):
        self.linked("a", ".envrc")
        self.capture("echo new > a")
        result = self.snug("apply", "--yes")
        self.assertIn('not applied: ".envrc"', result.stderr.decode())
        self.assertEqual((self.read("a"), self.read(".envrc")), ("new\n", "old\n"))

    def test_names_of_one_file_follow_where_the_capture_is_kept(self):
        self.linked("a", "b")
        self.capture("echo new > a; cat a b")
        self.tool("apply", "--yes", "--keep")
        self.assertEqual((self.read("a"), self.read("b"), self.inodes("a", "b")), ("new\n", "new\n", 1))
        self.assertEqual(self.tool("diff", "--name-only"), "")

    def test_part_by_path_and_pattern(self):
        self.capture("mkdir -p src/deep ab; echo 1 > src/deep/x.c; echo 1 > src/x.o; echo 1 > ab/f; echo 1 > a")
        self.tool("apply", "--yes", "src", "!**/*.o", "a", status=1)
        self.assertEqual(sorted(self.tool("diff", "--name-only").split()), ["ab", "ab/f", "src/x.o"])
        self.tool("apply", "--yes", "no-such", status=2)
        self.tool("apply", "--yes", "../elsewhere", status=2)

    def test_the_next_run_can_go_on(self):
        self.capture("echo 1 > a")
        self.capture("cat a > b", "--onto", "1")
        self.assertEqual(self.tool("diff", "--name-only").split(), ["a", "b"])
        self.capture("echo c > c")
        self.assertEqual([one["name"] for one in self.captures()], ["1", "2"])
        self.tool("diff", status=2)
        self.tool("discard", "--yes", "--from", "2")
        self.tool("apply", "--yes")
        self.assertEqual(self.read("b"), "1\n")

    def test_no_run_goes_on_while_an_apply_is_unfinished(self):
        self.capture("echo 1 > a")
        (top,) = glob.glob(os.path.join(snugtest.STATE, "captures", os.path.basename(self.project) + "-*", "1"))
        journal = os.path.join(top, "journal")
        for text in (b"snug apply 2\0phase=done\0", b"damaged"):  # one that was killed at its end, one nobody can read
            with open(journal, "wb") as file:
                file.write(text)
            result = self.inside("sh", "-c", "echo 2 > a", options=[*OVERLAY, "--onto", "1"])
            self.assertEqual(result.returncode, 125)
            for said in ("an apply of it did not end", "snug apply --continue --from 1", "snug apply --abort --from 1"):
                self.assertIn(said, result.stderr.decode())
            with open(os.path.join(top, "upper/a")) as file:
                self.assertEqual(file.read(), "1\n")
        with open(journal, "wb") as file:
            file.write(b"snug apply 2\0phase=done\0")
        self.tool("apply", "--continue", "--from", "1", status=1)  # the change is still to be applied
        self.capture("grep 1 a; echo 2 > a", "--onto", "1")
        self.tool("apply", "--yes")
        self.assertEqual(self.read("a"), "2\n")

    def test_closed_directories_can_be_shown_applied_and_discarded(self):
        script = "mkdir -p d/e; echo 1 > d/e/f; chmod 000 d/e/f d/e; chmod 555 d"
        self.capture(script)
        self.tool("discard", "--yes")
        self.capture(script)
        self.assertEqual(self.tool("diff", "--name-only").split(), ["d", "d/e", "d/e/f"])
        self.tool("apply", "--yes")
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.project, "d")).st_mode), 0o555)
        subprocess.run(["chmod", "-R", "u+rwX", self.project], check=True)
        self.assertEqual(self.read("d/e/f"), "1\n")

    def test_one_over_another_comes_after_it(self):
        self.write("kept", "old\n")
        self.capture("echo one > a; rm kept")
        self.capture("echo two > a; echo old > kept; echo b > b", "--over", "1")
        refused = self.snug("apply", "--yes", "--from", "2")
        self.assertEqual(refused.returncode, 2)
        self.assertIn('lies over the capture "1"', refused.stderr.decode())
        self.assertEqual(self.read("kept"), "old\n")
        self.tool("apply", "--yes", "--from", "1")
        self.tool("apply", "--yes")
        self.assertEqual((self.read("a"), self.read("b"), self.read("kept")), ("two\n", "b\n", "old\n"))

    def test_a_capture_in_use_is_left_alone(self):
        process = self.start("sh", "-c", "echo x > f; echo ready; sleep 60", options=OVERLAY)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        for words in (["diff"], ["apply", "--yes"], ["discard", "--yes"]):
            result = self.snug(*words)
            self.assertEqual(result.returncode, 2)
            self.assertIn("its run has not ended", result.stderr.decode())
        process.kill()
        process.wait()
        self.assertEqual(self.tool("diff", "--name-only").split(), ["f"])

    def test_nobody_is_asked_where_nobody_is(self):
        self.capture("echo 1 > a")
        for command in ("apply", "discard"):
            result = self.snug(command)
            self.assertEqual(result.returncode, 2)
            self.assertIn(f"snug {command} --yes", result.stderr.decode())
        self.assertEqual(len(self.captures()), 1)

    def test_the_profile_decides_at_the_end(self):
        def run(end, script):
            profile = f'filesystem.project = "overlay"\nchanges.on-success = "{end}"\n'
            return self.inside("sh", "-c", script, profile=profile)
        self.assertEqual(run("discard", "echo 1 > a").stderr, b"")
        self.assertFalse(os.path.exists(os.path.join(self.project, "a")))
        run("apply", "echo 1 > a")
        self.assertEqual((self.read("a"), self.captures()), ("1\n", []))
        self.assertEqual(run("apply", "echo 2 > a; exit 3").returncode, 3)
        self.assertEqual((self.read("a"), len(self.captures())), ("1\n", 1))


# What the generator below chooses from; {} are names.
OPERATIONS = (
    "echo $RANDOM$$ > {}", "printf 'text of {0}' >> {0}", "mkdir -p {}", "rm -rf {}", "rm -f {}", "mv {} {}", "cp -r {} {}",
    "chmod 600 {}", "chmod 755 {}", "ln -s {} {}", "ln {} {}", "ln -f {} {}", "rm -rf {0}; mkdir {0}; echo new > {0}/n",
    "mkfifo {}", "truncate -s 100000 {}", "setfattr -n user.note -v x {}", "touch {}", "rm -rf {0}; echo file > {0}",
    "cat {0} > t.tmp && mv t.tmp {0}", "mkdir -p {0} && chmod 500 {0}", "tar cf t.tar {0} && rm -rf {0} && tar xf t.tar; rm -f t.tar",
)
NAMES = ("a", "b", "d", "d/a", "d/b", "d/e", "d/e/f", "x y", "d/e/a")


class DifferentialTest(Captured):
    """After apply the tree is what the same script makes of it on the host."""

    START = "mkdir -p d/e; echo a > a; echo b > b; echo f > d/e/f; echo a2 > d/a; ln -s b d/b; chmod 640 b"

    def script(self, seed):
        chance = random.Random(seed)
        lines = []
        for _ in range(chance.randint(1, 12)):
            operation = chance.choice(OPERATIONS)
            names = ["'" + chance.choice(NAMES) + "'" for _ in range(2)]
            lines.append(operation.format(*names) if "{0}" in operation else operation.format(*names[:operation.count("{}")]))
        return "RANDOM=5; umask 022\n" + "\n".join(f"({line}) 2>/dev/null || true" for line in lines).replace("$$", "")

    def check(self, seed):
        native, captured = self.folder("native"), self.folder("captured")
        script = self.script(seed)
        for top in (native, captured):
            subprocess.run(["sh", "-c", self.START], cwd=top, check=True)
        subprocess.run(["sh", "-c", script], cwd=native, check=True, stderr=subprocess.DEVNULL)
        run = self.snug("run", *OVERLAY, "--", "sh", "-c", script, cwd=captured)
        self.assertEqual(run.returncode, 0, self.story(run))
        if run.stderr:
            applied = self.snug("apply", "--yes", "--reviewed", cwd=captured)
            self.assertEqual(applied.returncode, 0, script + self.story(applied))
        (made, one_file), (wanted, wanted_one_file) = described(captured), described(native)
        self.assertEqual(one_file, wanted_one_file, f"names of one file, seed {seed}:\n{script}")
        wrong = {path for path in made.keys() | wanted.keys() if made.get(path) != wanted.get(path)}
        self.assertFalse(wrong, f"seed {seed}:\n{script}" + "".join(
            f"\n{path}: {made.get(path)} instead of {wanted.get(path)}" for path in sorted(wrong)))
        for top in (native, captured):
            subprocess.run(["chmod", "-R", "u+rwX", top], check=True)

    def test_generated_scripts(self):
        for seed in snugtest.sample(range(int(os.environ.get("SNUG_SEEDS", "120")))):
            self.check(seed)


class GitTest(Captured):
    """Work done by git inside arrives whole."""

    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=self.project, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_a_work_tree_made_inside_and_a_clone(self):
        snugtest.need_program("git")
        self.git("init", "-q", "-b", "main")
        self.write("one", "one")
        self.git("add", "one")
        self.git("commit", "-qm", "one")
        self.capture("git worktree add -q tree -b side 2>&1; cd tree; echo two > two; git add two;"
                     "git -c user.name=t -c user.email=t@t commit -qm two")
        self.tool("apply", "--yes", "--reviewed")
        self.git("fsck", "--strict")
        self.git("-C", "tree", "status")
        log = subprocess.run(["git", "log", "--format=%s", "side"], cwd=self.project, capture_output=True, text=True)
        self.assertEqual(log.stdout.split(), ["two", "one"])

    def test_a_new_place_for_another_repository_waits_to_be_named(self):
        for form in ("sha1", "sha256"):
            with self.subTest(form):
                shutil.rmtree(os.path.join(self.project, ".git"), ignore_errors=True)
                self.git("init", "-q", "-b", "main", "--object-format=" + form)
                self.write("one", "one")
                self.git("add", "one")
                self.git("commit", "-qm", "one")
                self.capture("echo two > two; git add two")
                self.tool("apply", "--yes")
                self.capture("git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),nested; echo 3 > three")
                index = next(one for one in json.loads(self.tool("diff", "--json"))["changes"] if one["path"] == ".git/index")
                self.assertEqual(index["review"], "by it git enters a repository within this one")
                said = self.snug("apply", "--yes")
                self.assertEqual((said.returncode, b".git/index" in said.stderr), (1, True), self.story(said))
                listed = subprocess.run(["git", "ls-files", "-s"], cwd=self.project, capture_output=True, text=True).stdout
                self.assertNotIn("160000", listed)
                self.tool("apply", "--yes", ".git/index")
                # One that is there needs no second look.
                self.capture("echo four > four; git add four")
                self.tool("apply", "--yes")
                self.capture("printf x >> .git/index")
                self.capture("head -c 40 .git/index > .git/cut; cat .git/cut > .git/index; rm .git/cut", "--onto", "1")
                self.assertIn("cannot be told", self.tool("diff", "--stat"))
                self.tool("discard", "--yes")

    def test_a_clone_of_a_local_repository_needs_an_option(self):
        self.git("init", "-q", "-b", "main")
        self.write("one", "one")
        self.git("add", "one")
        self.git("commit", "-qm", "one")
        self.capture("git clone -q --no-hardlinks . copy; git -C copy log --format=%s | grep -x one; git -C copy fsck --strict")
        self.tool("apply", "--yes", "--reviewed")
        self.git("-C", "copy", "fsck", "--strict")

    def test_commits_rebase_stash_and_gc(self):
        snugtest.need_program("git")
        self.git("init", "-q", "-b", "main")
        for name in ("one", "two"):
            self.write(name, name)
            self.git("add", name)
            self.git("commit", "-qm", name)
        self.capture("""
            git config --global user.name t; git config --global user.email t@t
            git checkout -q -b side HEAD~1; echo three > three; git add three; git commit -qm three
            git rebase -q main; echo more >> two; git stash -q; git stash pop -q; git gc -q
        """)
        self.tool("apply", "--yes", status=1)
        self.tool("apply", "--yes", "--reviewed")
        self.git("fsck", "--strict")
        log = subprocess.run(["git", "log", "--format=%s", "side"], cwd=self.project, capture_output=True, text=True)
        self.assertEqual(log.stdout.split(), ["three", "two", "one"])
        self.assertEqual(self.read("two"), "twomore\n")


class ToolsTest(Captured):
    """What tools leave behind arrives as they left it."""

    def natively(self, script, top):
        subprocess.run(["sh", "-euc", script], cwd=top, check=True, stdout=subprocess.DEVNULL)

    def same(self, start, script):
        """`script` after `start`, captured and applied, makes the tree it makes on the host."""
        native = self.folder("native")
        for top in (native, self.project):
            self.natively(start, top)
        self.natively(script, native)
        self.capture(script)
        self.tool("apply", "--yes", "--reviewed")
        os.remove(os.path.join(self.project, "probe"))
        self.assertEqual(described(self.project), described(native))
        self.assertEqual(self.captures(), [])

    def test_sqlite_with_a_write_ahead_log(self):
        snugtest.need_program("sqlite3")
        self.natively("sqlite3 db 'pragma journal_mode=wal; create table t(x); insert into t values(1)'", self.project)
        self.capture("sqlite3 db 'insert into t select x+1 from t; insert into t select x+2 from t'; "
                     "(echo 'insert into t values(99);'; echo '.shell kill -9 $PPID') | sqlite3 db || true")
        self.tool("apply", "--yes")
        check = subprocess.run(["sqlite3", "db", "pragma integrity_check; select group_concat(x) from t"], cwd=self.project,
                               capture_output=True, text=True)
        self.assertEqual(check.stdout.split(), ["ok", "1,2,3,4,99"])

    def test_archives(self):
        self.same("mkdir -p src/deep; echo 1 > src/deep/f; ln -s deep/f src/link; truncate -s 3M src/sparse; echo x >> src/sparse;"
                  "mkdir src/empty; chmod 700 src/empty; ln src/deep/f src/twin; mkfifo src/fifo",
                  "tar cSf a.tar src; rm -r src; tar xf a.tar; rm a.tar; mkdir other; cp -a src/. other/")

    def test_a_tree_of_packages(self):
        self.same("mkdir -p node_modules/left/lib node_modules/.bin; echo 1 > node_modules/left/lib/index.js;"
                  "ln -s ../left/lib/index.js node_modules/.bin/left",
                  "mkdir -p node_modules/.right-x1/lib; echo 2 > node_modules/.right-x1/lib/index.js;"
                  "mv node_modules/.right-x1 node_modules/right; ln -s ../right/lib/index.js node_modules/.bin/right;"
                  "mkdir node_modules/.left-x2; echo 3 > node_modules/.left-x2/index.js; rm -rf node_modules/left;"
                  "mv node_modules/.left-x2 node_modules/left; ln -sf ../left/index.js node_modules/.bin/left;"
                  "chmod 755 node_modules/left/index.js")

    def test_a_python_environment(self):
        self.capture("/usr/bin/python3 -m venv --without-pip env; echo 'x = 1' > env/mod.py; env/bin/python -c 'import sys; sys.exit(0)'")
        self.tool("apply", "--yes", "--reviewed")
        subprocess.run([os.path.join(self.project, "env/bin/python"), "-c", "import sys; assert sys.prefix.endswith('env')"], check=True)

    def test_closed_empty_and_odd(self):
        self.same("mkdir closed open; echo 1 > closed/f; chmod 000 closed; echo 1 > open/f",
                  "chmod 700 closed; echo 2 > closed/f; echo 3 > closed/g; chmod 000 closed; chmod 000 open/f; mkdir -p 'a b/\t' -- -x;"
                  "touch \"$(printf 'new\\nline')\" \"$(printf '\\377\\376')\" '*' 'a\\b'; /usr/bin/python3 -c 'import os; os.setxattr(\"open\", \"user.d\", b\"1\")'; chmod 555 open")


class KilledTest(Captured):
    """Whatever snug is killed at, the project ends as it would have, and nothing is left of the capture."""

    SCRIPT = ("for n in $(seq 40); do echo new$n > d/$n; echo more > d/more$n; done; mkdir -p made/below; echo x > made/below/x;"
              "ln -s x made/link; rm -r gone; mv moved elsewhere")

    def fill(self, top):
        for name in [f"d/{number}" for number in range(1, 41)] + ["gone/a", "gone/b/c", "moved/a", "moved/b/c"]:
            self.write(os.path.join(top, name), f"old {name}\n" * 20)

    def layer(self):
        return glob.glob(os.path.join(snugtest.STATE, "captures", os.path.basename(self.project) + "-*", "1"))

    def test_an_apply_again_and_again(self):
        plain = self.folder("plain")
        self.fill(plain)
        subprocess.run(["sh", "-euc", self.SCRIPT], cwd=plain, check=True)
        wanted = described(plain)
        for seed in range(8):
            chance = random.Random(seed)
            for name in set(os.listdir(self.project)) - {"probe"}:
                shutil.rmtree(os.path.join(self.project, name))
            self.fill(self.project)
            self.capture(self.SCRIPT)
            for _ in range(5):
                both = [subprocess.Popen([SNUG, "apply", word], cwd=self.project, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL) for word in ("--yes", "--continue")]
                time.sleep(chance.random() * 0.03)
                for process in both:
                    process.kill()
                    process.wait()
            for word in ("--continue", "--yes"):
                self.snug("apply", word)
            os.unlink(os.path.join(self.project, "probe"))
            self.assertEqual(described(self.project), wanted, seed)
            shutil.copy(snugtest.PROBE, self.project)
            self.assertEqual(self.captures(), [], seed)

    def test_a_discard_that_was_killed(self):
        for next_one in (["run", "true"], ["clean", "--yes"]):
            self.fill(self.project)
            self.capture("echo new > d/1; echo new > d/2; rm -r gone")
            layer, = self.layer()
            os.rename(os.path.join(layer, "record"), os.path.join(layer, "discarded"))
            os.unlink(os.path.join(layer, "upper/d/1"))
            self.assertEqual(self.captures(), [])
            self.assertIn(b"no captured changes", self.snug("apply", "--yes").stderr)
            self.assertNotIn(b"cannot be used", self.snug(*next_one).stderr)
            self.assertEqual(self.layer(), [])
            self.assertIn("old", self.read("d/2"))

    def test_an_apply_that_was_killed_when_all_was_done(self):
        self.fill(self.project)
        self.capture("echo new > d/1")
        layer, = self.layer()
        shutil.rmtree(os.path.join(layer, "upper/d"))
        self.assertIn(b"nothing to apply", self.snug("apply", "--yes").stderr)
        self.assertEqual(self.layer(), [])

    def test_copies_of_an_apply_that_was_killed_go_with_the_capture(self):
        for words in (["discard", "--yes"], ["clean", "captures", "--yes"]):
            self.fill(self.project)
            self.capture("echo new > d/1")
            self.write(".snug-apply-1/0", "half a file")
            self.snug(*words)
            self.assertEqual(self.layer(), [])
            self.assertFalse(os.path.exists(os.path.join(self.project, ".snug-apply-1")), words)

    def test_half_an_apply_is_not_cleaned_away(self):
        self.fill(self.project)
        self.capture("echo new > d/1")
        layer, = self.layer()
        with open(os.path.join(layer, "journal"), "w") as file:
            file.write("of another version")
        result = self.snug("clean", "captures", "--yes")
        self.assertIn(b"an apply of it did not end", result.stderr)
        self.assertNotEqual(self.layer(), [])


class HostileTest(Captured):
    """What the command inside, or somebody beside, does to make apply write where it should not."""

    def test_a_directory_swapped_for_a_link_while_applying(self):
        outside = self.folder("outside")
        for name in ("f", "g"):
            with open(os.path.join(outside, name), "w") as file:
                file.write("outside\n")
        for round in range(15):
            for number in range(30):
                self.write(f"d/{number}/f", "old\n")
            self.capture("for n in d/*; do echo new > $n/f; echo new > $n/g; done")
            swapper = subprocess.Popen([sys.executable, "-c", """
import os, sys
d, outside = sys.argv[1:]
while True:
    try:
        os.rename(d, d + ".aside")
        os.symlink(outside, d)
        os.unlink(d)
        os.rename(d + ".aside", d)
    except OSError:
        pass
""", os.path.join(self.project, f"d/{round}"), outside], stderr=subprocess.DEVNULL)
            self.snug("apply", "--yes")
            swapper.kill()
            swapper.wait()
            held = {name: open(os.path.join(outside, name)).read() for name in os.listdir(outside)}
            self.assertEqual(held, {"f": "outside\n", "g": "outside\n"})
            shutil.rmtree(os.path.join(self.project, "d"))
            for name in ("d.aside", f"d/{round}"):
                shutil.rmtree(os.path.join(self.project, name), ignore_errors=True)
            for one in self.captures():
                self.snug("apply", "--abort", "--from", one["name"])
                self.tool("discard", "--yes", "--from", one["name"])

    def test_nothing_that_runs_with_its_owners_rights(self):
        self.write("tool", "old", 0o755)
        self.capture("cp /bin/true new; echo new > tool; mkdir shared")
        for name, mode in (("new", 0o6755), ("tool", 0o4755), ("shared", 0o2775)):  # seccomp refuses that inside; were it got round
            found = glob.glob(os.path.join(snugtest.STATE, "captures/*/1/upper", name))
            for path in found:
                os.chmod(path, mode)
            self.assertTrue(found)
        self.tool("apply", "--yes", "--reviewed")
        for name in ("new", "tool", "shared"):
            self.assertEqual(os.stat(os.path.join(self.project, name)).st_mode & 0o6000, 0, name)

    def test_a_full_disk_while_applying_changes_nothing(self):
        # A small file system as the project needs a mount; a limit on the size of files stands for it where copies are made.
        self.write("a", "old\n")
        self.write("b", "old\n")
        os.link(os.path.join(self.project, "b"), os.path.join(self.project, "c"))
        self.capture("echo new > a; head -c 3000000 /dev/zero > b")
        script = 'ulimit -f 1000; trap "" XFSZ; exec "$@"'
        result = subprocess.run(["bash", "-c", script, "sh", SNUG, "apply", "--yes"], cwd=self.project, capture_output=True,
                                env=self.environment(), timeout=60)
        self.assertEqual(result.returncode, 2, self.story(result))
        self.assertIn("File too large", result.stderr.decode())
        self.assertEqual((self.read("a"), self.read("b"), self.read("c")), ("old\n", "old\n", "old\n"))
        self.assertEqual(sorted(os.listdir(self.project)), ["a", "b", "c", "probe"])
        self.tool("apply", "--yes")
        self.assertEqual(os.path.getsize(os.path.join(self.project, "b")), 3000000)


if __name__ == "__main__":
    snugtest.main()
