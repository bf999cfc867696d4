"""A kernel older than snug needs: it says so, and what to do, and starts nothing."""
import os
import re
import subprocess

import snugtest
from snugtest import SNUG, Case, show


class TooOld(Case):
    def setUp(self):
        super().setUp()
        release = os.uname().release
        self.assertLess([int(number) for number in re.findall(r"\d+", release)[:2]], [5, 14])
        self.cause = rf"Linux {re.escape(release)} lacks the mount calls snug needs"

    def test_a_run_is_refused(self):
        self.assert_refused(self.inside("touch", "made"), rf"Linux {re.escape(os.uname().release)} is older than 5\.14", "fix: upgrade to Linux 5.14 or later")
        self.assertFalse(os.path.exists(os.path.join(self.project, "made")))

    def test_doctor_names_what_is_missing(self):
        result = subprocess.run([SNUG, "doctor"], capture_output=True, timeout=60)
        self.assert_status(result, 1)
        told = show(result.stdout)
        for line in (r"missing +kernel: Linux \S+ is older than 5\.14", self.cause,
                     r"cannot mount overlays for ordinary users", r"ok +user namespace:",
                     r"the kernel is older than Landlock"):
            self.assertRegex(told, line)

    def test_what_starts_nothing_works(self):
        result = self.snug("plan", "--json", "--", "true")
        self.assert_status(result, 0)


if __name__ == "__main__":
    snugtest.main()
