"""Whatever goes wrong while a sandbox is made: each system call of the set-up fails in turn, each process is killed at each
of them. Then either nothing runs and snug says why, or the command runs behind every wall; and nothing is left behind."""
import os
import re
import subprocess

import snugtest
from snugtest import HOME, SNUG, STAGE, need_program

# The loader's and the C library's own, before snug's code begins and when it ends.
LOADERS = {"execve", "mmap", "munmap", "mprotect", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "exit_group",
           "access", "pread64", "rt_sigreturn", "restart_syscall"}
# Those that fail only for arguments which are wrong in themselves.
SURE = {"rt_sigprocmask", "rt_sigaction", "rt_sigpending", "wait4", "waitid", "fcntl", "getpid", "geteuid", "getuid", "getegid",
        "getgid", "gettid", "umask", "kcmp"}
# Where snug notices only when the command has begun: it is ended, and the message says so.
LATE = {"epoll_create1", "epoll_ctl", "sendmsg", "timerfd_create"}
ERROR = "ENOMEM"
SECONDS = 60


def picked(count):
    """Which of `count` calls to spoil: all of a few, else some at the beginning, within and at the end."""
    return range(1, count + 1) if count <= 4 else sorted({1, 2, count // 3, count // 2, 2 * count // 3, count - 1, count})


class Faults(snugtest.Case):
    def setUp(self):
        super().setUp()
        need_program("strace")
        self.log = os.path.join(self.folder("log"), "log")
        self.write(os.path.join(HOME, ".netrc"), "secret\n", 0o600)
        self.addCleanup(os.unlink, os.path.join(HOME, ".netrc"))
        self.files = sorted(os.listdir(self.project))
        self.mounts = self.host_mounts()
        calm = self.run_under()
        self.assert_status(calm, 0)
        self.assertEqual(calm.stderr, b"")
        self.calls = self.calls_of_snug()
        self.usual = set(self.facts(calm))
        self.state = self.state_of()

    def run_under(self, *injection):
        """The probe in a sandbox, everything under strace, which ends when the last process has ended."""
        probe = [os.path.join(self.project, "probe"), "capabilities", "--", "namespaces", "--", "environment", "--",
                 "paths", os.path.join(HOME, ".netrc"), "/etc/shadow", "/usr/bin/env"]
        return subprocess.run(["strace", "-f", "-qq", "-o", self.log, *injection, SNUG, "run", "--", *probe], cwd=self.project,
                              env=self.environment({"SECRET": "1"}), stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)

    def calls_of_snug(self):
        """How often each process makes each call, the most of all; but for the command."""
        counts = {}
        with open(self.log, errors="replace") as log:
            for line in log:
                made = re.match(r"(\d+) +(\w+)\(", line)
                if made:
                    counts.setdefault(made[2], {}).setdefault(made[1], 0)
                    counts[made[2]][made[1]] += 1
        return {name: max(of.values()) for name, of in counts.items() if name not in LOADERS}

    def facts(self, result):
        """What the probe said. A namespace's number differs each time: whether it is the host's is what counts."""
        own = {name: os.readlink(f"/proc/self/ns/{name}") for name in os.listdir("/proc/self/ns")}
        for line in result.stdout.decode("utf-8", "replace").splitlines():
            for name in re.findall(r"(\w+):\[\d+\]", line):
                line = line.replace(own.get(name, "?"), "the host's")
            yield re.sub(r"\[\d+\]", "[its own]", line)

    @staticmethod
    def host_mounts():
        """Others may mount something meanwhile, but not here."""
        with open("/proc/self/mountinfo") as file:
            return sorted(line.split(" ", 3)[3] for line in file if STAGE in line)

    @staticmethod
    def state_of():
        """What snug keeps, but for what it names by number."""
        found = set()
        for top in (".local/state/snug",):
            for folder, _, files in os.walk(os.path.join(HOME, top)):
                found.update(re.sub(r"[0-9a-f]{8,}|\d+", "N", os.path.relpath(os.path.join(folder, name), HOME)) for name in files)
        return found

    def check_walls(self, result):
        """What the command saw, if it ran, is what it sees on a good day, but for its own calls that failed."""
        different = [line for line in self.facts(result) if line not in self.usual]
        self.assertEqual([line for line in different if not re.search(rf" (?:-1|{ERROR})\b", line)], [], self.story(result))

    def check_end(self, result, name):
        story = self.story(result)
        self.check_walls(result)
        if result.returncode == 125:
            self.assertTrue(result.stdout == b"" or name in LATE, story)
            # The message is a write, too.
            self.assertTrue(re.search(rb"(?m)^snug: \S.{10,}", result.stderr) or name == "write", story)
        elif result.returncode == 0:
            self.assertEqual(len(set(self.facts(result))), len(self.usual), story)
        else:
            self.assertTrue(result.stderr, story)

    def check_nothing_is_left(self):
        self.assertEqual(sorted(os.listdir(self.project)), self.files)
        self.assertEqual(self.host_mounts(), self.mounts)

    def spoil(self, how, check, spared=frozenset()):
        """Runs once for each call that is picked; then everything works as before."""
        tried = 0
        for name, count in sorted(self.calls.items()):
            if name in spared:
                continue
            for number in picked(count):
                with self.subTest(f"{name} {number} of {count}"):
                    check(self.run_under("-e", f"inject={name}:{how}:when={number}"), name)
                    self.check_nothing_is_left()
                    tried += 1
        self.assertGreater(tried, 150)
        self.snug("ps")  # which clears up after killed ones
        after = self.run_under()
        self.assert_status(after, 0)
        self.assertEqual(set(self.facts(after)), self.usual)
        self.assertEqual(self.state_of() - self.state, set())

    def test_every_call_fails_in_turn(self):
        self.spoil(f"error={ERROR}", self.check_end, spared=SURE)

    def test_every_process_is_killed_at_every_call(self):
        def check(result, _):
            self.check_walls(result)
            if result.returncode == 125:
                self.assertRegex(result.stderr, rb"(?m)^snug: \S.{10,}", self.story(result))
        self.spoil("signal=KILL", check)


    def test_a_step_that_failed_is_named_although_the_child_is_gone(self):
        # It fails late enough that the next commands lie unread when it ends, and snug looks only then.
        result = self.run_under("-e", "inject=fsopen:error=EPERM:delay_enter=200000:when=1", "-e", "inject=poll:delay_enter=600000")
        self.assert_refused(result, "cannot ", "Operation not permitted")
        self.assertNotIn(b"something killed it", result.stderr)


class Many(snugtest.Case):
    def test_a_thousand_in_a_row_leave_nothing(self):
        self.assert_status(self.inside("true"), 0)
        before = (Faults.host_mounts(), Faults.state_of(), sorted(os.listdir(self.project)))
        loop = subprocess.run(["sh", "-c", 'for i in $(seq 1000); do "$0" run -- true || exit 1; done', SNUG], cwd=self.project,
                              capture_output=True, timeout=500)
        self.assert_status(loop, 0)
        self.assertEqual(loop.stderr, b"")
        self.assertEqual((Faults.host_mounts(), Faults.state_of(), sorted(os.listdir(self.project))), before)

    def test_a_hundred_of_each_other_kind_leave_nothing(self):
        kinds = {"filtered": "--net filtered", "captured": "--project overlay", "detached": "--detach"}
        for options in kinds.values():
            self.assert_status(self.inside("true", options=options.split()), 0)
        before = (Faults.host_mounts(), sorted(os.listdir(self.project)))
        for kind, options in kinds.items():
            script = f'for i in $(seq 100); do id=$("$0" run {options} -- true) || exit 1; [ -z "$id" ] || "$0" wait $id || exit 2; done'
            loop = subprocess.run(["sh", "-c", script, SNUG], cwd=self.project, capture_output=True, timeout=300)
            self.assert_status(loop, 0)
            self.assertEqual(loop.stderr, b"", kind)
        self.assertEqual((Faults.host_mounts(), sorted(os.listdir(self.project))), before)
        self.assertEqual(self.snug("ps", "-q").stdout, b"")
        self.assertEqual(self.snug("diff", "--name-only").returncode, 2, "no capture is left")
        # Of detached runs the last twenty are kept, as documented.
        self.assertLessEqual(len(os.listdir(os.path.join(snugtest.STATE, "detached"))), 21)
        for place in ("running", "scratch"):
            left = os.listdir(os.path.join(snugtest.STATE, place)) if os.path.isdir(os.path.join(snugtest.STATE, place)) else []
            self.assertLessEqual(set(left), {"lock"}, place)

    def test_sixteen_of_each_other_kind_at_once_all_work(self):
        for options in (["--net", "filtered"], ["--project", "overlay"], ["--detach"]):
            runs = [subprocess.Popen([SNUG, "run", *options, "--", "sh", "-c", f"echo {n} >~/there.{n}"], cwd=self.project,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for n in range(16)]
            for run in runs:
                out, err = run.communicate(timeout=120)
                self.assertEqual((run.returncode, err), (0, b""), options)
                if options == ["--detach"]:
                    self.assert_status(self.snug("wait", out.decode().strip()), 0)
            self.assertEqual(len(self.shell("rm -v ~/there.*").splitlines()), 16, options)

    def test_thirty_two_at_once_all_work(self):
        runs = [subprocess.Popen([SNUG, "run", "--", "sh", "-c", f"sleep 0.2; echo {n} > here.{n}; echo {n} > ~/there.{n}; echo {n}"],
                                 cwd=self.project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                for n in range(32)]
        for number, run in enumerate(runs):
            out, err = run.communicate(timeout=120)
            self.assertEqual((run.returncode, out, err), (0, b"%d\n" % number, b""))
        self.assertEqual(len([name for name in os.listdir(self.project) if name.startswith("here.")]), 32)
        self.assertEqual(len([name for name in self.shell("ls ~").split() if name.startswith("there.")]), 32)


if __name__ == "__main__":
    snugtest.main()
