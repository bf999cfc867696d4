"""Clocks that are set while sandboxes run: the time of day jumps a year ahead or back, and somebody looks who has another
clock since boot (a time namespace). Limits end runs as they would, records stay true, nothing counts as older than it is."""
import json
import os
import shutil
import subprocess
import time

import snugtest
from sessions_checks import WAITING, Sessions
from snugtest import SNUG, STATE, need_program, show

YEAR = 365 * 24 * 3600
JUMPS = (YEAR, -YEAR)


class Clocks(Sessions):
    def setUp(self):
        super().setUp()
        self.clock = os.path.join(self.project, "clock")  # the command inside may set it, too
        self.addCleanup(lambda: [self.snug("kill", "-s", "KILL", one) for one in self.ids()])

    def environment(self, extra=None):
        return super().environment({"LD_PRELOAD": os.environ["JUMPING"], "SNUG_TEST_CLOCK": self.clock, **(extra or {})})

    def set(self, seconds):
        self.write("clock", f"{seconds}\n")


class TimeOfDay(Clocks):
    def test_the_clock_of_these_tests_jumps(self):
        self.begin(name="web")
        self.set(YEAR)
        self.assertGreater(self.only()["age"], YEAR - 60)

    def test_a_time_limit(self):
        for jump in JUMPS:
            begin = time.monotonic()
            result = self.inside("sh", "-c", f"echo {jump} >clock; sleep 0.3; echo still; sleep 60", options=["--timeout", "1s"],
                                 env=self.environment())
            self.assertEqual((result.returncode, result.stdout), (124, b"still\n"), self.story(result))
            self.assertLess(time.monotonic() - begin, snugtest.patient(30))
            self.set(0)

    def test_a_running_one_is_listed_entered_and_ended(self):
        self.begin(name="web")
        for jump in JUMPS:
            self.set(jump)
            one = self.only()
            self.assertEqual(one["name"], "web")
            self.assertGreaterEqual(one["age"], 0)
            self.assertNotRegex(show(self.snug("ps").stdout), r"\s-\d")
            self.assert_status(self.snug("exec", "web", "true"), 0)
        self.assert_status(self.snug("kill", "web"), 0)
        self.assertEqual(self.ids(), [])

    def test_a_detached_one_and_what_is_kept_of_it(self):
        for jump in JUMPS:
            self.set(0)
            shutil.rmtree(os.path.join(STATE, "detached"), ignore_errors=True)
            id = show(self.snug("run", "--detach", "--", "sh", "-c", f"echo said; echo {jump} >clock; sleep 0.2; exit 3").stdout).strip()
            self.assert_status(self.snug("wait", id), 3)
            self.assertEqual(self.snug("logs", id).stdout, b"said\n")
            every = json.loads(self.snug("ps", "--all", "--json").stdout)["sandboxes"]
            self.assertEqual([(one["id"], one["age"] >= 0) for one in every], [(id, True)])

    def test_nothing_is_dropped_for_an_age_it_does_not_have(self):
        # It ended when the clock was a year ahead; by the clock of today it ends in the future, and is kept.
        self.set(YEAR)
        id = show(self.snug("run", "--detach", "--", "sh", "-c", "echo said; exit 3").stdout).strip()
        self.assert_status(self.snug("wait", id), 3)
        self.set(0)
        other = show(self.snug("run", "--detach", "--", "true").stdout).strip()
        self.assert_status(self.snug("wait", other), 0)
        self.assert_status(self.snug("clean", "--yes", "--older", "1d", "logs"), 0)
        self.assertEqual(self.snug("logs", id).stdout, b"said\n")

    def test_a_capture(self):
        for jump in JUMPS:
            self.set(0)
            self.write("file", "before\n")
            result = self.inside("sh", "-c", "echo inside >file", options=["--project", "overlay"], env=self.environment())
            self.assert_status(result, 0)
            self.set(jump)
            listed = self.snug("clean")
            self.assertNotRegex(show(listed.stdout), r"\s-\d", self.story(listed))
            self.assertIn(b"file", self.snug("diff", "--name-only").stdout)
            self.assert_status(self.snug("apply", "--yes"), 0)
            with open(os.path.join(self.project, "file")) as file:
                self.assertEqual(file.read(), "inside\n")


class SinceBoot(Clocks):
    def test_whoever_has_another_one_removes_nobodys_record(self):
        need_program("unshare")
        self.begin(WAITING, name="web")
        elsewhere = ["unshare", "--user", "--map-current-user", "--time", "--boottime", "100000", "--monotonic", "100000", "--fork"]
        seen = subprocess.run([*elsewhere, "cut", "-d.", "-f1", "/proc/uptime"], capture_output=True, text=True)
        with open("/proc/uptime") as file:
            self.assertGreater(int(seen.stdout or 0), float(file.read().split()[0]) + 90000, seen.stderr)
        for words in (["ps", "-q"], ["ps", "--all"], ["run", "--name", "other", "--", "sleep", "0.2"]):
            result = subprocess.run([*elsewhere, SNUG, *words], cwd=self.project, env=self.environment(), capture_output=True, timeout=60)
            self.assert_status(result, 0)
            self.assertEqual(self.only()["name"], "web")
        self.assert_status(self.snug("exec", "web", "true"), 0)


if __name__ == "__main__":
    snugtest.main()
