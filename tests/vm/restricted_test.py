"""Machines set up so that a sandbox cannot be made: each restriction is shown to be active by another program, then
snug must name the cause, and its fix, pasted, must do. Runs in the machines of tests/vm, whose user may use sudo.
"""
import os
import re
import shutil
import subprocess
import unittest

import snugtest
from snugtest import SNUG, Case, show

LONG = 300


def run(*command, **more):
    return subprocess.run(command, capture_output=True, timeout=LONG, **more)


def as_root(script):
    done = run("sudo", "-n", "sh", "-euc", script)
    if done.returncode != 0:
        raise AssertionError(f"{script}: {show(done.stderr)}")
    return show(done.stdout)


class Restricted(Case):
    def knob(self, name, value):
        """Sets a sysctl for the length of the test."""
        before = as_root(f"sysctl -n {name}").strip()
        as_root(f"sysctl -qw {name}={value}")
        self.addCleanup(as_root, f"sysctl -qw {name}={before}")

    def assert_active(self, *unshare, says):
        """Another program is refused too."""
        refused = run("unshare", *unshare, "true")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(says, show(refused.stderr))

    def refused(self, *before, cause):
        """What snug says, started by BEFORE; doctor must know the cause too."""
        result = run(*before, SNUG, "run", "--", "true", cwd=self.project)
        self.assert_refused(result, cause, "fix: ")
        doctor = run(*before, SNUG, "doctor", cwd=self.project)
        self.assert_status(doctor, 1)
        self.assertRegex(show(doctor.stdout), cause)
        return show(result.stderr)

    def assert_works(self, *before):
        result = run(*before, SNUG, "run", "--", "echo", "works", cwd=self.project)
        self.assert_status(result, 0)
        self.assertEqual(result.stdout, b"works\n")

    def paste_fix(self, message):
        """The command after "fix: ", as a user would paste it."""
        command = re.search(r"fix: (sudo .*?)(   .*)?$", message, re.MULTILINE).group(1)
        pasted = run("sh", "-c", command)
        self.assertEqual(pasted.returncode, 0, f"{command}: {show(pasted.stderr)}")


class Knobs(Restricted):
    def test_no_user_namespaces(self):
        self.knob("user.max_user_namespaces", 0)
        self.assert_active("--user", says="No space left on device")
        self.paste_fix(self.refused(cause=r"user\.max_user_namespaces is 0"))
        self.assert_works()

    def test_user_namespaces_for_root_only(self):
        self.knob("kernel.unprivileged_userns_clone", 0)
        self.assert_active("--user", says="Operation not permitted")
        self.paste_fix(self.refused(cause=r"kernel\.unprivileged_userns_clone is 0"))
        self.assert_works()

    def test_no_network_namespaces(self):
        self.knob("user.max_net_namespaces", 0)
        self.assert_active("--user", "--net", says="No space left on device")
        self.paste_fix(self.refused(cause=r"user\.max_net_namespaces is 0"))
        self.assert_works()

    def test_a_covered_proc(self):
        as_root("mount --bind /dev/null /proc/uptime")
        self.addCleanup(run, "sudo", "-n", "umount", "/proc/uptime")
        self.assert_active("--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", says="mount /proc failed")
        self.paste_fix(self.refused(cause=r"parts of /proc are covered by other mounts \(/proc/uptime\)"))
        self.assert_works()


class Newer(Restricted):
    def test_memory_files_that_cannot_be_executed(self):
        """Linux 6.3."""
        self.knob("vm.memfd_noexec", 2)
        with self.assertRaises(OSError):
            os.close(os.memfd_create("x", 0x10))  # MFD_EXEC
        self.paste_fix(self.refused(cause=r"vm\.memfd_noexec is 2"))
        self.assert_works()


class NewerAppArmor(Restricted):
    """Linux 6.7: a profile says whether what it confines may make user namespaces, and which rights it has in them."""

    CONFINED = ["sh", "-c", 'echo "exec snug-test" > /proc/self/attr/exec; exec "$@"', "sh"]
    REST = "file, /{**,} rwlkmix, network, unix, signal, ptrace, dbus, mqueue, io_uring,"

    def load(self, *rules, flags=""):
        path = "/etc/apparmor.d/snug-test"
        rules = " ".join(rules)
        as_root(f"echo 'abi <abi/4.0>, profile snug-test {flags} {{ {self.REST} {rules} }}' > {path}; apparmor_parser -r {path}")

    def tearDown(self):
        as_root("apparmor_parser -R /etc/apparmor.d/snug-test; rm /etc/apparmor.d/snug-test")

    def fix_works(self):
        message = self.refused(*self.CONFINED, cause="the AppArmor profile of this process, snug-test.*, does not allow it")
        rules, flags = re.search(r"add the line `(.*)` and (flags=\S+) to that profile", message).groups()
        self.load(rules, flags=flags)
        self.assert_works(*self.CONFINED)

    def test_a_profile_that_allows_no_user_namespaces(self):
        self.load("capability,")
        refused = run(*self.CONFINED, "unshare", "--user", "true")
        self.assertIn("Permission denied", show(refused.stderr))
        self.assertEqual(run("unshare", "--user", "true").returncode, 0)
        self.fix_works()

    def test_a_profile_that_allows_no_capabilities_in_them(self):
        self.load("userns,")
        self.assertEqual(run(*self.CONFINED, "unshare", "--user", "true").returncode, 0)
        self.assertNotEqual(run(*self.CONFINED, "unshare", "--user", "--map-root-user", "--mount", "true").returncode, 0)
        self.fix_works()


class Ubuntu(Restricted):
    """Ubuntu's kernel gives what is in no profile of its own a user namespace without rights in it."""

    CAUSE = r"kernel\.apparmor_restrict_unprivileged_userns is 1: a user namespace may be made, but gives no rights"
    PROFILE = "/etc/apparmor.d/snug"

    def setUp(self):
        super().setUp()
        as_root("sed -i 's/ flags=(complain)//' /etc/apparmor.d/unprivileged_userns")
        as_root("apparmor_parser -r /etc/apparmor.d/unprivileged_userns")
        self.knob("kernel.apparmor_restrict_unprivileged_userns", 1)
        self.assertEqual(run("unshare", "--user", "true").returncode, 0)
        self.assert_active("--user", "--map-root-user", says="Operation not permitted")
        self.addCleanup(as_root, f"test ! -e {self.PROFILE} || {{ apparmor_parser -R {self.PROFILE}; rm {self.PROFILE}; }}")

    def test_snug_alone_may_be_allowed(self):
        message = self.refused(cause=self.CAUSE)
        commands = re.search(r"let snug alone have them:\n((.*\n){3})", message).group(1)
        pasted = run("sh", "-euc", commands)
        self.assertEqual(pasted.returncode, 0, f"{commands}: {show(pasted.stderr)}")
        self.assert_active("--user", "--map-root-user", says="Operation not permitted")
        self.assert_works()

    def test_every_program_may_be_allowed(self):
        message = self.refused(cause=self.CAUSE)
        as_root(re.search(r"or every program: (sudo .*)$", message, re.MULTILINE).group(1))
        self.assert_works()

    def test_a_profile_for_another_path(self):
        as_root(f"echo 'abi <abi/4.0>, profile snug /usr/bin/snug flags=(unconfined) {{ userns, }}' > {self.PROFILE}")
        as_root(f"apparmor_parser -r {self.PROFILE}")
        message = self.refused(cause="the profile in /etc/apparmor.d/snug does not cover")
        fixed = re.search(r"(profile snug .* \})$", message, re.MULTILINE).group(1)
        as_root(f"echo 'abi <abi/4.0>, {fixed}' > {self.PROFILE}; apparmor_parser -r {self.PROFILE}")
        self.assert_works()


class Surroundings(Restricted):
    def test_a_chroot(self):
        for bind, cause in (("--rbind", "inside a chroot .* it refuses always"), ("copy", "runs in a chroot")):
            with self.subTest(bind):
                root = self.chroot(mount_point=bind == "--rbind")
                inside = ["sudo", "-n", "chroot", f"--userspec={os.getuid()}:{os.getgid()}", root, "env", f"HOME={snugtest.HOME}"]
                refused = run(*inside, "unshare", "--user", "true")
                self.assertIn("Operation not permitted", show(refused.stderr))
                # chroot(1) leaves the command in its root directory.
                message = self.refused(*inside, "sh", "-c", f'cd {self.project} && exec "$@"', "sh", cause=cause)
                self.assertRegex(message, "fix: start (it|snug) outside of")

    def chroot(self, mount_point):
        root = self.folder("root")
        self.addCleanup(as_root, f"umount -R -l {root}/* {root} 2>/dev/null || true")
        if mount_point:
            as_root(f"mount --rbind --make-rslave / {root}")
            return root
        # As debootstrap leaves one: the root itself is a directory of the file system it lies on.
        as_root(f"""cd {root}; mkdir usr etc dev proc sys home var tmp run
for name in usr etc dev proc sys home var; do mount --rbind --make-rslave /$name $name; done
for name in bin sbin lib lib64; do ln -s usr/$name $name; done""")
        return root

    def test_a_service_that_may_make_none(self):
        before = ["systemd-run", "--user", "--quiet", "--wait", "--pipe", "--property=RestrictNamespaces=yes",
                  f"--property=WorkingDirectory={self.project}", f"--setenv=HOME={snugtest.HOME}"]
        environment = {"XDG_RUNTIME_DIR": f"/run/user/{os.getuid()}"}
        os.environ.update(environment)
        self.addCleanup(os.environ.pop, "XDG_RUNTIME_DIR")
        self.assertNotEqual(run(*before, "unshare", "--user", "true").returncode, 0)
        message = self.refused(*before, cause="a seccomp filter is already on this process")
        self.assertIn("RestrictNamespaces=no", message)
        self.assert_works(*[word.replace("RestrictNamespaces=yes", "RestrictNamespaces=no") for word in before])

    def test_bubblewrap(self):
        before = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", snugtest.HOME, snugtest.HOME,
                  "--unshare-all", "--die-with-parent"]
        self.assert_works(*before)
        closed = [*before, "--unshare-user", "--disable-userns"]
        self.assertNotEqual(run(*closed, "unshare", "--user", "true").returncode, 0)
        message = self.refused(*closed, cause="already in a user namespace, of another sandbox or container, that may hold no more")
        self.assertIn("--disable-userns", message)

    def test_another_snug(self):
        # Where the outer sandbox sees it: the project.
        snug = shutil.copy(SNUG, self.project)
        result = run(SNUG, "run", "--", snug, "run", "--", "true", cwd=self.project)
        self.assert_refused(result, "already inside snug", "fix: write nested = true in the outer profile")
        result = run(SNUG, "run", "--set", "nested=true", "--", snug, "run", "--", "echo", "works", cwd=self.project)
        self.assertEqual((result.returncode, result.stdout), (0, b"works\n"), self.story(result))


class Root(Restricted):
    def test_the_machines_systemd_gives_root_a_scope(self):
        folder = as_root("mktemp -d /root/project.XXXXXX").strip()
        self.addCleanup(as_root, f"rm -rf {folder}")
        limited = f"cd {folder}; {SNUG} {{}} --memory 64M -- python3 -c 'bytearray(200 << 20)'"
        self.assertIn('"cgroup":{"from":"systemd"}', re.sub(r"\s", "", as_root(limited.format("plan --json"))))
        killed = run("sudo", "-n", "sh", "-c", limited.format("run"))
        self.assertEqual(killed.returncode, 137, self.story(killed))
        self.assertIn("killed: memory limit 64M, option --memory", show(killed.stderr))
        self.assertNotIn("snug", as_root("systemctl list-units --all --no-legend --type=scope"))


class Podman(Restricted):
    """A container of an ordinary user's, its root put together from the machine's folders."""

    @classmethod
    def setUpClass(cls):
        # The process podman keeps for its user namespace would hold the pipes of whatever starts it.
        subprocess.run(["podman", "unshare", "true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=LONG)

    def container(self, *options):
        root = os.path.join(self.project, "container")
        os.makedirs(os.path.join(self.project, "work"), exist_ok=True)
        self.addCleanup(as_root, f"rm -rf {root}")  # with what root of the container made there
        for name in ("usr", "etc", "dev", "proc", "sys", "tmp", "run", "var"):
            os.makedirs(os.path.join(root, name), exist_ok=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            if not os.path.islink(os.path.join(root, name)):
                os.symlink("usr/" + name, os.path.join(root, name))
        folder = os.path.dirname(SNUG)
        return ["podman", "run", "--rm", "--network=host", "--volume=/usr:/usr:ro", f"--volume={folder}:{folder}:ro",
                f"--volume={self.project}:{self.project}", f"--workdir={self.project}/work", f"--env=HOME={self.project}",
                *options, "--rootfs", root]

    def test_as_its_ordinary_user(self):
        self.fix_works("parts of /proc are masked", "--userns=keep-id")

    def test_as_its_root(self):
        self.fix_works("the container does not allow it: its seccomp filter")

    def fix_works(self, cause, *options):
        shown = run(*self.container(*options), "sh", "-c", "test -e /run/.containerenv && grep Seccomp: /proc/self/status")
        self.assertEqual(shown.stdout.split(), [b"Seccomp:", b"2"], self.story(shown))
        message = self.refused(*self.container(*options), cause=cause)
        fix = re.search(r"fix: podman run (.*) \.\.\.$", message, re.MULTILINE).group(1)
        self.assert_works(*self.container(*options, *fix.split()))


if __name__ == "__main__":
    snugtest.main()
