"""The system call filter alone, on a real kernel: what must work does, what must not is refused as the table says.

Shared by rootless/seccomp_test.py and root/seccomp_test.py: root has other ways in, and the filter is the same.
"""
import os
import shutil
import subprocess
import sys
import unittest

import everyday

FILTERED = os.environ["FILTERED"]
CALLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "filter_calls.py")

# Attempts that any kernel snug runs on lets an ordinary user make: where these fail without the filter, the test would
# prove nothing.
CONTROLS = ("unshare ", "clone ", "fchmod ", "openat ", "mkdirat ", "mknodat ", "personality ", "netlink ")


def run(*words, **options):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, **options)


def answers(*prefix):
    """What was tried -> (answer, what the default filter should answer, what the strict one)."""
    done = run(*prefix, sys.executable, "-B", CALLS)
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {name: tuple(rest) for name, *rest in rows}


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.outside = answers()
        cls.inside = answers(FILTERED)
        cls.nested = answers(FILTERED, "--nested")
        cls.strict = answers(FILTERED, "--strict")

    def test_every_attempt_was_made(self):
        self.assertEqual(self.outside.keys(), self.inside.keys())
        self.assertGreater(len(self.inside), 150)

    def test_without_the_filter_the_attempts_work(self):
        for name, (answer, *_) in self.outside.items():
            if name.startswith(CONTROLS):
                with self.subTest(name):
                    self.assertEqual(answer, "ok")

    def test_each_is_answered_as_the_table_says(self):
        for name, (answer, expected, _) in self.inside.items():
            with self.subTest(name):
                self.assertEqual(answer, self.outside[name][0] if expected == "same" else expected)

    def test_strict_answers_each_as_its_table_says(self):
        for name, (answer, _, expected) in self.strict.items():
            with self.subTest(name):
                self.assertEqual(answer, self.outside[name][0] if expected == "same" else expected)

    def test_what_strict_takes_away_the_default_leaves(self):
        taken = [name for name, (answer, *_) in self.strict.items() if answer != self.inside[name][0]]
        self.assertGreater(len(taken), 20)
        for name in taken:
            with self.subTest(name):
                self.assertEqual(self.inside[name][0], self.outside[name][0])

    def test_nested_opens_namespaces_mounts_and_whiteouts_only(self):
        opened = ("mount umount2 chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr move_mount mount_setattr "
                  "setns sethostname clone3 openat2").split() + ["mknodat whiteout"]
        for name, (answer, *_) in self.nested.items():
            with self.subTest(name):
                free = name in opened or name.startswith(("unshare ", "clone "))
                self.assertEqual(answer, self.outside[name][0] if free else self.inside[name][0])


class Profile(unittest.TestCase):
    def test_a_denied_call_is_refused_and_an_allowed_one_let_through(self):
        denied = answers(FILTERED, "--deny", "memfd_create", "--allow", "keyctl")
        self.assertEqual(denied["memfd_create"][0], "EPERM")
        self.assertEqual(denied["keyctl get session keyring"][0], answers()["keyctl get session keyring"][0])

    def test_strict_can_be_changed_too(self):
        changed = answers(FILTERED, "--strict", "--deny", "memfd_create", "--allow", "ptrace")
        self.assertEqual(changed["memfd_create"][0], "EPERM")
        self.assertEqual(changed["ptrace traceme"][0], "ok")
        self.assertEqual(changed["shared memory"][0], "EPERM")

    def test_an_unknown_call_is_named(self):
        done = run(FILTERED, "--deny", "ptrase", "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn('did you mean "ptrace"?', done.stderr)


class Everyday(unittest.TestCase):
    def test_the_filter_is_on(self):
        for line, value in (("Seccomp", "2"), ("Seccomp_filters", "1"), ("NoNewPrivs", "1")):
            self.assertRegex(run(FILTERED, "cat", "/proc/self/status").stdout, rf"(?m)^{line}:\s*{value}$")

    def test_actions(self):
        for name in everyday.ACTIONS:
            with self.subTest(name):
                if missing := everyday.missing_tools(name):
                    SKIPPED.append(f"{name}: needs {', '.join(missing)}")
                    continue
                status, output = everyday.run_action(name, [FILTERED])
                self.assertEqual(status, 0, output)


class EverydayStrict(unittest.TestCase):
    def test_actions(self):
        for name in everyday.ACTIONS:
            if name in everyday.DEBUGGING or everyday.missing_tools(name):
                continue
            with self.subTest(name):
                status, output = everyday.run_action(name, [FILTERED, "--strict"])
                self.assertEqual(status, 0, output)

    def test_debuggers_fail(self):
        for name in everyday.DEBUGGING:
            if everyday.missing_tools(name):
                continue
            with self.subTest(name):
                self.assertNotEqual(everyday.run_action(name, [FILTERED, "--strict"])[0], 0)


SKIPPED = []

OLD_ENTRY = r"""
#include <stdio.h>
int main(void) {
  long result = 20; /* getpid of i386 */
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
  return printf("%d\n", result > 0) < 0;
}
"""


class OldEntry(unittest.TestCase):
    @unittest.skipUnless(os.uname().machine == "x86_64", "int 0x80 is x86's")
    def test_the_32_bit_entry_point_ends_the_process(self):
        if not shutil.which("gcc") and os.environ.get("SNUG_MUST_WORK") != "1":
            self.skipTest("missing here: the program gcc")
        subprocess.run(["gcc", "-x", "c", "-", "-o", "old"], input=OLD_ENTRY, text=True, check=True)
        if run("./old").stdout != "1\n":
            SKIPPED.append("the 32-bit entry point: this kernel has none")
            return
        self.assertEqual(run(FILTERED, "./old").returncode, -31)  # SIGSYS


def main():
    program = unittest.main(module=__name__, exit=False, verbosity=1)
    for reason in SKIPPED:
        print("skipped:", reason, file=sys.stderr)
    must_work = os.environ.get("SNUG_MUST_WORK") == "1"
    if not program.result.wasSuccessful() or (SKIPPED and must_work):
        sys.exit(1)
    sys.exit(0)
