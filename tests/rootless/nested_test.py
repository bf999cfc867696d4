"""A sandbox inside a sandbox: refused by default, and with nested = true snug, bubblewrap and unshare work."""
import os
import shlex
import shutil
import unittest

import snugtest
from snugtest import Case, SNUG, quoted


class Nested(Case):
    def setUp(self):
        super().setUp()
        shutil.copy(SNUG, os.path.join(self.project, "snug"))

    def test_refused_by_default(self):
        result = self.inside("./snug", "run", "--", "true")
        self.assert_status(result, 125)
        self.assertRegex(snugtest.show(result.stderr), r"already inside snug \(profile default\)")
        self.assertRegex(snugtest.show(result.stderr), r"nested = true .* allows it")

    def test_unshare_and_bubblewrap_are_refused_by_default(self):
        for command in (["unshare", "-Ur", "true"], ["bwrap", "--ro-bind", "/", "/", "true"]):
            if shutil.which(command[0]):
                self.assertNotEqual(self.inside(*command).returncode, 0, command)

    def test_snug_inside_snug(self):
        inner = os.path.join(self.project, "inner")
        os.mkdir(inner)
        result = self.inside("sh", "-c", "cd inner && ../snug run -- sh -c 'echo deep > made; id -u; cat /proc/1/comm; pwd'",
                             profile="nested = true\n")
        self.assertEqual(result.returncode, 0, self.story(result))
        self.assertIn(inner.encode(), result.stdout)
        self.assertTrue(os.path.exists(os.path.join(inner, "made")))

    def test_files_are_linked_and_renamed_between_directories_inside_snug_inside_snug(self):
        """Below a domain of the outer one's that said nothing of files, Landlock would refuse both."""
        os.mkdir(os.path.join(self.project, "inner"))
        script = ("mkdir a b; echo x >a/x; ln a/x b/y; python3 -c 'import os; os.rename(\"a\", \"b/a\")'; cat b/a/x; "
                  "cd; mkdir c d; echo y >c/y; ln c/y d/z; cat d/z")
        result = self.inside("sh", "-c", f"cd inner && ../snug run -- sh -euc {shlex.quote(script)}", profile="nested = true\n")
        self.assertEqual(result.stdout, b"x\ny\n", self.story(result))

    def test_unshare(self):
        result = self.inside("unshare", "-Urmpf", "--mount-proc", "sh", "-c", "mount -t tmpfs x /tmp && echo $$",
                             profile="nested = true\n")
        self.assertEqual(result.stdout, b"1\n", self.story(result))

    def test_bubblewrap(self):
        snugtest.need_program("bwrap")
        result = self.inside("bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-all", "echo", "deep",
                             profile="nested = true\n")
        self.assertEqual(result.stdout, b"deep\n", self.story(result))

    def test_other_walls_stand_with_nested(self):
        facts = self.probe("capabilities", "--", "paths", "/usr", profile="nested = true\n")
        self.assertEqual(facts.one("effective"), "0" * 16)
        self.assertEqual(facts.one("no-new-privs"), "1")
        self.assertEqual(facts.path("/usr")[2], "EROFS")

    def test_a_nested_namespace_cannot_make_the_system_writable(self):
        script = "mount -o remount,bind,rw /usr || umount /usr; touch /usr/evil || exit 5"
        result = self.inside("unshare", "-Urm", "sh", "-c", script, profile="nested = true\n")
        self.assert_status(result, 5)


if __name__ == "__main__":
    snugtest.main()
