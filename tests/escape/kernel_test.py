"""Attempts at the kernel itself: its stores, programs, knobs and logs, which have no namespace."""
import glob
import os
import re
import subprocess
import unittest

import escaping
import snugtest
from escaping import ATTEMPT, Escape, NESTED, ROOT, WITHOUT_FILTER


class Keys(Escape):
    def test_the_callers_session_keys(self):
        # A key planted in the session that starts snug; the serial number is known inside.
        script = ("import ctypes, subprocess, sys, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                  "join = libc.syscall(250, 1, None)\n"
                  "key = libc.syscall(248, b'user', b'snug-escape', b'hunter2', 7, -3)\nassert key > 0, ctypes.get_errno()\n"
                  "for words in (sys.argv[2:], [sys.argv[1]]):\n"
                  "  r = subprocess.run([*words, 'read-key', str(key)], capture_output=True, text=True)\n"
                  "  print('inside' if len(words) > 1 else 'outside', r.returncode, r.stdout.strip(), flush=True)\n")
        if NESTED or os.uname().machine != "x86_64":
            self.skipTest("the outer sandbox has no keys")
        for options in ([], ["--set", 'seccomp.allow=["keyctl", "request_key", "add_key"]']):
            command = ["python3", "-c", script, ATTEMPT, *self.snug_words(options)]
            lines = subprocess.run(command, stdout=subprocess.PIPE, cwd=self.project, text=True, timeout=30).stdout.splitlines()
            self.assertEqual(lines[0].split()[:2], ["inside", "1"], lines)
            self.assertRegex(lines[1], r"^outside 0 read-key: got it hunter2")

    def snug_words(self, options):
        return [snugtest.SNUG, *self.words([self.tool], options=options)]

    def test_each_call(self):
        for words in (("keyring",), ("add-key", "snug-escape"), ("search-key", "snug-escape")):
            self.assert_contained(*words)
        self.assert_works_outside("keyring", nested=False)
        self.assert_works_outside("add-key", "snug-escape", nested=False)


class Interfaces(Escape):
    def test_each(self):
        for name in ("bpf", "perf", "userfaultfd", "io-uring", "module", "kexec", "dmesg", "clock", "fanotify",
                     "memfd-secret", "iopl", "modify-ldt"):
            with self.subTest(name):
                self.assert_contained(name)
                self.assert_contained(name, options=["--user", "root"])

    def test_they_exist_outside(self):
        for name in ("fanotify", "userfaultfd", "modify-ldt"):
            self.assert_works_outside(name, nested=False)
        if ROOT:
            for name in ("bpf", "perf", "dmesg"):
                self.assert_works_outside(name)


class Knobs(Escape):
    HARMLESS = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}

    def test_no_file_of_the_kernels_opens_for_writing(self):
        for options in ([], ["--user", "root"], ["--net", "host"]):
            with self.subTest(options=options):
                text = self.assert_contained("any-writable", "/proc", "/sys", options=options)
                self.assertIn("EROFS", text)
        result = self.try_inside("any-writable", "/dev")
        opened = set(re.findall(r"/dev/\S+", result.stdout.decode()))
        self.assertLessEqual(opened, self.HARMLESS)
        if not NESTED:
            self.assert_works_outside("any-writable", "/proc/sys" if ROOT else "/proc/pressure")

    KNOBS = ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug",
             "/proc/sys/fs/binfmt_misc/register", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/release_agent",
             "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/notify_on_release", "/sys/power/state", "/proc/sys/vm/drop_caches",
             "/proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/poweroff_cmd", "/proc/irq/default_smp_affinity")

    def test_knobs_that_run_programs_or_stop_the_machine(self):
        for options in ([], ["--user", "root"]):
            for path in self.KNOBS:
                with self.subTest(path, options=options):
                    self.assert_contained("open-write", path, options=options)

    @unittest.skipUnless(ROOT, "as root only: uid 0 of the host inside")
    def test_knobs_as_root_of_the_host(self):
        for path in self.KNOBS + ("/etc/shadow", "/proc/pressure/cpu"):
            with self.subTest(path):
                self.assert_contained("open-write", path, options=["--user", "host-root"])
        text = self.assert_contained("any-writable", "/proc", "/sys", options=["--user", "host-root"])
        self.assertIn("EROFS", text)
        self.assert_works_outside("open-write", "/proc/sys/kernel/core_pattern")

    @unittest.skipUnless(ROOT, "as root only")
    def test_the_core_pattern_stays(self):
        with open("/proc/sys/kernel/core_pattern") as file:
            before = file.read()
        self.inside("sh", "-c", "echo '|/tmp/evil' >/proc/sys/kernel/core_pattern", options=["--user", "host-root"])
        with open("/proc/sys/kernel/core_pattern") as file:
            self.assertEqual(file.read(), before)


class Leaks(Escape):
    PLACES = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sysrq-trigger", "/proc/kmsg",
              "/dev/kmsg", "/dev/mem", "/proc/kpageflags", "/proc/kpagecount", "/proc/slabinfo", "/proc/vmallocinfo",
              "/sys/kernel/debug/sched/debug", "/sys/firmware/acpi/tables/DSDT", "/sys/block/vda/size",
              "/proc/cmdline", "/proc/config.gz", "/proc/diskstats", "/proc/interrupts", "/proc/iomem", "/proc/ioports",
              "/proc/modules", "/proc/partitions", "/proc/softirqs", "/proc/kallsyms", "/proc/acpi/wakeup")

    def test_what_tells_about_the_machine(self):
        told = 0
        for path in self.PLACES:
            with self.subTest(path):
                self.assert_contained("read", path)
                told += self.try_outside("read", path).returncode == 0
        self.assertGreaterEqual(told, 6, "outside they tell little, too")

    def test_ids_of_the_machine(self):
        if os.path.exists("/etc/machine-id") and not NESTED:
            with open("/etc/machine-id") as file:
                self.assertNotIn(file.read().strip() or "none", self.shell("cat /etc/machine-id"))
        self.assertNotIn(os.uname().nodename, self.shell("uname -n; cat /etc/hostname; hostname") if not NESTED else "")


if __name__ == "__main__":
    escaping.main()
