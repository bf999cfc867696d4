"""Telling system calls are refused, named at once and counted; allowed ones are not."""
import json
import os
import re
import time
import unittest

import snugtest
from snugtest import STATE, Case

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

    def test_the_command_that_allows_it_is_named_as_it_must_be_typed(self):
        result = self.inside("python3", "-c", CALLS)
        self.assertIn(b"blocked the system call bpf; allow it: snug allow bpf\n", result.stderr)
        profile = self.profile("")
        result = self.snug("run", "-p", profile, "--", "python3", "-c", CALLS)
        self.assertIn(f"allow it: snug allow -p {profile} bpf\n".encode(), result.stderr)
        result = self.inside("python3", "-c", CALLS, env={"bpf": "a variable"})
        self.assertIn(b"allow it: snug allow --syscall bpf\n", result.stderr)

    def test_why_tells_what_the_last_run_was_refused(self):
        self.inside("python3", "-c", CALLS)
        result = self.snug("why")
        self.assert_status(result, 1)
        self.assertRegex(result.stdout.decode(), r"system call unshare, 3 times\n +snug allow unshare\n")
        told = json.loads(self.snug("why", "--json").stdout)
        self.assertEqual(told["calls"], [{"name": "unshare", "count": 3}, {"name": "bpf", "count": 1}])
        self.assertEqual(told["command"][:2], ["python3", "-c"])
        self.inside("true", options=["--timeout", "30s"])
        self.assert_status(self.snug("why"), 0)  # the last one was refused nothing
        self.inside("sleep", "20", options=["--timeout", "200ms"])
        self.assertIn(b"timed out after 200ms", self.snug("why").stdout)

    def test_why_tells_it_while_the_command_still_runs(self):
        started = self.start("sh", "-c", "unshare -U true; sleep 20")
        self.wait_until(lambda: b"unshare" in self.snug("why").stdout, "the record of a run that goes on")
        self.assertIsNone(started.poll())

    def test_another_project_was_refused_nothing(self):
        self.inside("python3", "-c", CALLS)
        self.assert_status(self.snug("why", cwd=self.folder("other")), 0)

    def test_the_command_can_neither_see_nor_write_what_is_told(self):
        script = f"unshare -U true; ls -R {STATE}; find / -name refused 2>/dev/null; echo x > {STATE}/refused/x"
        result = self.inside("sh", "-c", script, options=["--set", "filesystem.read=[]"])
        self.assertNotIn(b"refused", result.stdout)
        self.assertEqual([name for name in os.listdir(f"{STATE}/refused") if "project" not in name], [])

    def test_what_strict_refuses_is_named_with_the_line_that_allows_it(self):
        strict = ["--set", "seccomp.policy=strict"]
        trace = ["python3", "-c", "import ctypes; print(ctypes.CDLL(None).ptrace(0, 0, 0, 0))"]
        result = self.inside(*trace, options=strict)
        self.assertEqual(result.stdout, b"-1\n")
        self.assertIn(b"blocked the system call ptrace; ", result.stderr)
        self.assertEqual(self.inside(*trace, options=[*strict, "--set", 'seccomp.allow=["ptrace"]']).stdout, b"0\n")
        self.assertEqual(self.inside(*trace).stdout, b"0\n")

    def test_all_mistakes_of_the_section_are_told_before_anything_runs(self):
        result = self.inside("true", profile='[seccomp]\nallow = ["bfp"]\ndeny = ["ptrase",\n"kexec"]\n[[seccomp.rule]]\n'
                             'syscall = "socket"\nargument = 0\nequals = "AF_NETLNK"\naction = "errno:EFOO"\n')
        self.assertEqual(result.returncode, 125)
        said = result.stderr.decode()
        for line, mistake in ((3, 'call "bfp"; did you mean "bpf"?'), (4, 'call "ptrase"; did you mean "ptrace"?'),
                              (5, 'call "kexec"'), (6, 'constant "AF_NETLNK"; did you mean "AF_NETLINK"?'),
                              (6, 'error name "EFOO"; errno(3) lists them')):
            self.assertRegex(said, rf"(?m)test\.toml:{line}:\d+: unknown (system )?{re.escape(mistake)}$")
        self.assertEqual(said.count("unknown"), 5, said)

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
