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

    # One for each of: the default, another user id, the host's settings, root of the host.
    WAYS = [(), ("--user", "root"), ("--set", 'filesystem.etc="host"')] + [("--user", "host-root")] * ROOT

    def test_ids_of_the_machine_anywhere(self):
        # Wherever the machine says who it is, whatever the file is called: the sandbox holds none of these.
        places = ("/etc/machine-id", "/var/lib/dbus/machine-id", "/sys/class/dmi/id/product_uuid", "/sys/class/dmi/id/board_serial",
                  "/proc/sys/kernel/random/boot_id", "/etc/hostid")
        ids = []
        for path in places:
            try:
                with open(path) as file:
                    ids.append(file.read().strip())
            except OSError:
                pass
        ids = [one for one in ids if len(one) >= 8]
        self.assertTrue(ids)
        search = ("IFS='\n'; for id in $0; do grep -rlsFi -e \"$id\" /etc /var /run /sys /dev/shm /proc/sys /proc/cpuinfo /proc/version "
                  "/proc/self/mountinfo /proc/self/environ; done; true")
        for options in self.WAYS:
            with self.subTest(options=options):
                found = self.inside("sh", "-c", search, "\n".join(ids), options=options)
                self.assert_status(found, 0)
                self.assertEqual(found.stdout, b"", "an id of the machine is inside")
        if not NESTED:
            outside = subprocess.run(["grep", "-lsF", ids[-1], *places], capture_output=True)
            self.assertTrue(outside.stdout)

    BOOT_ID = "/proc/sys/kernel/random/boot_id"

    def test_the_id_of_this_boot(self):
        with open(self.BOOT_ID) as file:
            ids = [file.read()]
        for options in self.WAYS:
            inside = self.shell("cat " + self.BOOT_ID, options=options)
            self.assertRegex(inside, r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$")
            self.assertNotIn(inside, ids[:1])
            ids.append(inside)
            for attempt in ("write", "truncate", "remove", "umount"):
                self.assert_contained(attempt, self.BOOT_ID, options=options)
            self.assertIn("Read-only", self.inside("chmod", "0644", self.BOOT_ID, options=options).stderr.decode())
        self.assertEqual(self.shell("cat " + self.BOOT_ID), ids[1], "it changes between runs of one boot")
        other = self.snug("run", "--", "cat", self.BOOT_ID, cwd=self.folder("other"))
        self.assertNotIn(other.stdout.decode(), ids)

    def test_the_name_of_the_machine(self):
        self.assertNotIn(os.uname().nodename, self.shell("uname -n; cat /etc/hostname; hostname") if not NESTED else "")


if __name__ == "__main__":
    escaping.main()
