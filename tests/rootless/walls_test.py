"""The walls of a default sandbox, each with a control outside that shows the probe can see the opposite."""
import os
import socket
import subprocess
import unittest

import snugtest
from snugtest import Case, PROBE

NO_CAPABILITIES = "0" * 16
# A user namespace on the host: what an ordinary user may do where no wall stands.
UNCONFINED = ["unshare", "--user", "--map-root-user", "--mount", "--ipc"]


class Privileges(Case):
    def test_no_capability_in_any_set(self):
        facts = self.probe("capabilities")
        for name in ("effective", "permitted", "inheritable", "bounding", "ambient"):
            self.assertEqual(facts.one(name), NO_CAPABILITIES, name)
        control = self.probe_outside("capabilities", before=UNCONFINED)
        for name in ("effective", "permitted", "bounding"):
            self.assertNotEqual(control.one(name), NO_CAPABILITIES, name)

    def test_no_new_privileges_and_a_filter(self):
        facts = self.probe("capabilities")
        self.assertEqual((facts.one("no-new-privs"), facts.one("seccomp")), ("1", "2"))
        control = self.probe_outside("capabilities")
        self.assertEqual((control.one("no-new-privs"), control.one("seccomp")), ("0", "0"))

    def test_same_ids_inside_as_outside(self):
        facts, control = self.probe("ids"), self.probe_outside("ids")
        self.assertEqual(facts.one("uid"), control.one("uid"))
        self.assertEqual(facts.one("gid"), control.one("gid"))
        self.assertEqual(facts.one("setuid-0"), "EINVAL" if os.getuid() else "ok")

    def test_root_inside_on_request_has_no_capability_either(self):
        facts = self.probe("ids", "--", "capabilities", profile='user = "root"\n')
        self.assertEqual(facts.one("uid"), "0 0 0")
        self.assertEqual(facts.one("effective"), NO_CAPABILITIES)
        self.assertEqual(facts.one("bounding"), NO_CAPABILITIES)

    def test_the_command_is_not_the_first_process(self):
        facts = self.probe("ids")
        self.assertNotEqual(facts.one("pid"), "1")
        self.assertEqual(facts.one("ppid"), "1")


class Namespaces(Case):
    def test_all_are_new(self):
        facts, control = self.probe("namespaces"), self.probe_outside("namespaces")
        for name in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
            self.assertRegex(facts.one(name), r"^%s:\[\d+\]$" % name)
            self.assertNotEqual(facts.one(name), control.one(name), name)

    def test_the_host_network_only_where_the_profile_says_so(self):
        facts = self.probe("namespaces", profile='[network]\nmode = "host"\n')
        self.assertEqual(facts.one("net"), self.probe_outside("namespaces").one("net"))

    def test_none_can_be_made_inside(self):
        facts = self.probe("calls", "unshare-user", "unshare-mount", "clone3-user")
        for name in ("unshare-user", "unshare-mount", "clone3-user"):
            self.assertIn(facts.one(name), ("EPERM", "ENOSPC", "ENOSYS"), name)
        self.assertEqual(self.probe_outside("calls", "unshare-user").one("unshare-user"), "ok")

    def test_the_limit_on_user_namespaces_is_zero_and_stays(self):
        knob = "/proc/sys/user/max_user_namespaces"
        self.assertEqual(self.shell(f"cat {knob}").strip(), "0")
        result = self.inside("sh", "-c", f"echo 10 > {knob}")
        self.assertNotEqual(result.returncode, 0, self.story(result))
        self.assertEqual(self.shell(f"cat {knob}").strip(), "0")

    def test_only_own_processes_are_visible(self):
        pids = self.shell("cd /proc && echo [0-9]*").split()
        self.assertLess(len(pids), 6)
        self.assertIn("1", pids)

    def test_hostname(self):
        facts = self.probe("system", profile='hostname = "web"\n')
        self.assertEqual(facts.one("hostname"), "web")


class Calls(Case):
    CLOSED = ("mount", "umount", "chroot", "sethostname", "keyctl", "add_key", "bpf", "perf_event_open", "io_uring_setup",
              "userfaultfd", "kexec_load", "init_module", "setns", "mknod", "unknown")

    def test_dangerous_ones_are_refused_without_killing(self):
        facts = self.probe("calls", *self.CLOSED)
        for name in self.CLOSED:
            self.assertIn(facts.one(name), ("EPERM", "ENOSYS"), name)
        control = self.probe_outside("calls", *self.CLOSED, before=UNCONFINED)
        for name in ("mount", "umount", "chroot", "keyctl", "add_key"):
            self.assertEqual(control.one(name), "ok", name)

    def test_debuggers_calls_work(self):
        facts = self.probe("calls", "ptrace", "personality")
        self.assertEqual((facts.one("ptrace"), facts.one("personality")), ("ok", "ok"))

    def test_a_profile_can_deny_and_allow(self):
        facts = self.probe("calls", "ptrace", profile='[seccomp]\ndeny = ["ptrace"]\n')
        self.assertIn(facts.one("ptrace"), ("EPERM", "ENOSYS"))
        facts = self.probe("calls", "io_uring_setup", profile='[seccomp]\nallow = ["io_uring_setup"]\n')
        self.assertEqual(facts.one("io_uring_setup"), self.probe_outside("calls").one("io_uring_setup"))

    def test_policy_off_leaves_no_filter_but_no_capabilities(self):
        facts = self.probe("capabilities", profile='[seccomp]\npolicy = "off"\n')
        self.assertEqual(facts.one("seccomp"), "0")
        self.assertEqual(facts.one("effective"), NO_CAPABILITIES)

    def test_other_architectures_calls_are_closed(self):
        # int 0x80 reaches the 32-bit table: call 20 is getpid there.
        source = 'int main(){long r; __asm__ volatile("int $0x80":"=a"(r):"a"(20):"memory"); return r > 0 ? 0 : 9;}\n'
        self.write("x.c", source)
        snugtest.need_program("gcc")
        program = os.path.join(self.project, "x")
        subprocess.run(["gcc", "-o", program, os.path.join(self.project, "x.c")], check=True)
        self.assertEqual(subprocess.run([program]).returncode, 0, "the control")
        self.assertNotEqual(self.inside(program).returncode, 0)


class Descriptors(Case):
    def test_only_the_first_three_are_open(self):
        with open("/etc/passwd", "rb") as extra:
            os.set_inheritable(extra.fileno(), True)
            facts = self.probe("descriptors", pass_fds=(extra.fileno(),))
            control = self.probe_outside("descriptors", pass_fds=(extra.fileno(),))
        self.assertEqual([value.split()[0] for value in facts.all("fd")], ["0", "1", "2"])
        self.assertTrue(any("/etc/passwd" in value for value in control.all("fd")))


class Environment(Case):
    def test_only_what_the_profile_passes(self):
        secrets = {"AWS_SECRET_ACCESS_KEY": "s3cret", "SSH_AUTH_SOCK": "/tmp/x", "LC_ALL": "C.UTF-8", "EDITOR": "vi"}
        facts = self.probe("environment", env=secrets)
        names = {value.split("=", 1)[0] for value in facts.all("env")}
        self.assertFalse(names & {"AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "STAGE", "PROBE"}, names)
        self.assertTrue({"LC_ALL", "TERM", "LANG", "HOME", "PATH", "SHELL", "USER"} <= names, names)
        control = self.probe_outside("environment", env={**os.environ, **secrets})
        self.assertIn("AWS_SECRET_ACCESS_KEY=s3cret", control.all("env"))

    def test_marks_of_the_sandbox(self):
        values = self.probe("environment").all("env")
        self.assertIn("container=snug", values)
        self.assertIn("SNUG_PROFILE=default", values)

    def test_set_pass_and_unset(self):
        text = '[environment]\npass = ["EDITOR"]\nset = { CI = "1", EMPTY = "" }\nunset = ["LANG"]\n'
        values = self.probe("environment", profile=text, env={"EDITOR": "vi -x"}).all("env")
        self.assertTrue({"CI=1", "EMPTY=", "EDITOR=vi -x"} <= set(values), values)
        self.assertFalse([value for value in values if value.startswith("LANG=")])

    def test_path_entries_come_first(self):
        tools = os.path.join(self.project, "tools")
        self.write("tools/hello", "#!/bin/sh\necho hello from the project\n", 0o755)
        result = self.inside("hello", profile=f"[environment]\npath = [{snugtest.quoted(tools)}]\n")
        self.assertEqual(result.stdout, b"hello from the project\n", self.story(result))


class Network(Case):
    def listener(self):
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        self.addCleanup(server.close)
        return str(server.getsockname()[1])

    def test_no_way_to_the_host_loopback(self):
        port = self.listener()
        self.assertEqual(self.probe("connect", "127.0.0.1", port).one("connect"), "ECONNREFUSED")
        self.assertEqual(self.probe_outside("connect", "127.0.0.1", port).one("connect"), "ok")

    def test_no_route_out(self):
        self.assertEqual(self.probe("connect", "192.0.2.1", "80").one("connect"), "ENETUNREACH")

    def test_the_host_network_where_the_profile_says_so(self):
        port = self.listener()
        facts = self.probe("connect", "127.0.0.1", port, profile='[network]\nmode = "host"\n')
        self.assertEqual(facts.one("connect"), "ok")

    def test_own_loopback_is_up_and_alone(self):
        facts = self.probe("loopback")
        self.assertEqual((facts.one("listen"), facts.one("connect")), ("ok", "ok"))
        self.assertEqual(facts.all("interface")[0], "lo")

    def test_abstract_sockets_of_the_host_are_out_of_reach(self):
        name = f"snug-test-{os.getpid()}"
        server = socket.socket(socket.AF_UNIX)
        server.bind("\0" + name)
        server.listen()
        self.addCleanup(server.close)
        self.assertEqual(self.probe("connect", "@" + name).one("connect"), "ECONNREFUSED")
        self.assertEqual(self.probe_outside("connect", "@" + name).one("connect"), "ok")

    def test_sockets_in_the_host_tmp_and_run_are_not_there(self):
        path = f"/tmp/snug-test-{os.getpid()}.sock"
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()
        self.addCleanup(os.unlink, path)
        self.addCleanup(server.close)
        self.assertEqual(self.probe("connect", path).one("connect"), "ENOENT")
        self.assertEqual(self.probe_outside("connect", path).one("connect"), "ok")


class Kernel(Case):
    def test_knobs_and_leaks_of_proc(self):
        closed = ["/proc/kcore", "/proc/keys", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/timer_list"]
        facts = self.probe("paths", *closed)
        for path in closed:
            kind, _, write = facts.path(path)
            self.assertNotEqual(write, "ok", path)
        self.assertEqual(self.inside("sh", "-c", "cat /proc/keys | grep -c .").stdout.strip() or b"0", b"0")

    def test_limits(self):
        text = "[limits]\nrlimit = { nofile = 77, core = 0, fsize = \"1M\" }\n"
        facts = self.probe("system", profile=text)
        self.assertEqual(facts.one("nofile"), "77 77")
        self.assertEqual(facts.one("core"), "0 0")
        self.assertEqual(facts.one("fsize"), f"{1 << 20} {1 << 20}")
        result = self.inside("sh", "-c", "head -c 2000000 /dev/zero > big", profile=text)
        self.assertNotEqual(result.returncode, 0, self.story(result))
        self.assertLessEqual(os.path.getsize(os.path.join(self.project, "big")), 1 << 20)


if __name__ == "__main__":
    snugtest.main()
