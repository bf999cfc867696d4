"""Machines that cannot give a wall: nothing runs, and one screen says what is missing and what mends it."""
import os
import subprocess
import unittest

import escaping
from escaping import Escape, LACKING, NESTED, PRIVILEGED, ROOT
from snugtest import SNUG

MARK = "ran-behind-no-wall"


class Missing(Escape):
    def run_where(self, *setting, options=()):
        """Runs snug below `setting`, a command prefix that makes the machine poorer."""
        return subprocess.run([*setting, SNUG, "run", *options, "--", "touch", MARK], cwd=self.project, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)

    def assert_closed(self, result, *patterns):
        self.assert_refused(result, *patterns, "fix: ")
        self.assertFalse(os.path.exists(os.path.join(self.project, MARK)), "the command ran all the same")

    def poorer(self, *words):
        """`words` with every capability, in namespaces of their own; then the rest as the prefix of a command."""
        more = ["--pid", "--fork", "--mount-proc"] if not NESTED else []
        return [*PRIVILEGED, *more, "sh", "-c", " ".join(words) + ' && exec "$@"', "sh"]

    def test_the_same_machine_as_it_is(self):
        result = self.run_where(*self.poorer("true"))  # the control
        self.assert_status(result, 0)
        self.assertTrue(os.path.exists(os.path.join(self.project, MARK)))

    @unittest.skipIf(NESTED, "the outer sandbox's /proc is not this one's to cover")
    def test_a_masked_proc(self):
        # As containers do: the kernel then lets nobody mount a /proc that shows more.
        masked = next(path for path in ("/proc/acpi", "/proc/scsi", "/proc/bus") if os.path.isdir(path))
        result = self.run_where(*self.poorer("mount", "-t", "tmpfs", "x", masked))
        self.assert_closed(result, "cannot mount the file system at /proc", "parts of /proc are covered by other mounts",
                           f"umount {masked}")

    def test_no_user_namespaces(self):
        result = self.run_where(*self.poorer("echo", "0", ">/proc/sys/user/max_user_namespaces"))
        self.assert_closed(result, "does not let its command make namespaces" if NESTED else "cannot create a user namespace")

    def test_a_promise_that_nothing_keeps(self):
        result = self.inside("touch", MARK, profile='require = ["limits.memory"]\n')
        self.assert_closed(result, r"cannot promise limits.memory")

    @unittest.skipUnless(ROOT, "as root only: uid 0 of the host inside")
    def test_root_of_the_host_without_the_second_wall(self):
        result = self.run_where(LACKING, options=["--user", "host-root"])
        self.assert_closed(result, "cannot run as uid 0 of the host without Landlock")
        self.assert_status(self.run_where(options=["--user", "host-root"]), 0)


if __name__ == "__main__":
    escaping.main()
