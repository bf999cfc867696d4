"""Telling system calls are refused, named at once and counted; allowed ones are not."""
import time
import unittest

import snugtest
from snugtest import Case

# Three calls of one kind, one of another. The errno is what the program sees.
CALLS = """
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
for name, arguments in (("unshare", (0x10000000,)),) * 3 + (("syscall", (321, 0, 0, 0)),):
    result = getattr(libc, name)(*arguments)
    print(result, errno.errorcode.get(ctypes.get_errno(), "?"))
"""


class Refusals(Case):
    def test_each_kind_is_named_once_and_counted_at_the_end(self):
        result = self.inside("python3", "-c", CALLS)
        self.assert_status(result, 0)
        self.assertEqual(result.stdout, b"-1 EPERM\n" * 4)
        self.assertEqual(result.stderr.count(b"blocked the system call unshare;"), 1, self.story(result))
        self.assertEqual(result.stderr.count(b"blocked the system call bpf;"), 1, self.story(result))
        self.assertIn(b"blocked: unshare (3), bpf (1)", result.stderr)

    def test_the_line_that_allows_it_works_when_pasted(self):
        result = self.inside("python3", "-c", CALLS, options=["--set", 'seccomp.allow=["bpf"]'])
        self.assertNotIn(b"system call bpf", result.stderr)
        self.assertIn(b"system call unshare", result.stderr)

    def test_the_first_is_named_within_a_second_while_the_command_goes_on(self):
        started = self.start("sh", "-c", "unshare -U true; sleep 20")
        begin = time.monotonic()
        line = b""
        while b"system call unshare" not in line and time.monotonic() - begin < 5:
            line = started.stderr.readline()
        self.assertIn(b"system call unshare", line)
        self.assertIsNone(started.poll())

    def test_nothing_is_said_where_nothing_was_refused(self):
        result = self.inside("sh", "-c", "ls / >/dev/null; git --version; python3 -c 'print(1)'")
        self.assert_status(result, 0)
        self.assertEqual(result.stderr, b"")

    def test_a_flood_of_refused_calls_ends_with_the_command(self):
        flood = "import ctypes\nl = ctypes.CDLL(None)\nfor _ in range(20000): l.unshare(0x10000000)"
        result = self.inside("python3", "-c", flood, options=["--timeout", "30s"])
        self.assert_status(result, 0)
        self.assertIn(b"unshare (20000)", result.stderr)


if __name__ == "__main__":
    snugtest.main()
