"""Each process of a run by itself: killed at its system calls in turn while the others live, and each of its calls failing
in turn. The processes are snug, the one that starts the child, the child that becomes init, the command; and the one
that goes on alone where the run is detached."""
import glob
import os
import re
import socket
import subprocess

import snugtest
from snugtest import SNUG, STAGE, STATE, show

SPOILING = os.environ["SPOILING"]
ALL = os.environ.get("SNUG_FAULTS") == "all"  # every call, not some of each kind
ARM64 = os.uname().machine == "aarch64"
SOME_ARE_LEFT = 99
# Calls that fail only for arguments wrong in themselves, or never: x86-64, arm64.
SURE = {"close": (3, 57), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "getpid": (39, 172),
        "exit": (60, 93), "wait4": (61, 260), "fcntl": (72, 25), "umask": (95, 166), "getuid": (102, 174), "getgid": (104, 176),
        "geteuid": (107, 175), "getegid": (108, 177), "rt_sigpending": (127, 136), "arch_prctl": (158, None), "gettid": (186, 178),
        "set_tid_address": (218, 96), "restart_syscall": (219, 128), "exit_group": (231, 94), "waitid": (247, 95),
        "set_robust_list": (273, 99), "kcmp": (312, 272), "rseq": (334, 293), "pidfd_send_signal": (424, 424)}
SURE_NUMBERS = {numbers[ARM64] for numbers in SURE.values()}
EXECVE = (59, 221)[ARM64]
ENOMEM = 12


def some(places, wanted):
    """So many of the places of one call in one process, the first and the last among them."""
    count = len(places)
    if ALL or count <= wanted:
        return places
    return [places[i * (count - 1) // (wanted - 1)] for i in range(wanted)]


class Spoiled(snugtest.Case):
    OPTIONS = ()
    PLACES = 2  # of each call in each process

    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.folder("log"), "log")
        self.runtime = self.folder("runtime")
        os.chmod(self.runtime, 0o700)
        self.write("snug.toml", 'version = 1\n[filesystem]\nhide = ["hidden"]\n')
        self.write("hidden", "secret\n")
        for name in ("HEAD", "config", "hooks/pre-commit", "objects/x"):
            self.write(os.path.join(".git", name), "ref: refs/heads/main\n")
        # What a killed snug leaves there until the next run, and others name: it keeps git on the host from obeying one made inside.
        self.stub = os.path.join(self.project, ".git/commondir")
        self.mounts = self.host_mounts()
        self.files = self.files_of_project()
        calm = self.run_under()
        self.assert_status(calm, 0)
        self.usual = set(self.facts(calm))
        self.assertGreater(len(self.usual), 20)
        self.calls = self.calls_made()
        self.state = self.names_in_state()

    def environment(self, extra=None):
        return super().environment({"XDG_RUNTIME_DIR": self.runtime, "SECRET": "1", **(extra or {})})

    def command(self):
        return [os.path.join(self.project, "probe"), "capabilities", "--", "namespaces", "--", "environment", "--", "paths",
                os.path.join(self.project, "hidden"), os.path.join(self.project, ".git/config"), "/etc/shadow", "/usr/bin/env"]

    def run_under(self, process=None, call=None, how=None):
        spoiled = [] if process is None else [str(process), str(call), str(how)]
        self.before, self.how = set(self.files_of_project()), how
        return subprocess.run([SPOILING, self.log, *spoiled, SNUG, "run", *self.OPTIONS, "--", *self.command()], cwd=self.project,
                              env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

    def facts(self, result):
        return facts_of(result.stdout)

    def calls_made(self):
        """The numbers of the calls of each process, in order."""
        made = {}
        with open(self.log) as log:
            for line in log:
                process, _, call = map(int, line.split())
                made.setdefault(process, []).append(call)
        return made

    @staticmethod
    def host_mounts():
        """Others may mount something meanwhile, but not here."""
        with open("/proc/self/mountinfo") as file:
            return sorted(line.split(" ", 3)[3] for line in file if STAGE in line)

    def files_of_project(self):
        return sorted(os.path.join(folder, name) for folder, folders, files in os.walk(self.project) for name in folders + files)

    @staticmethod
    def names_in_state():
        """What snug keeps, but for what it names by number."""
        return {re.sub(r"[0-9a-f]{8,}|\d+", "N", os.path.relpath(os.path.join(folder, name), STATE))
                for folder, _, files in os.walk(STATE) for name in files}

    def check(self, result):
        story = self.story(result)
        self.assertNotEqual(result.returncode, SOME_ARE_LEFT, f"processes are left\n{story}")
        different = [line for line in self.facts(result) if line not in self.usual]
        self.assertEqual([line for line in different if not re.search(r" (?:-1|ENOMEM)\b", line)], [], story)
        if result.returncode == 125:
            self.assertRegex(result.stderr, rb"(?m)^snug: \S.{10,}", story)
        more = set(self.files_of_project()) - self.before
        named = self.how == "kill" or all(path in show(result.stderr) for path in more)
        self.assertLessEqual(more, {self.stub} if named else set(), story)
        self.assertEqual(self.host_mounts(), self.mounts)

    def check_end(self):
        """Everything works as before, and nothing has gathered."""
        self.assertEqual(self.snug("ps", "-q").stdout, b"")
        after = self.run_under()
        self.assert_status(after, 0)
        self.assertEqual(set(self.facts(after)), self.usual)
        self.assertEqual(self.files_of_project(), self.files)
        self.assertEqual(self.names_in_state() - self.state, set())
        self.assertLessEqual(set(self.left_in_runtime()), {"lock"})

    def left_in_runtime(self):
        folder = os.path.join(self.runtime, "snug")
        return os.listdir(folder) if os.path.isdir(folder) else []

    def spoil(self, how, of_process):
        tried = 0
        for process, calls in sorted(self.calls.items()):
            places = {}
            for place, number in enumerate(of_process(process, calls), 1):
                places.setdefault(number, []).append(place)
            for number, where in sorted(places.items()):
                if how != "kill" and number in SURE_NUMBERS:
                    continue
                for place in some(where, self.PLACES):
                    with self.subTest(f"call {place} (number {number}) of process {process}"):
                        self.check(self.run_under(process, place, how))
                        tried += 1
        self.assertGreater(tried, 100)
        self.check_end()

    def before_the_command(self, process, calls):
        """The command's own calls are not the set-up's; what follows its execve is."""
        return calls if EXECVE not in calls or process == 0 else calls[:len(calls) - calls[::-1].index(EXECVE)]


def facts_of(output):
    """What the probe said. A namespace's number differs each time: whether it is the host's is what counts."""
    own = {name: os.readlink(f"/proc/self/ns/{name}") for name in os.listdir("/proc/self/ns")}
    for line in output.decode("utf-8", "replace").splitlines():
        for name in re.findall(r"(\w+):\[\d+\]", line):
            line = line.replace(own.get(name, "?"), "the host's")
        yield re.sub(r"\[\d+\]", "[its own]", line)


class Plain(Spoiled):
    PLACES = 5

    def test_killed_alone(self):
        self.spoil("kill", lambda _, calls: calls)

    def test_each_call_fails(self):
        self.spoil(ENOMEM, self.before_the_command)


class Captured(Spoiled):
    """Changes the project, in a capture."""
    OPTIONS = ("--project", "overlay")

    def command(self):
        return ["sh", "-c", "echo inside >made; rm -f hidden kept; exec \"$@\"", "sh", *super().command()]

    def setUp(self):
        super().setUp()
        self.assertIn(b"made", self.snug("diff", "--name-only").stdout)
        self.assert_status(self.snug("discard", "--yes"), 0)

    def check(self, result):
        super().check(result)
        # Whatever there is to take over can be looked at, and thrown away.
        for words in (["diff", "--name-only"], ["discard", "--yes"]):
            done = self.snug(*words)
            if b"no captured changes here" not in done.stderr:
                self.assertIn(done.returncode, (0, 1), self.story(done) + self.story(result))

    def test_killed_alone(self):
        self.spoil("kill", lambda _, calls: calls)

    def test_each_call_fails(self):
        self.spoil(ENOMEM, self.before_the_command)


class Filtered(Spoiled):
    def setUp(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.OPTIONS = ("--net", "filtered", "--allow", "example.com", "--publish", f"{free.getsockname()[1]}:80")
        super().setUp()

    def test_killed_alone(self):
        self.spoil("kill", lambda _, calls: calls)

    def test_each_call_fails(self):
        self.spoil(ENOMEM, self.before_the_command)


class Detached(Spoiled):
    """What the command saw stands in its stored home."""
    OPTIONS = ("--detach", "--name", "away")

    def command(self):
        return ["sh", "-c", "exec \"$@\" >~/facts", "sh", *super().command()]

    def saw(self):
        return glob.glob(os.path.join(STATE, "homes/*/files/facts"))

    def run_under(self, *spoiled):
        for path in self.saw():
            os.unlink(path)
        return super().run_under(*spoiled)

    def facts(self, result):
        for path in self.saw():
            with open(path, "rb") as file:
                yield from facts_of(file.read())

    def test_killed_alone(self):
        self.spoil("kill", lambda _, calls: calls)

    def test_each_call_fails(self):
        self.spoil(ENOMEM, self.before_the_command)


if __name__ == "__main__":
    snugtest.main()
