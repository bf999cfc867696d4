"""`snug doctor` on this machine, and on machines made worse in a namespace: what is missing is named with its fix."""

import ctypes
import json
import os
import struct
import subprocess
import sys
import unittest

SNUG = os.environ["SNUG"]
HOME = os.environ["HOME"]


def doctor(*prefix, env=None, preexec=None):
    """Runs `PREFIX snug doctor --json`; the exit status and the checks by id."""
    ran = subprocess.run([*prefix, SNUG, "doctor", "--json"], env={**os.environ, **(env or {})},
                         preexec_fn=preexec, capture_output=True, text=True, timeout=60)
    try:
        report = json.loads(ran.stdout)
    except ValueError:
        raise AssertionError(f"no JSON: {ran.stdout!r} {ran.stderr!r}")
    assert report["schema"] == 1, report
    return ran.returncode, {check["id"]: check for check in report["checks"]}


def worse(script):
    """A command that becomes root of a user namespace, makes the machine worse by `script` and runs its arguments."""
    return ["unshare", "-Urm", "sh", "-ec", script + '\nexec "$@"', "sh"]


def refuse_unshare():
    """A filter that answers unshare(2) with EPERM, as a container's does."""
    number = {"x86_64": 272, "aarch64": 97}[os.uname().machine]
    code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in code)
    buffer = ctypes.create_string_buffer(program)
    descriptor = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, descriptor, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot install the filter")


def entries(directory):
    return sorted(os.path.join(base, name) for base, folders, files in os.walk(directory) for name in folders + files)


class ThisMachine(unittest.TestCase):
    def test_all_that_a_sandbox_needs_is_there_and_nothing_stays(self):
        before = entries(HOME)
        status, checks = doctor()
        self.assertEqual([c for c in checks.values() if c["state"] == "missing"], [])
        self.assertEqual(status, 0)
        self.assertEqual(entries(HOME), before)

    def test_every_check_is_there(self):
        _, checks = doctor()
        self.assertEqual(set(checks), {"kernel", "state", "user-namespace", "namespaces", "mount-api", "proc", "terminal",
                                       "seccomp", "memory-file", "overlay", "landlock", "time-namespace", "cgroup", "subids"})

    def test_a_state_directory_with_an_odd_name(self):
        state = os.path.join(HOME, "a,b:c d\\e\n")
        os.makedirs(os.path.join(state, "snug"))
        status, checks = doctor(env={"XDG_STATE_HOME": state})
        self.assertEqual((status, checks["overlay"]["state"]), (0, "ok"))
        self.assertEqual(entries(state), [os.path.join(state, "snug")])

    def test_text_names_every_check(self):
        ran = subprocess.run([SNUG, "doctor"], capture_output=True, text=True, timeout=60)
        self.assertIn("user namespace: id maps written, a mount made, loopback up", ran.stdout)
        self.assertNotIn("\x1b", ran.stdout)
        self.assertEqual(ran.stderr, "")


class MadeWorse(unittest.TestCase):
    def refused(self, prefix, check, *, status=1, **options):
        got, checks = doctor(*prefix, **options)
        self.assertNotEqual(checks[check]["state"], "ok", checks[check])
        self.assertEqual(got, status, checks)
        return checks[check]

    def test_no_user_namespaces_left(self):
        prefix = worse("echo 0 > /proc/sys/user/max_user_namespaces; ! unshare -U true 2>/dev/null")
        check = self.refused(prefix, "user-namespace")
        self.assertIn("user.max_user_namespaces is 0", check["detail"])
        self.assertIn("sudo sysctl -w user.max_user_namespaces=15000", check["fix"])

    def test_what_needs_a_user_namespace_is_not_tried_without(self):
        _, checks = doctor(*worse("echo 0 > /proc/sys/user/max_user_namespaces"))
        for name in ("namespaces", "mount-api", "overlay", "proc", "terminal"):
            self.assertEqual(checks[name]["detail"], "not tried: needs user namespaces")
        self.assertEqual(checks["seccomp"]["state"], "ok")

    def test_no_network_namespaces_left(self):
        check = self.refused(worse("echo 0 > /proc/sys/user/max_net_namespaces"), "user-namespace")
        self.assertIn("user.max_net_namespaces is 0", check["detail"])

    def test_no_time_namespaces_is_no_obstacle(self):
        check = self.refused(worse("echo 0 > /proc/sys/user/max_time_namespaces"), "time-namespace", status=0)
        self.assertEqual(check["state"], "degraded")
        self.assertIn("user.max_time_namespaces=15000", check["fix"])

    def test_a_masked_proc(self):
        check = self.refused(worse("mount --bind /dev/null /proc/uptime"), "proc")
        self.assertIn("/proc/uptime", check["detail"])
        self.assertIn("/proc/uptime", check["fix"])

    def test_a_chroot(self):
        script = ('root=$(mktemp -d "$HOME/root.XXXXXX"); mount --rbind / "$root"\n'
                  'exec chroot "$root" "$@"')
        check = self.refused(worse(script), "user-namespace")
        self.assertIn("chroot", check["detail"])

    def test_a_filter_that_refuses_namespaces(self):
        check = self.refused([], "user-namespace", preexec=refuse_unshare)
        self.assertIn("a seccomp filter is already on this process", check["detail"])
        self.assertIn("RestrictNamespaces=no", check["fix"])

    def test_a_state_directory_that_cannot_be_written(self):
        check = self.refused([], "state", env={"XDG_STATE_HOME": "/proc/1"})
        self.assertIn("cannot write to /proc/1", check["detail"])
        self.assertIn("XDG_STATE_HOME=", check["fix"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
