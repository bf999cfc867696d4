"""Attempts on the control of running sandboxes: its socket, and the processes inside that carry out what is asked."""
import os
import socket
import subprocess

import escaping
from escaping import NESTED, ROOT, Escape
from sessions_checks import WAITING, Sessions
from snugtest import HOME, SNUG, show

# Asks whoever serves a control socket for its plan, as snug does: SOCKET PROOF-OR-"". Prints what comes back.
ASKING = """
import array, os, socket, struct, sys
path, proof = sys.argv[1], sys.argv[2]
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(5)
try:
    s.connect(path)
    rights = []
    if proof:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [os.open(proof, os.O_RDONLY)]))]
    s.sendmsg([struct.pack("III", 1, 1, 0)], rights)
    print("answer", len(s.recv(64)))
except OSError as error:
    print("error", error.errno)
"""


class Control(Sessions, Escape):
    def socket(self):
        folder = os.path.join(self.runtime, "snug")
        return [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".sock")]

    def ask(self, *words, inside=()):
        script = self.write("asking.py", ASKING)
        command = ["python3", script, *words]
        if not inside:
            return show(subprocess.run(command, capture_output=True, timeout=30).stdout)
        result = self.inside(*command, options=inside)
        self.assert_status(result, 0)
        return show(result.stdout)

    def test_from_outside_it_answers(self):
        self.begin(name="web")
        self.assertEqual(self.ask(self.socket()[0], "/proc/self/ns/user"), "answer 4\n")
        for proof in ("", "/proc/self/ns/pid", "/dev/null", "/"):
            self.assertEqual(self.ask(self.socket()[0], proof), "answer 0\n", proof)

    def test_from_inside_it_does_not(self):
        self.begin(name="web")
        seen = ["--read", self.runtime]
        socket, = self.socket()
        for proof in ("", "/proc/self/ns/user", "/proc/1/ns/user", "/proc/self/ns/pid", "/dev/null"):
            with self.subTest(proof):
                self.assertRegex(self.ask(socket, proof, inside=seen), r"^(answer 0|error (2|13|32|104|111))\n$")

    def test_the_names_of_namespaces_cannot_be_forged(self):
        self.begin(name="web")
        socket, = self.socket()
        name = os.readlink("/proc/self/ns/user")
        self.write(name, "")
        os.symlink(name, os.path.join(self.project, "link"))
        for proof in (name, "link", os.path.join(self.project, name)):
            self.assertRegex(self.ask(socket, proof, inside=["--read", self.runtime]), r"^(answer 0|error (2|13|32|104|111))\n$")

    def test_snug_itself_inside_is_turned_away(self):
        if NESTED:
            self.skipTest("is that very test, one sandbox further out")
        self.begin(name="web")
        result = self.inside("sh", "-c", f"export XDG_RUNTIME_DIR={self.runtime}; {SNUG} ps -q; {SNUG} kill -s KILL web",
                             options=["--read", self.runtime, "--read", os.path.dirname(SNUG)])
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(self.only()["name"], "web")

    def test_connections_from_inside_keep_nobody_out(self):
        self.begin(name="web")
        socket, = self.socket()
        hogging = self.write("hogging.py", "import socket, time\nheld = []\nprint('ready', flush=True)\nwhile True:\n"
                                           "  s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                                           "  s.settimeout(0.05)\n"
                                           f"  try:\n    s.connect({socket!r}); held = held[-20:] + [s]\n"
                                           "  except OSError:\n    time.sleep(0.001)\n")
        self.begin(f"exec python3 {hogging}", options=["--read", self.runtime])
        for _ in range(5):
            self.assert_status(self.snug("exec", "web", "true"), 0)

    def test_the_runtime_directory_of_a_session_is_not_shown(self):
        # The table of control sockets knows the usual place, whatever the profile asks for.
        place = f"/run/user/{os.getuid()}"
        if NESTED:
            self.skipTest("no netlink inside, by which sockets are listed")
        if not os.path.isdir(place) or not os.access(place, os.W_OK):
            self.skipTest("no runtime directory of a session")
        process = self.start("sh", "-c", "echo ready; exec sleep 60", env=self.environment({"XDG_RUNTIME_DIR": place}),
                             options=["--name", "shown"])
        process.stdout.readline()
        folder = os.path.join(place, "snug")
        self.wait_until(lambda: any(name.endswith(".sock") for name in os.listdir(folder)), "it listens")
        self.assert_refused(self.inside("true", options=["--read", place]), "snug")


# Tries every way to a socket at a path: the path itself, through other processes' roots and descriptors, abstract names.
EVERY_WAY = """
import glob, os, socket, struct, sys
ways = {sys.argv[1]}
for process in glob.glob("/proc/[0-9]*"):
    ways.add(process + "/root" + sys.argv[1])
    ways.update(glob.glob(process + "/fd/*"))
    ways.update(glob.glob(process + "/cwd/*.sock"))
with open("/proc/net/unix") as file:
    ways.update("\\0" + line.split()[7][1:] for line in file if len(line.split()) > 7 and line.split()[7][0] == "@")
for way in sorted(ways):
    for proof in ("/proc/self/ns/user", "/proc/1/ns/user"):
        try:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.settimeout(2)
            s.connect(way)
            socket.send_fds(s, [struct.pack("III", 1, 1, 0)], [os.open(proof, os.O_RDONLY)])
            if s.recv(64):
                print("answered", way)
        except OSError:
            pass
print("tried", len(ways) > 1)
"""

# Listens where it is told; says whenever somebody sends it something.
LISTENING = """
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen(16)
print("ready", flush=True)
while True:
    connection = s.accept()[0]
    connection.settimeout(3)
    try:
        if connection.recv(1 << 18):
            print("given something", flush=True)
    except OSError:
        pass
"""


class EveryWay(Sessions, Escape):
    def place(self):
        return os.path.join(self.runtime, "snug")

    def named(self, end):
        return next(os.path.join(self.place(), name) for name in os.listdir(self.place()) if name.endswith(end))

    def test_from_inside(self):
        self.begin(name="web")
        script = self.write("ways.py", EVERY_WAY)
        shown = ["--home", "none", "--read", HOME]
        for options in ([], ["--net", "filtered"], shown, [*shown, "--net", "filtered"]):
            with self.subTest(options=options):
                if NESTED and "filtered" in options:
                    continue
                result = self.inside("python3", script, self.named(".sock"), options=options)
                self.assertEqual(result.stdout, b"tried True\n", self.story(result))

    def test_a_connection_handed_in_as_standard_input(self):
        self.begin(name="web")
        asking = "import os, socket, struct\ns = socket.socket(fileno=0)\n" \
                 "socket.send_fds(s, [struct.pack('III', 1, 1, 0)], [os.open('/proc/self/ns/user', os.O_RDONLY)])\nprint('got', len(s.recv(64)))\n"
        script = self.write("handed.py", asking)
        for run, expected in ((lambda stdin: subprocess.run(["python3", script], stdin=stdin, capture_output=True), b"got 4\n"),
                              (lambda stdin: self.inside("python3", script, stdin=stdin), b"got 0\n")):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
                connection.connect(self.named(".sock"))
                result = run(connection)
            self.assertEqual(result.stdout, expected, self.story(result))

    def test_a_listener_inside_is_given_nothing(self):
        # Somebody outside was led to put a socket of the sandbox's where snug's own should be.
        script = self.write("listening.py", LISTENING)
        planted = os.path.join(self.project, "planted.sock")
        process = self.begin(f"exec python3 {script} {planted}", name="web")
        os.unlink(self.named(".sock"))
        os.symlink(planted, os.path.join(self.place(), f"{self.only()['id']}.sock"))
        for words in (["exec", "web", "true"], ["exec", "web"], ["ps", "web", "--json"]):
            result = self.snug(*words)
            self.assertIn(b"somebody else listens", result.stderr + result.stdout, self.story(result))
        self.assert_status(self.snug("kill", "-s", "KILL", "web"), 0)
        self.assertEqual(process.stdout.read(), b"")

    def test_directories_and_records_that_are_not_snugs(self):
        process = self.begin(name="web")
        with open(self.named(self.only()["id"]), "rb") as file:
            record = file.read()
        id = self.only()["id"].encode()
        victim = subprocess.Popen(["sleep", "600"])
        self.addCleanup(victim.wait)
        self.addCleanup(victim.kill)
        # Of a process that has another's number: nobody is listed, nobody is killed.
        forged = record.replace(id, b"0000000f").replace(b"name web", b"name forged").replace(
            b"snug %d " % process.pid, b"snug %d " % victim.pid).replace(b"init ", b"init %d 1\0was " % victim.pid)
        self.write(os.path.join(self.place(), "0000000f"), forged, 0o600)
        for words in (["kill", "-s", "KILL", "forged"], ["exec", "forged", "true"], ["logs", "forged"], ["attach", "forged"]):
            self.assertNotEqual(self.snug(*words).returncode, 0, words)
        self.assertIsNone(victim.poll())
        # Nor through a link to a directory of somebody else's choice, or one that others may write.
        os.rename(self.place(), self.place() + ".real")
        os.symlink(self.place() + ".real", self.place())
        self.assertEqual(self.ids(), [])
        os.unlink(self.place())
        os.rename(self.place() + ".real", self.place())
        os.chmod(self.place(), 0o777)
        self.assertEqual(self.ids(), [])
        os.chmod(self.place(), 0o700)
        self.assertEqual(self.only()["name"], "web")

    def test_from_another_user(self):
        if not ROOT:
            self.skipTest("only root can be another user")
        self.begin(name="web")
        asking = ["setpriv", "--reuid=4243", "--regid=4243", "--clear-groups", "--", "python3", "-c", ASKING, self.named(".sock"),
                  "/proc/self/ns/user"]
        self.assertEqual(subprocess.run(asking, capture_output=True).stdout, b"error 13\n")
        # Were the permissions not what they are: the kernel says who asks.
        for path in (self.runtime, self.place()):
            os.chmod(path, 0o711)
        os.chmod(self.named(".sock"), 0o777)
        self.assertRegex(subprocess.run(asking, capture_output=True).stdout, rb"^(answer 0|error (32|104))\n$")


class Inside(Sessions, Escape):
    """The leader of a command that entered is as unreachable as the first process."""

    def test_descriptors_and_memory(self):
        self.begin(name="web")
        self.enter(WAITING)
        script = ("for p in 1 3; do for f in fd/3 fd/5 mem maps environ cwd root ns/user exe; do "
                  "(exec 9</proc/$p/$f) 2>/dev/null && echo opened $p $f; readlink /proc/$p/$f; done; ls /proc/$p/fd; done; "
                  "(exec 9</proc/2/ns/user) && echo control")
        result = self.snug("exec", "web", "sh", "-c", script)
        self.assertEqual(result.stdout, b"control\n", self.story(result))

    def test_tracing(self):
        self.begin(name="web")
        self.enter(WAITING)
        script = self.write("trace.py", "import ctypes, os, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                                        "for pid in map(int, sys.argv[1:]):\n"
                                        "  fd = libc.syscall(434, pid, 0)\n"
                                        "  for n in range(3, 12):\n"
                                        "    if fd >= 0 and libc.syscall(438, fd, n, 0) >= 0: print('took', pid, n)\n"
                                        "  if libc.ptrace(16, pid, 0, 0) == 0: print('traced', pid)\n"
                                        "print('done')\n")
        result = self.snug("exec", "web", "python3", script, "1", "3")
        self.assertEqual(result.stdout, b"done\n", self.story(result))

    def test_a_hostile_command_cannot_forge_what_an_exec_reports(self):
        # It may kill the leader, as it may kill the command: that is told, and never looks like success.
        numbers = " ".join(map(str, range(3, 150)))
        self.begin(f"echo ready; while :; do for p in {numbers}; do kill -9 $p 2>/dev/null; done; done", name="web")
        for _ in range(10):
            result = self.snug("exec", "web", "sh", "-c", "sleep 0.5; exit 0", timeout=20)
            self.assertIn(result.returncode, (125, 137), self.story(result))

    def test_a_stopped_leader_holds_up_nobody_else(self):
        self.begin("echo ready; while :; do kill -STOP 3 4 5 6 2>/dev/null; done", name="web")
        stuck = subprocess.Popen([SNUG, "exec", "web", "sleep", "1"], cwd=self.project, env=self.environment(),
                                 stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(stuck.wait)
        self.addCleanup(stuck.kill)
        self.assert_status(self.snug("kill", "-s", "KILL", "web", timeout=20), 0)
        self.assertNotEqual(stuck.wait(10), 0)


if __name__ == "__main__":
    escaping.main()
