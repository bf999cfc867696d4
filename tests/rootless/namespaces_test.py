"""The eight kinds of namespaces, as they are seen inside and out; clocks and cgroups of the sandbox's own; being root
inside."""
import json
import os
import re
import time

import snugtest

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
CLOCKS = '[namespaces]\ntime = { monotonic = "3d", boottime = "5d" }\n'
DAY = 86400


def namespaces_of(pid):
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS}


class KindsTest(snugtest.Case):
    def links_inside(self, profile):
        out = self.shell("for k in " + " ".join(KINDS) + "; do readlink /proc/self/ns/$k; done", profile=profile)
        return dict(zip(KINDS, out.split()))

    def test_seven_are_new_and_the_eighth_on_request(self):
        outside = namespaces_of("self")
        inside = self.links_inside('')
        for kind in KINDS:
            self.assertRegex(inside[kind], rf"^{kind}:\[\d+\]$")
            (self.assertEqual if kind == "time" else self.assertNotEqual)(inside[kind], outside[kind], kind)
        with_clocks = self.links_inside(CLOCKS)
        for kind in KINDS:
            self.assertNotEqual(with_clocks[kind], outside[kind], kind)

    def test_outside_shows_the_same_as_inside(self):
        read, write = os.pipe()
        process = self.start("sh", "-c", "for k in " + " ".join(KINDS) + "; do readlink /proc/self/ns/$k; done; echo done; read line",
                             profile=CLOCKS, options=["--status-fd", str(write)], pass_fds=[write])
        os.close(write)
        with open(read) as lines:
            init = json.loads(lines.readline())["init_pid"]
            inside = [process.stdout.readline().decode().strip() for _ in KINDS]
            self.assertEqual(process.stdout.readline(), b"done\n")
            command = snugtest.children_of(init)
            self.assertTrue(command)
            seen = namespaces_of(command[0])
            self.assertEqual([seen[kind] for kind in KINDS], inside)
            process.stdin.write(b"\n")
            process.stdin.close()
            self.assertEqual(process.wait(60), 0)

    def test_the_plan_names_them(self):
        result = self.snug("plan", "-p", self.profile(CLOCKS), "--", "true")
        self.assertRegex(result.stdout, rb"user, mount, pid, ipc, uts, cgroup, network, time \(monotonic 3d, boottime 5d\)")


class ClockTest(snugtest.Case):
    SHOW = ["/usr/bin/python3", "-c", "import time; print(time.clock_gettime(time.CLOCK_MONOTONIC), "
            "time.clock_gettime(time.CLOCK_BOOTTIME), time.time(), open('/proc/uptime').read().split()[0])"]

    def clocks(self, profile):
        result = self.inside(*self.SHOW, profile=profile)
        self.assert_status(result, 0)
        return [float(word) for word in result.stdout.split()]

    def assert_near(self, value, expected):
        self.assertLess(abs(value - expected), 100)

    def test_its_clocks_are_ahead_and_the_time_of_day_is_the_hosts(self):
        monotonic, boottime, day, uptime = self.clocks(CLOCKS)
        self.assert_near(monotonic, time.clock_gettime(time.CLOCK_MONOTONIC) + 3 * DAY)
        self.assert_near(boottime, time.clock_gettime(time.CLOCK_BOOTTIME) + 5 * DAY)
        self.assert_near(uptime, time.clock_gettime(time.CLOCK_BOOTTIME) + 5 * DAY)
        self.assert_near(day, time.time())

    def test_without_offsets_they_are_the_hosts(self):
        monotonic, boottime, _, _ = self.clocks("")
        self.assert_near(monotonic, time.clock_gettime(time.CLOCK_MONOTONIC))
        self.assert_near(boottime, time.clock_gettime(time.CLOCK_BOOTTIME))

    def test_a_time_limit_counts_the_hosts_time(self):
        began = time.monotonic()
        result = self.inside("sleep", "300", profile=CLOCKS + '[limits]\ntimeout = "1s"\n')
        self.assert_status(result, 124)
        self.assertLess(time.monotonic() - began, 60)

    def test_before_the_start_of_the_machine_there_is_no_time(self):
        self.assert_refused(self.inside("true", profile='[namespaces]\ntime = { boottime = "-36500d" }\n'),
                            'cannot put the clock "boottime" back by 36500d', r"needed by: \S+test.toml:3", 'fix: write "-')


class CgroupTest(snugtest.Case):
    def test_the_top_is_its_own(self):
        lines = self.shell("cat /proc/self/cgroup").splitlines()
        for line in lines:
            self.assertRegex(line, r"^\d+:[^:]*:/$")

    def test_nothing_in_it_can_be_written(self):
        out = self.shell("for f in /sys/fs/cgroup/*; do [ -w $f ] && echo $f; done; mkdir /sys/fs/cgroup/new 2>/dev/null && echo made; true")
        self.assertEqual(out, "")


class RootTest(snugtest.Case):
    ROOT = 'user = "root"\n'

    def test_root_inside_is_the_user_outside(self):
        self.assertEqual(self.shell("id -u; id -g; id -un; echo $HOME", profile=self.ROOT).split(), ["0", "0", "root", snugtest.HOME])
        self.shell("echo mine > made", profile=self.ROOT)
        self.assertEqual(os.stat(os.path.join(self.project, "made")).st_uid, os.getuid())

    def test_root_inside_has_no_capability(self):
        status = self.shell("cat /proc/self/status", profile=self.ROOT)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(re.search(rf"^{name}:\s+(\S+)$", status, re.M)[1], "0" * 16)


if __name__ == "__main__":
    snugtest.main()
