"""Started by real root: the command runs as another user of the kernel, and project and home are reached all the same."""
import os
import subprocess
import unittest

import snugtest
from snugtest import Case, HOME


class StandIn(Case):
    def test_it_is_an_ordinary_user_of_the_kernel(self):
        process = self.start("sh", "-c", "echo ready; read x")
        self.assertEqual(process.stdout.readline(), b"ready\n", process)
        uids = set()
        for pid in snugtest.children_of(process.pid):
            with open(f"/proc/{pid}/status") as file:
                uids.update(line.split()[1] for line in file if line.startswith("Uid:"))
        process.communicate(b"\n", timeout=20)
        self.assertEqual(uids, {"65534"})

    def test_sudo_user_is_the_stand_in(self):
        process = self.start("sh", "-c", "echo ready; read x", env={**os.environ, "SUDO_UID": "4343", "SUDO_GID": "4343"})
        self.assertEqual(process.stdout.readline(), b"ready\n")
        child = snugtest.children_of(process.pid)[-1]
        with open(f"/proc/{child}/status") as file:
            self.assertIn("Uid:\t4343\t4343", file.read())
        process.communicate(b"\n", timeout=20)

    def test_files_made_inside_belong_to_root_outside(self):
        self.shell("echo x > made; mkdir d; touch ~/kept; cat made")
        for name in ("made", "d"):
            self.assertEqual(os.stat(os.path.join(self.project, name)).st_uid, 0, name)

    def test_what_only_root_may_read_or_write_is_closed(self):
        closed = ["/etc/shadow", "/proc/sys/kernel/core_pattern", "/proc/1/mem", "/proc/sysrq-trigger"]
        facts = self.probe("paths", *closed, profile='[filesystem]\netc = "host"\n')
        self.assertEqual(facts.path("/etc/shadow")[0], "file")
        self.assertNotEqual(facts.path("/etc/shadow")[1], "ok")
        for path in closed:
            self.assertNotEqual(facts.path(path)[2], "ok", path)
        self.assertEqual(self.probe_outside("paths", "/etc/shadow").path("/etc/shadow")[:2], ("file", "ok"))

    def test_capabilities_are_gone(self):
        facts = self.probe("capabilities")
        for name in ("effective", "permitted", "bounding"):
            self.assertEqual(facts.one(name), "0" * 16)

    def test_a_build_works(self):
        self.write("x.c", "int main(void) { return 42; }\n")
        self.assert_status(self.inside("sh", "-c", "gcc -o x x.c && ./x"), 42)

    def test_exit_statuses_and_pipes(self):
        self.assert_status(self.inside("sh", "-c", "exit 9"), 9)
        self.assertEqual(self.inside("cat", input=b"through").stdout, b"through")

    def test_nothing_is_left_mounted(self):
        before = open("/proc/self/mountinfo").read()
        self.assert_status(self.inside("true"), 0)
        self.assertEqual(before, open("/proc/self/mountinfo").read())

    def test_host_root_on_request_says_so(self):
        result = self.inside("id", "-u", options=["--user", "host-root"])
        self.assertEqual(result.returncode, 0, self.story(result))
        plan = self.snug("plan", "--user", "host-root")
        self.assertRegex(snugtest.show(plan.stdout).split("\n")[0], "uid 0 of the host")
        facts = self.probe("paths", "/proc/sys/kernel/core_pattern", "/sys", options=["--user", "host-root"])
        self.assertNotEqual(facts.path("/proc/sys/kernel/core_pattern")[2], "ok")


if __name__ == "__main__":
    snugtest.main()
