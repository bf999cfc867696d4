"""The Landlock ruleset alone, without any mount: the second wall stands where the first is taken away.

Every attempt is made twice, without the wall (it must work, or the test proves nothing) and behind it (it must not), each
time on fresh files; what counts is what is found afterwards, not what the command says.
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

WALLED = os.environ["WALLED"]
ABI = int(subprocess.run([WALLED, "--version"], capture_output=True, text=True, check=True).stdout)
SKIPPED = []
SYSTEM = [word for path in ("/usr", "/bin", "/lib", "/lib64", "/etc") if os.path.exists(path) for word in ("--read", path)]

# Started in a fresh project; ../secret is outside the view and holds `key` ("old"), `dir` and `tool`. The attempt worked
# if `found` says so afterwards.
ATTEMPTS = {
    "read a file": "cat ../secret/key > stolen",
    "read through a link in the project": "ln -s ../secret/key l; cat l > stolen",
    "read through a hard link": "ln ../secret/key h && cat h > stolen",
    "move a file in": "mv ../secret/key stolen",
    "copy by python": "python3 -c \"open('stolen', 'w').write(open('../secret/key').read())\"",
    "write a file": "echo new > ../secret/key",
    "append to a file": "echo new >> ../secret/key",
    "make a file": "touch ../secret/made",
    "make a directory": "mkdir ../secret/made",
    "make a link": "ln -s /x ../secret/made",
    "make a pipe": "mkfifo ../secret/made",
    "make a socket": "python3 -c \"import socket; socket.socket(1).bind('../secret/made')\"",
    "move a file out": "touch f; mv f ../secret/made",
    "link a file out": "touch f; ln f ../secret/made",
    "remove a file": "rm -f ../secret/key",
    "remove a directory": "rmdir ../secret/dir",
    "rename a file in place": "mv ../secret/key ../secret/other",
    "run a program": "../secret/tool && touch ran",
    "read by way of /proc": "cat /proc/self/cwd/../secret/key > stolen",
}
FROM_3 = {
    "empty a file by name": "python3 -c \"import os; os.truncate('../secret/key', 0)\"",
    "empty a file by opening it to read": "python3 -c \"import os; os.open('../secret/key', os.O_RDONLY | os.O_TRUNC)\"",
}
# {pid}: a process outside; {name}: an abstract socket outside.
FROM_6 = {
    "signal a process": "kill -USR1 {pid}; sleep 0.1",
    "connect to an abstract socket": "python3 -c \"import socket; socket.socket(1).connect('\\0{name}')\" && touch ran",
}
FROM_9 = {
    "connect to a socket in the project": "python3 -c \"import socket; socket.socket(1).connect('outer.sock')\" && touch ran",
}
WORK = {
    "write, move and link between directories": "mkdir a b && echo x > a/f && mv a/f b/g && ln b/g a/h && rm b/g && cat a/h",
    "empty and append": "echo x > f; : > f; echo y >> f; python3 -c \"import os; os.truncate('f', 0)\"",
    "devices": "echo x > /dev/null; head -c 4 /dev/urandom | wc -c",
    "own sockets": "python3 -c \"import socket as s; a = s.socket(1); a.bind('x'); a.listen(); s.socket(1).connect('x')\"",
    "own abstract sockets": "python3 -c \"import os, socket as s; n = '\\0snug%d' % os.getpid(); a = s.socket(1); a.bind(n); a.listen(); s.socket(1).connect(n)\"",
    "signals to own children": "sleep 9 & kill $!; ! wait $!",
    "own /proc": "echo renamed > /proc/self/comm; cat /proc/self/status > /dev/null; ls /proc/self/fd > /dev/null",
    "pipes by /dev/fd": "bash -c 'cat <(echo x) | grep -q x'",
    "compile and run": "printf 'int main(void) { return 0; }' > m.c && gcc m.c -o m && ./m",
    "git": "git init -q r && cd r && git -c user.name=n -c user.email=e commit -q --allow-empty -m x && git log --oneline",
    "listing": "ls / > /dev/null && ls /usr > /dev/null",
    "a debugger": "gdb -nx -batch -ex starti -ex detach --args /bin/true 2>&1 | grep -q detached",
}
# Which of these need a program that a machine may lack.
NEEDED = {"compile and run": "gcc", "git": "git", "a debugger": "gdb"}


def read(path):
    with open(path) as file:
        return file.read()


class Place:
    """A project and a secret directory beside it, and programs outside to attack."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(dir=os.getcwd())
        self.project = os.path.join(self.top, "project")
        self.secret = os.path.join(self.top, "secret")
        os.makedirs(os.path.join(self.secret, "dir"))
        os.mkdir(self.project)
        with open(os.path.join(self.secret, "key"), "w") as key:
            key.write("old\n")
        shutil.copy("/bin/true", os.path.join(self.secret, "tool"))
        self.before = self.state()
        self.victim = subprocess.Popen(["sleep", "600"])
        self.name = f"snug-test-{os.getpid()}"
        self.abstract = self.listener("\0" + self.name)
        self.lying = self.listener(os.path.join(self.project, "outer.sock"))
        return self

    def __exit__(self, *_):
        self.victim.kill()
        self.victim.wait()
        self.abstract.close()
        self.lying.close()
        shutil.rmtree(self.top)

    @staticmethod
    def listener(name):
        server = socket.socket(socket.AF_UNIX)
        server.bind(name)
        server.listen()
        return server

    def state(self):
        entries = {name: os.path.exists(os.path.join(self.secret, name)) for name in sorted(os.listdir(self.secret))}
        key = os.path.join(self.secret, "key")
        return entries, read(key) if os.path.exists(key) else None

    def run(self, line, *prefix):
        line = line.replace("{pid}", str(self.victim.pid)).replace("{name}", self.name)
        return subprocess.run([*prefix, "sh", "-c", line], cwd=self.project, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, env={**os.environ, "HOME": self.project, "TMPDIR": self.project})

    def wall(self, abi):
        return [WALLED, "--abi", str(abi), *SYSTEM, "--read", "/dev", "--file", "/dev/null", "--write", "/proc",
                "--write", self.project]

    def found(self):
        """Did an attempt succeed? Told by its traces."""
        stolen = os.path.join(self.project, "stolen")
        return (self.state() != self.before or os.path.exists(os.path.join(self.project, "ran")) or
                os.path.exists(stolen) and read(stolen) == "old\n" or self.victim.poll() is not None)


def succeeds(line, abi=None):
    with Place() as place:
        done = place.run(line, *(place.wall(abi) if abi else ()))
        return place.found(), done.stderr


class Wall(unittest.TestCase):
    def check(self, attempts, needed):
        if needed > ABI:
            SKIPPED.append(f"{', '.join(attempts)}: needs Landlock {needed}, this kernel has {ABI}")
            return
        for name, line in attempts.items():
            with self.subTest(name):
                self.assertTrue(succeeds(line)[0], "does not even work without the wall")
                for abi in sorted({needed, ABI}):
                    self.assertFalse(succeeds(line, abi)[0], f"got through at version {abi}")

    def test_files(self):
        self.check(ATTEMPTS, 2)

    def test_emptying(self):
        self.check(FROM_3, 3)

    def test_processes_and_abstract_sockets(self):
        self.check(FROM_6, 6)

    def test_sockets_lying_in_the_project(self):
        self.check(FROM_9, 9)

    def test_what_must_work_does_at_every_version(self):
        missing = {name: program for name, program in NEEDED.items() if not shutil.which(program)}
        if os.environ.get("SNUG_MUST_WORK") == "1":
            self.assertEqual(missing, {}, "missing here")
        SKIPPED.extend(f"{name}: missing here: the program {program}" for name, program in missing.items())
        work = {name: line for name, line in WORK.items() if name not in missing}
        for abi in range(1, ABI + 1):
            for name, line in work.items():
                with self.subTest(name, abi=abi), Place() as place:
                    done = place.run(line, *place.wall(abi))
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def main():
    if ABI < 2:
        print(f"needs Landlock 2, this kernel has {max(ABI, 0)}", file=sys.stderr)
        sys.exit(1 if os.environ.get("SNUG_MUST_WORK") == "1" else 77)
    program = unittest.main(module=__name__, exit=False)
    for reason in SKIPPED:
        print("skipped:", reason, file=sys.stderr)
    sys.exit(0 if program.result.wasSuccessful() else 1)
