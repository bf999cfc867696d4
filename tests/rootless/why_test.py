"""What `snug why` says is what happens inside."""
import json
import os

import snugtest
from snugtest import Case, quoted
from why_checks import Default, Varied  # noqa: F401  (test cases)


class Renames(Case):
    """What `snug why` says of renames that the host would do."""

    def rename(self, old, new, options):
        script = ("import os, errno, sys\ntry: os.rename(*sys.argv[1:]); print('ok')\n"
                  "except OSError as e: print(errno.errorcode[e.errno])")
        result = self.inside("python3", "-c", script, old, new, options=options)
        self.assert_status(result, 0)
        return result.stdout.decode().strip()

    def assert_told(self, path, word, options):
        profile = options[:2]
        remarks = json.loads(self.snug("why", *profile, "--json", path).stdout)["remarks"]
        self.assertTrue(any(word in remark for remark in remarks), remarks)

    def test_a_directory_above_what_is_protected(self):
        self.write("private/key", "x")
        self.write("private/other", "x")
        options = ["-p", self.profile('[filesystem]\nprotect = ["private/key"]\n')]
        private = os.path.join(self.project, "private")
        self.assert_told(private, "EBUSY", options)
        self.assertEqual(self.rename(private, private + "2", options), "EBUSY")
        self.assert_told(private, "EXDEV", options)
        self.assertEqual(self.rename(private + "/other", os.path.join(self.project, "other"), options), "EXDEV")

    def test_a_single_file_that_is_replaced(self):
        file = self.write(os.path.join(self.folder("data"), "file"), "x")
        fresh = self.write("fresh", "y")
        options = ["-p", self.profile(f"[filesystem]\nwrite = [{quoted(file)}]\n")]
        self.assert_told(file, "EBUSY", options)
        self.assertIn(self.rename(fresh, file, options), ("EBUSY", "EXDEV"))

    def test_a_directory_of_the_host_under_an_overlay(self):
        layer = self.folder("layer")
        self.write(os.path.join(layer, "old/file"), "x")
        options = ["-p", self.profile(f"[filesystem]\noverlay = [{quoted(layer)}]\n")]
        old = os.path.join(layer, "old")
        self.assert_told(old, "EXDEV", options)
        self.assertEqual(self.rename(old, old + "2", options), "EXDEV")


class Others(Case):
    def why(self, *words):
        result = self.snug("why", "--json", *words)
        self.assertIn(result.returncode, (0, 1), self.story(result))
        return json.loads(result.stdout)["allowed"]

    def test_variables(self):
        extra = {"FOO": "1", "LC_TEST": "2", "TMPDIR": "/x"}
        output = self.inside("env", env=extra).stdout.decode().split("\n")
        inside = {line.split("=")[0] for line in output if "=" in line}
        for name in sorted(inside | set(self.environment(extra)) | {"HOME", "SNUG_PROFILE", "NOWHERE"}):
            if name in ("_", "SHLVL"):
                continue
            result = self.snug("why", "--variable", "--", name, env=extra)
            self.assertEqual(result.returncode == 0, name in inside, name)

    def test_system_calls(self):
        # The probe's names of calls that a kernel without a filter would let through or refuse by another error.
        outcomes = self.probe("calls", "keyctl", "bpf", "io_uring_setup", "userfaultfd", "chroot", "personality", "ptrace")
        for name, outcome in outcomes.pairs:
            self.assertEqual(self.why("--syscall", name), outcome.strip() != "EPERM", (name, outcome))

    def test_a_name_full_of_escapes_reaches_no_terminal(self):
        name = self.write("evil\x1b[31m\x07\u202ename", "x")
        result = self.snug("why", name)
        self.assert_status(result, 0)
        self.assertNotIn(b"\x1b", result.stdout + result.stderr)
        self.assertNotIn(b"\x07", result.stdout + result.stderr)

    def test_names_that_are_no_text(self):
        path = os.fsencode(self.project) + b"/\xff\xfe"
        with open(path, "wb"):
            pass
        self.assertTrue(self.why(path))

    def test_questions_without_an_answer(self):
        for words in (["x", "y"], ["--host", "a b"], ["--syscall", "no_such"], ["--nonsense"], [""], ["-p", "/nowhere.toml", "x"]):
            self.assert_status(self.snug("why", *words), 2)

if __name__ == "__main__":
    snugtest.main()
