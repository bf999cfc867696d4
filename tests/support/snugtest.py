"""What the integration tests share: running snug and the probe, profiles, terminals, and skipping by name.

A test file holds Case classes and ends with snugtest.main(). as_user.sh gives it $SNUG, $PROBE, $STAGE and a $HOME.
"""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

SNUG = os.environ["SNUG"]
PROBE = os.environ["PROBE"]
STAGE = os.environ["STAGE"]
HOME = os.environ["HOME"]
STATE = os.path.join(HOME, ".local/state/snug")
MUST_WORK = os.environ.get("SNUG_MUST_WORK") == "1"
# How many times longer everything may take here than on an ordinary machine: tests/vm says 20.
SLOWER = float(os.environ.get("SNUG_TEST_SLOWER") or 1)


def patient(seconds):
    """A time-out, which is there to end a hang, as long as this machine needs it."""
    return seconds and seconds * SLOWER


def sample(things):
    """Of many things that are tried one by one, each as good as the next: all, or every fifth on a slow machine."""
    return list(things)[::1 if SLOWER == 1 else 5]


KERNEL = tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())


def need_kernel(*version, what):
    """Skips what a kernel before `version` has not got, for certain."""
    if KERNEL < version:
        raise unittest.SkipTest(f"before Linux {'.'.join(map(str, version))}: no {what}")


def need_speed():
    """Skips what takes many calls wherever it runs and shows nothing of a kernel, on a slow machine."""
    if SLOWER != 1:
        raise unittest.SkipTest("too many calls for a slow machine")


class PatientPopen(subprocess.Popen):
    """What subprocess.run and the tests start: with its time-outs made longer."""

    def communicate(self, input=None, timeout=None):
        return super().communicate(input, patient(timeout))

    def wait(self, timeout=None):
        return super().wait(patient(timeout))


if SLOWER != 1:
    subprocess.Popen = PatientPopen


def need(condition, feature):
    """Skips the test, naming the missing feature; fails where nothing may be skipped."""
    if condition:
        return
    if MUST_WORK:
        raise AssertionError(f"missing here: {feature}")
    raise unittest.SkipTest(f"missing here: {feature}")


def need_program(name):
    need(shutil.which(name), f"the program {name}")


def quoted(text):
    """A TOML basic string."""
    return json.dumps(text, ensure_ascii=False)


class Facts:
    """What the probe printed: "name value" lines."""

    def __init__(self, result):
        self.result = result
        lines = result.stdout.decode("utf-8", "replace").splitlines()
        self.pairs = [tuple((line + " ").split(" ", 1)) for line in lines]

    def all(self, name):
        return [value.strip() for key, value in self.pairs if key == name]

    def one(self, name):
        values = self.all(name)
        if len(values) != 1:
            raise AssertionError(f"{len(values)} facts named {name} in {self.pairs}; stderr: {self.result.stderr!r}")
        return values[0]

    def path(self, path):
        """(kind, read, write) of a path given to `probe paths`."""
        for value in self.all("path"):
            fields = value.rsplit(" ", 3)
            if fields[0] == path:
                return tuple(fields[1:])
        raise AssertionError(f"no fact about {path}: {self.result.stdout!r} {self.result.stderr!r}")


class Case(unittest.TestCase):
    """A test with an empty project directory in the home, which holds a copy of the probe."""

    maxDiff = None

    def setUp(self):
        self.project = tempfile.mkdtemp(prefix="project-", dir=HOME)
        self.addCleanup(shutil.rmtree, self.project, ignore_errors=True)
        shutil.copy(PROBE, os.path.join(self.project, "probe"))

    # --- files -----------------------------------------------------------------------------------------------

    def folder(self, name="folder"):
        """A new directory beside the project, removed at the end."""
        made = tempfile.mkdtemp(prefix=name + "-", dir=HOME)
        self.addCleanup(shutil.rmtree, made, ignore_errors=True)
        return made

    def write(self, path, text, mode=0o644):
        """Writes a file, in the project unless `path` is absolute; returns its absolute path."""
        path = os.path.join(self.project, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def profile(self, text, name="test"):
        """A profile file outside the project."""
        return self.write(os.path.join(self.folder("profiles"), name + ".toml"), "version = 1\n" + text)

    # --- running ---------------------------------------------------------------------------------------------

    def snug(self, *words, cwd=None, env=None, timeout=60, input=b"", **more):
        """Runs snug with these words; returns the completed process, output as bytes."""
        if "stdin" not in more:
            more["input"] = input
        for stream in ("stdout", "stderr"):
            more.setdefault(stream, subprocess.PIPE)
        return subprocess.run([SNUG, *words], cwd=cwd or self.project, env=self.environment(env), timeout=timeout, **more)

    def environment(self, extra=None):
        return {**os.environ, **(extra or {})}

    def words(self, command, profile=None, options=()):
        chosen = ["-p", self.profile(profile)] if profile is not None else []
        return ["run", *chosen, *options, "--", *command]

    def inside(self, *command, profile=None, options=(), **more):
        """Runs a command in a sandbox of the project."""
        return self.snug(*self.words(command, profile, options), **more)

    def shell(self, script, **more):
        """Runs a shell script in a sandbox; it must succeed. Returns its output as text."""
        result = self.inside("sh", "-euc", script, **more)
        self.assertEqual(result.returncode, 0, self.story(result))
        return result.stdout.decode("utf-8", "replace")

    def probe(self, *facts, **more):
        """Runs the probe in a sandbox; it must succeed."""
        result = self.inside(os.path.join(self.project, "probe"), *facts, **more)
        self.assertEqual(result.returncode, 0, self.story(result))
        return Facts(result)

    def probe_outside(self, *facts, before=(), **more):
        """The same on the host: the control that shows the probe sees the opposite."""
        result = subprocess.run([*before, PROBE, *facts], capture_output=True, cwd=self.project, timeout=60, **more)
        self.assertEqual(result.returncode, 0, self.story(result))
        return Facts(result)

    def start(self, *command, profile=None, options=(), **more):
        """Starts a sandbox and returns the Popen of snug; killed at the end."""
        for stream in ("stdin", "stdout", "stderr"):
            more.setdefault(stream, subprocess.PIPE)
        process = subprocess.Popen([SNUG, *self.words(command, profile, options)], cwd=self.project, **more)

        def end():
            if process.poll() is None:
                process.kill()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    try:
                        stream.close()
                    except OSError:
                        pass
            process.wait()

        self.addCleanup(end)
        return process

    # --- assertions ------------------------------------------------------------------------------------------

    def story(self, result):
        return f"status {result.returncode}\n--- stdout\n{show(result.stdout)}\n--- stderr\n{show(result.stderr)}"

    def assert_status(self, result, status):
        self.assertEqual(result.returncode, status, self.story(result))

    def assert_refused(self, result, *patterns):
        """snug set nothing up, exits 125, and says each of these on stderr."""
        self.assert_status(result, 125)
        self.assertEqual(result.stdout or b"", b"", self.story(result))
        for pattern in patterns:
            self.assertRegex(show(result.stderr), pattern)

    def wait_until(self, condition, what, seconds=10):
        """Polls until the condition holds; returns how long that took."""
        begin = time.monotonic()
        while not condition():
            if time.monotonic() - begin > patient(seconds):
                self.fail(f"waited {seconds} s in vain: {what}")
            time.sleep(0.002)
        return time.monotonic() - begin


def show(output):
    return (output or b"").decode("utf-8", "backslashreplace")


def descriptors_of(pid):
    """What its descriptors lead to, those left out that it closes meanwhile."""
    targets = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            targets.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass
    return targets


def processes_with(word):
    """Process ids of everything on the host that has `word` among its arguments."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if word.encode() in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            pass
    return found


def children_of(pid):
    """Process ids of all descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parents[int(name)] = int(file.read().rsplit(b")", 1)[1].split()[1])
            except OSError:
                pass
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        more = [child for child, of in parents.items() if of == parent]
        found += more
        todo += more
    return found


class Terminal:
    """A program on a terminal of its own, driven by what it prints."""

    def __init__(self, argv, cwd, env=None, rows=30, columns=100):
        self.seen = b""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(cwd)
                os.execve(argv[0], argv, env or dict(os.environ))
            finally:
                os._exit(99)
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self):
        return termios.tcgetattr(self.master)

    def send(self, text):
        os.write(self.master, text.encode())

    def line(self, text):
        self.send(text + "\r")

    def read_some(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.seen += data
        return bool(data)

    def expect(self, pattern, seconds=10):
        """Reads until the pattern appears; forgets everything up to its end; returns the match."""
        begin = time.monotonic()
        while True:
            match = re.search(pattern.encode(), self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            left = begin + patient(seconds) - time.monotonic()
            if left <= 0 or not self.read_some(left):
                raise AssertionError(f"did not see {pattern!r} on the terminal; saw: {show(self.seen)!r}")

    def status(self, seconds=10):
        """Waits for the program; returns its exit status, or 128 + signal."""
        begin = time.monotonic()
        while time.monotonic() - begin < patient(seconds):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = None
                return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
            self.read_some(0.02)
        raise AssertionError(f"still runs after {seconds} s; on the terminal: {show(self.seen)!r}")

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = None
        if self.master is not None:
            os.close(self.master)
            self.master = None


def main():
    """Runs the file's tests; 77 where every one of them was skipped."""
    outcome = unittest.main(module="__main__", exit=False, verbosity=2, argv=sys.argv).result
    if not outcome.wasSuccessful() or outcome.testsRun == 0:
        sys.exit(1)
    sys.exit(77 if len(outcome.skipped) == outcome.testsRun else 0)
