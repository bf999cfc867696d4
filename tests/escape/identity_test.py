"""Attempts to be somebody else: capabilities, ids, setuid programs, limits."""
import os
import shutil
import stat
import subprocess
import unittest

import escaping
from escaping import ATTEMPT, Escape, NESTED, PRIVILEGED, ROOT, WITHOUT_FILTER
from snugtest import PROBE, quoted

SETS = ("effective", "permitted", "inheritable", "bounding", "ambient")


class Capabilities(Escape):
    def test_no_set_holds_any(self):
        for options in ([], ["--user", "root"], ["--net", "host"]):
            facts = self.probe("capabilities", options=options)
            for name in SETS:
                self.assertEqual(facts.one(name), "0" * 16, (name, options))
            self.assertEqual(facts.one("no-new-privs"), "1")
        control = self.probe_outside("capabilities", before=[] if ROOT else PRIVILEGED)
        self.assertNotEqual(control.one("effective"), "0" * 16)

    def test_root_inside_is_nobody_to_the_kernel(self):
        script = "id -u; chown 1:1 f 2>/dev/null && echo changed; cat /etc/shadow 2>/dev/null; hostname evil 2>/dev/null; hostname"
        self.write("f", "")
        seen = self.inside("sh", "-c", script, options=["--user", "root"]).stdout.decode().split()
        self.assertEqual(seen, ["0", "snug"])


@unittest.skipUnless(ROOT, "as root only: the user the commands of root run as")
class StandIn(Escape):
    def test_it_is_never_root_whatever_sudo_left_behind(self):
        for uid, gid in (("0", "0"), ("4294967295", "0"), ("-1", "-1"), ("", ""), ("4343", "0"), ("0", "4343")):
            with self.subTest(uid=uid, gid=gid):
                environment = {"SUDO_UID": uid, "SUDO_GID": gid, "SUDO_USER": "root"}
                result = self.inside("sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map", env=environment)
                self.assertEqual(result.returncode, 0, self.story(result))
                outside = [line.split()[1] for line in result.stdout.decode().splitlines()]
                self.assertEqual(outside, ["4343" if uid == "4343" else "65534", "65534"])

    def test_files_only_root_may_read(self):
        secret = self.write(os.path.join(self.folder("shared"), "secret"), "the secret\n", 0o600)
        profile = f"[filesystem]\nread = [{quoted(os.path.dirname(secret))}]\n"
        closed = self.inside("cat", "/etc/shadow", profile='[filesystem]\netc = "host"\n', env={"SUDO_UID": "0", "SUDO_GID": "0"})
        self.assertNotEqual(closed.returncode, 0, self.story(closed))
        # What the profile names is reached through a mapping of ids: that is what naming it means.
        self.assertIn(b"the secret", self.inside("cat", secret, profile=profile).stdout)


class SetUid(Escape):
    def effective_user(self, command, run):
        """The effective uid of a program that waits for room in a full pipe, as the kernel tells anybody."""
        script = ("import os, subprocess, sys, time\nr, w = os.pipe()\nos.set_blocking(w, False)\n"
                  "try:\n  while True: os.write(w, b'x' * 4096)\nexcept BlockingIOError: pass\nos.set_blocking(w, True)\n"
                  "p = subprocess.Popen(sys.argv[1:], stdout=w, stderr=w)\ntime.sleep(0.1)\n"
                  "print([l for l in open(f'/proc/{p.pid}/status') if l.startswith('Uid')][0].split()[2])\np.kill()\n")
        result = run(["python3", "-c", script, *command])
        self.assertEqual(result.returncode, 0, self.story(result))
        return int(result.stdout)

    def outside(self, words):
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.project)

    def test_programs_of_the_system(self):
        programs = [f"/usr/bin/{name}" for name in ("mount", "umount", "su", "sudo", "passwd", "chsh", "newgrp", "gpasswd")]
        programs = [path for path in programs if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID]
        self.assertTrue(programs, "no setuid program here")
        for path in programs:
            with self.subTest(path):
                inside = self.effective_user([path, "--help"], lambda words: self.inside(*words))
                self.assertEqual(inside, 65534 if ROOT else os.getuid())
        if not ROOT and not NESTED:
            self.assertEqual(self.effective_user(["/usr/bin/mount", "--help"], self.outside), 0)

    def test_one_planted_in_the_project(self):
        if not ROOT:
            self.skipTest("only root can plant a program of root's")
        for place in ("project", "read"):
            folder = self.project if place == "project" else self.folder("programs")
            path = os.path.join(folder, "become")
            shutil.copy(PROBE, path)
            os.chmod(path, 0o6755)
            profile = f"[filesystem]\nread = [{quoted(folder)}]\n" if place == "read" else None
            result = self.inside(path, "ids", "--", "capabilities", profile=profile)
            self.assertIn(b"uid 65534 65534 65534", result.stdout, self.story(result))
        control = subprocess.run(["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups", PROBE, "ids"],
                                 capture_output=True)
        self.assertIn(b"uid 4242 4242 4242", control.stdout)

    def test_ids_changed(self):
        script = ("import os\nfor call in (os.setuid, os.setgid, os.seteuid, lambda n: os.setgroups([n])):\n"
                  "  for n in (0, 1, 1000, 65534):\n    try: call(n); print('became', n, os.getresuid(), os.getgroups())\n"
                  "    except OSError: pass\n")
        lines = self.inside("python3", "-c", script).stdout.decode().splitlines()
        own = 65534 if ROOT else os.getuid()
        self.assertFalse([line for line in lines if f"became {own} ({own}, {own}, {own})" not in line], lines)


class Limits(Escape):
    def test_every_writable_tmpfs_is_bounded(self):
        mounts = self.shell("cat /proc/self/mountinfo").splitlines()
        places = [line.split()[4] for line in mounts if " - tmpfs " in line and " rw," in line.split(" - ")[0]]
        self.assertIn("/tmp", places)
        for place in places:
            self.assert_contained("limits-of", place)

    def test_filling_one(self):
        profile = '[filesystem]\ntmpfs = [{ path = "/scratch", size = "2M" }]\n'
        self.assert_contained("fill", "/scratch", str(3 << 20), profile=profile)
        self.assert_works_inside("fill", "/scratch", str(1 << 20), profile=profile)
        for place in ("/run", "/dev/shm"):
            self.assert_contained("fill", place, str(8 << 30))

    def test_inodes_run_out_first(self):
        self.assert_contained("fill-inodes", "/run/lock", "20000")

    def test_the_root_takes_nothing(self):
        for place in ("/", "/proc", "/sys", "/dev", "/etc", "/usr"):
            self.assert_contained("fill", place, "1")

    def test_the_number_of_processes(self):
        profile = "[limits]\nrlimit = { nproc = 20 }\n"
        self.assert_contained("fork-bomb", "500", profile=profile)
        self.assert_works_inside("fork-bomb", "100")

    def test_raising_ones_limits(self):
        script = "ulimit -n 100 2>/dev/null && echo raised; ulimit -Hn"
        out = self.inside("sh", "-c", script, profile="[limits]\nrlimit = { nofile = 77 }\n").stdout
        self.assertEqual(out.split(), [b"77"])


if __name__ == "__main__":
    escaping.main()
