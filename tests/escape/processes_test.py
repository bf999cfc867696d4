"""Attempts at processes: init, snug itself, the rest of the host; and to outlive the run."""
import os
import signal
import socket
import subprocess
import time
import unittest

import escaping
import snugtest
from escaping import ATTEMPT, Escape, NESTED, ROOT, WITHOUT_FILTER
from snugtest import quoted


# Fills its standard error to the last byte, then is refused a call; minds no TERM.
FILLING = """
import ctypes, os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.set_blocking(2, False)
for piece in (bytes(4096), b"x"):
    try:
        while True:
            os.write(2, piece)
    except BlockingIOError:
        pass
os.set_blocking(2, True)
print("full", flush=True)
ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None)
time.sleep(1000)
"""


class Init(Escape):
    """Process 1 inside is snug's own: its memory and descriptors are the way out, if there is one."""

    def victim(self):
        process = subprocess.Popen([ATTEMPT, "sleep"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_until(lambda: os.readlink(f"/proc/{process.pid}/exe").endswith("attempt"), "the victim to start")
        return str(process.pid)

    def test_ptrace(self):
        self.assert_works_outside("ptrace", self.victim())
        self.assert_contained("ptrace", "1")
        self.assert_contained("ptrace", "1", profile=WITHOUT_FILTER)

    def test_process_vm_readv(self):
        self.assert_works_outside("vm-read", self.victim(), "400000")
        for address in ("400000", "200000000000"):
            self.assert_contained("vm-read", "1", address)

    def test_pidfd_getfd(self):
        self.assert_works_outside("getfd", self.victim(), "1", nested=False)
        for number in range(8):
            self.assert_contained("getfd", "1", str(number))
        self.assert_contained("getfd", "1", "3", profile=WITHOUT_FILTER)

    SECRETS = ("mem", "environ", "maps", "smaps", "auxv", "stack", "syscall", "io", "fd/3", "exe", "pagemap", "personality")

    def test_its_files_in_proc(self):
        for options in ([], ["--user", "root"]):
            for name in self.SECRETS:
                with self.subTest(name, options=options):
                    self.assert_contained("read", f"/proc/1/{name}", options=options)
                    self.assert_contained("read", f"/proc/1/task/1/{name}", options=options)
            for name in ("mem", "fd/3", "oom_score_adj", "uid_map", "gid_map", "setgroups", "timens_offsets"):
                with self.subTest("write " + name, options=options):
                    self.assert_contained("write", f"/proc/1/{name}", "-999", options=options)
        self.assert_works_outside("read", f"/proc/{self.victim()}/maps")

    def test_its_arguments_and_environment_are_empty(self):
        secret = "a-secret-of-the-caller"
        seen = self.shell("tr -d '\\0' </proc/1/cmdline; cat /proc/1/environ || true; cat /proc/1/comm",
                          env={"SECRET": secret})
        self.assertNotIn(secret, seen)
        self.assertEqual(seen.strip(), "memfd:snug-init")

    def test_executing_its_image(self):
        self.assert_contained("exec", "/proc/1/exe")

    def test_a_script_that_names_the_program_that_runs_it(self):
        # Whoever executes the first command is snug's own process: the kernel looks the interpreter up in its name.
        for name in ("/proc/self/exe", "/proc/thread-self/exe", "/proc/1/exe"):
            script = self.write("trick", f"#!{name}\n", 0o755)
            for command in ([script], [script, "run", "--", "true"], [name, "--version"]):
                result = self.inside(*command)
                self.assertNotEqual(result.returncode, 0, self.story(result))
                self.assertNotIn(b"snug 0.", result.stdout, self.story(result))
        outside = subprocess.run([self.write("trick", "#!/proc/self/exe -c\nprint('python, once more')\n", 0o755)],
                                 executable="/proc/self/exe", capture_output=True)
        self.assertIsNotNone(outside)

    def test_every_signal(self):
        self.assert_works_outside("kill", self.victim(), "9")
        script = "./attempt kill-every-signal 1; ./attempt pidfd-kill 1 9; ./attempt pidfd-kill 1 19; sleep 0.05; echo alive; exit 7"
        result = self.inside("sh", "-c", script)
        self.assertEqual(result.returncode, 7, self.story(result))
        self.assertIn(b"alive", result.stdout)

    def test_its_limits_squeezed(self):
        self.assert_works_outside("prlimit", self.victim())
        self.assert_contained("prlimit", "1")


class Others(Escape):
    def bystander(self):
        """A process of the same user outside, which reports every signal it gets."""
        script = ("import signal, os\nfor n in range(1, 65):\n  try: signal.signal(n, lambda n, f: print('got', n, flush=True))\n"
                  "  except (OSError, ValueError): pass\nprint('ready', flush=True)\nwhile True: signal.pause()\n")
        more = {}
        if ROOT:
            more = {"user": 65534, "group": 65534, "extra_groups": []}  # the id the commands of root's sandboxes have
        process = subprocess.Popen(["python3", "-c", script], stdout=subprocess.PIPE, text=True, bufsize=1, **more)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")
        os.set_blocking(process.stdout.fileno(), False)
        return process

    def assert_untouched(self, process):
        time.sleep(0.03)
        self.assertIsNone(process.poll(), "the bystander was killed")
        self.assertFalse(process.stdout.readline(), "the bystander got a signal")

    def test_kill_everybody(self):
        for profile in (None, WITHOUT_FILTER, '[network]\nmode = "host"\n'):
            process = self.bystander()
            result = self.inside("python3", "-c", "import os\ntry: os.kill(-1, 9)\nexcept OSError as e: print(e)", profile=profile)
            self.assertIn(result.returncode, (0, 137), self.story(result))
            self.assert_untouched(process)

    def test_kill_ones_group(self):
        process = self.bystander()
        result = self.inside("sh", "-c", "kill -9 0")
        self.assertEqual(result.returncode, 137, self.story(result))
        self.assert_untouched(process)

    def test_kill_by_number(self):
        process = self.bystander()
        # The numbers of its own namespace that exist are its own; those of the host name nobody.
        for profile in (None, WITHOUT_FILTER):
            for attempt in (("kill", str(process.pid), "15"), ("pidfd-kill", str(process.pid), "15"),
                            ("ptrace", str(process.pid)), ("getfd", str(process.pid), "1")):
                self.assert_contained(*attempt, profile=profile)
            self.try_inside("kill-every-process", "15", "70000", profile=profile)
        self.assert_untouched(process)
        self.assert_works_outside("kill", str(process.pid), "15")
        self.wait_until(lambda: process.stdout.readline() == "got 15\n", "the control's signal")

    def test_snug_itself_is_not_to_be_seen(self):
        process = self.start("sh", "-c", "echo ready; read x; echo /proc/[0-9]*")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        out, _ = process.communicate(b"\n", timeout=20)
        self.assertLess(len(out.split()), 5, out)

    def test_signal_by_owner_of_a_descriptor(self):
        # SIGIO goes to whom F_SETOWN names; a pipe of the caller's is shared with the outside.
        process = self.bystander()
        script = ("import fcntl, os, signal\nfor n in (%d, -%d, 0x7fffffff):\n  try:\n    fcntl.fcntl(0, fcntl.F_SETOWN, n)\n"
                  "    fcntl.fcntl(0, fcntl.F_SETFL, os.O_ASYNC)\n  except OSError: pass\n"
                  "os.read(0, 1)\n" % (process.pid, process.pid))
        self.inside("python3", "-c", script, input=b"xyz")
        self.assert_untouched(process)


class Survival(Escape):
    """Nothing outlives the run, however it hides and however the run ends."""

    def start_daemon(self):
        self.mark = f"snug-daemon-{os.getpid()}-{time.monotonic_ns()}"
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in snugtest.processes_with(self.mark)])

    def assert_gone(self):
        self.wait_until(lambda: not snugtest.processes_with(self.mark), "the daemon to go", 3)

    def test_a_daemon_outside_lives_on(self):
        self.start_daemon()
        subprocess.run([ATTEMPT, "daemon", self.mark], stdout=subprocess.DEVNULL, check=True)
        self.wait_until(lambda: snugtest.processes_with(self.mark), "the control's daemon")

    def test_a_daemon(self):
        self.start_daemon()
        self.assertEqual(self.try_inside("daemon", self.mark).returncode, 0)
        self.assert_gone()

    def test_a_daemon_when_snug_is_killed(self):
        for victim in ("snug", "init"):
            self.start_daemon()
            process = self.start("sh", "-c", f"./attempt daemon {self.mark}; echo ready; sleep 100")
            line = process.stdout.readline()
            self.assertIn(b"daemon", line)
            self.wait_until(lambda: snugtest.processes_with(self.mark), "the daemon")
            pid = process.pid if victim == "snug" else snugtest.children_of(process.pid)[0]
            os.kill(pid, signal.SIGKILL)
            process.wait(10)
            self.assert_gone()

    def test_children_that_are_traced_or_stopped(self):
        self.start_daemon()
        script = f"./attempt sleep {self.mark} & kill -STOP $!; strace -qq -p $! 2>/dev/null & sleep 0.05; exit 3"
        self.assertEqual(self.inside("sh", "-c", script).returncode, 3)
        self.assert_gone()

    def test_a_storm_of_orphans_does_not_hold_the_time_limit_up(self):
        begin = time.monotonic()
        result = self.try_inside("orphans", options=["--timeout", "300ms"])
        self.assertEqual(result.returncode, 124, self.story(result))
        self.assertLess(time.monotonic() - begin, 30)

    def test_a_flood_of_refused_calls_does_not_either(self):
        result = self.try_inside("flood", "100000000", options=["--timeout", "300ms"])
        self.assertEqual(result.returncode, 124, self.story(result))

    def test_a_full_pipe_that_nobody_reads_does_not_either(self):
        # Snug's own messages go where the command's do; the first of them, of a refused call, must not wait for a reader.
        script = self.write("filling.py", FILLING)
        limit = f"{snugtest.patient(1):.0f}s"  # enough to begin in
        for kind, (reading, writing) in {"a pipe": os.pipe(), "a socket": tuple(map(socket.socket.detach, socket.socketpair()))}.items():
            with self.subTest(kind):
                process = self.start("python3", script, stderr=writing, options=["--timeout", limit])
                os.close(writing)
                self.assertEqual(process.stdout.readline(), b"full\n")
                self.wait_until(lambda: not snugtest.children_of(process.pid), "the time limit", 40)
                with os.fdopen(reading, "rb") as stderr:
                    text = stderr.read()
                self.assertEqual(process.wait(20), 124)
                self.assertIn(b"snug: blocked ", text)
                self.assertIn(f"snug: timed out after {limit}".encode(), text)


class Filter(Escape):
    """Ways around the filter to one call it refuses."""

    WAYS = ("i386-keyctl", "tracer-keyctl", "filter-keyctl", "listener-keyctl", "keyring")

    def test_each_way(self):
        self.assert_works_inside("keyring", profile='[seccomp]\nallow = ["keyctl"]\n') if not NESTED else None
        for way in self.WAYS:
            with self.subTest(way):
                self.assert_contained(way)
                if way != "i386-keyctl":  # this kernel may have none
                    self.assert_works_outside(way, nested=False)

    def test_x32(self):
        self.assert_contained("x32-getpid")

    def test_refused_calls_are_named_once_and_counted(self):
        result = self.try_inside("flood", "20000")
        if not NESTED:  # an outer filter answers first
            self.assertEqual(result.stderr.count(b"blocked the system call keyctl"), 1, self.story(result))
            self.assertIn(b"keyctl (20000)", result.stderr)
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    escaping.main()
