"""A filtered network under load and under attack: ten thousand connections, what stands in for its name servers, packets that
claim to come from elsewhere, and what is left when it is over."""
import json
import os
import resource
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import networks

networks.enter()
import snugtest
from networks import OTHER, PRIVATE, WEB

net = None
PYTHON = "/usr/bin/python3"


def setUpModule():
    global net
    net = networks.set_up()


class Case(snugtest.Case):
    def text(self, allow, more=""):
        return more + '[network]\nmode = "filtered"\nallow = %s\n' % json.dumps(list(allow))

    def python(self, allow, script, *words, **more):
        result = self.inside(PYTHON, "-c", script, *words, profile=self.text(allow), **more)
        self.assert_status(result, 0)
        return result.stdout.decode().split()


# Opens connections without waiting for any, and on each line of input says how many stand and how many of those answer.
MANY = r"""
import resource, select, socket, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
web, many = socket.gethostbyname("web.test"), int(sys.argv[1])
waiting, poll, open_ones = {}, select.epoll(), []
def take(seconds):
    for fd, events in poll.poll(seconds):
        s = waiting.pop(fd); poll.unregister(fd)
        if s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR): sys.exit("lost one")
        s.setblocking(True); s.settimeout(60); open_ones.append(s)
for i in range(many):
    s = socket.socket(); s.setblocking(False); s.connect_ex((web, 87)); waiting[s.fileno()] = s; poll.register(s, select.EPOLLOUT)
    while len(waiting) > 200 and not len(sys.argv) > 2: take(10)
print("begun", flush=True)
for line in sys.stdin:
    word, number = line.split()
    while word == "open" and len(open_ones) < int(number): take(1)
    if word == "rest": take(int(number))
    if word == "close":
        for s in open_ones[:int(number)]: s.close()
        del open_ones[:int(number)]
    if word == "echo":
        for s in open_ones: s.sendall(b"x")
        for s in open_ones: assert s.recv(1) == b"x"
    if word == "new":
        s = socket.create_connection((web, 80), 60); s.sendall(b"GET / HTTP/1.1\r\n\r\n"); assert s.recv(1); s.close()
    print(word, len(open_ones), flush=True)
"""


class Many(Case):
    def ask(self, snug, words):
        snug.stdin.write(words.encode() + b"\n")
        snug.stdin.flush()
        line = snug.stdout.readline()
        self.assertTrue(line, line or snug.stderr.read())
        return line.decode().split()

    def memory(self, snug):
        with open(f"/proc/{snug.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))

    def test_ten_thousand_idle_connections(self):
        # As many as the limit of open files gives room for: each takes two of ours, and 1536 are for other things.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        many = min(10000, (hard - 1536) // 2 - 16)
        snugtest.need(many >= 1000, "a limit of 4,000 open files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))  # as in a login
        snug = self.start(PYTHON, "-c", MANY, str(many), profile=self.text(["web.test:80", "web.test:87"]))
        before = self.memory(snug)
        self.assertEqual(snug.stdout.readline(), b"begun\n")
        self.assertEqual(self.ask(snug, f"open {many}"), ["open", str(many)])
        idle = self.memory(snug) - before
        self.assertEqual(self.ask(snug, "new 0"), ["new", str(many)])
        self.assertEqual(self.ask(snug, "echo 0"), ["echo", str(many)])
        self.assertLess(idle, 60 << 10, "KiB of memory for idle connections")
        self.assertLess(self.memory(snug) - before, 60 << 10)
        with open(f"/proc/{snug.pid}/limits") as file:
            soft = next(int(line.split()[3]) for line in file if line.startswith("Max open files"))
        self.assertGreater(soft, 2 * many)
        snug.kill()
        self.wait_until(lambda: not snug.stdout.read(1), "everything inside ends", 30)

    def test_what_there_is_no_room_for_waits(self):
        """Of 1600 open files at most, 1536 are for other things: 32 connections."""
        snug = self.start(PYTHON, "-c", MANY, "100", "at once", profile=self.text(["web.test:80", "web.test:87"]),
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1600)))
        self.assertEqual(snug.stdout.readline(), b"begun\n")
        self.assertEqual(self.ask(snug, "open 32"), ["open", "32"])
        self.assertEqual(self.ask(snug, "rest 2"), ["rest", "32"])
        self.assertEqual(self.ask(snug, "echo 0"), ["echo", "32"])
        self.assertEqual(self.ask(snug, "close 20"), ["close", "12"])
        self.assertEqual(self.ask(snug, "open 32"), ["open", "32"])
        for left in range(100 - 20 - 32, 0, -24):
            self.ask(snug, "close 24")
            self.ask(snug, f"open {8 + min(24, left)}")
        self.ask(snug, "close 8")
        self.assertEqual(self.ask(snug, "new 0")[0], "new")


class NameServers(Case):
    def resolv(self, text):
        with open(net.path("resolv.conf"), "w") as file:
            file.write(text)

    def test_names_that_stand_for_others(self):
        """What the chain's names are does not matter; where it ends does."""
        self.addCleanup(net.say, networks.NAMES)
        net.say({**networks.NAMES, "first.test": {"cname": "second.cdn.test"}, "second.cdn.test": {"cname": "web.test"},
                 "inward.test": {"cname": "rebound.test"}, "circle.test": {"cname": "circle.test"},
                 "nowhere.test": {"cname": "missing.test"}, "six-alias.test": {"cname": "six.test"},
                 "long0.test": {"cname": "web.test"}, **{f"long{n}.test": {"cname": f"long{n - 1}.test"} for n in range(1, 12)}})
        names = ("first.test", "six-alias.test", "long5.test", "inward.test", "circle.test", "nowhere.test", "second.cdn.test")
        ends = self.python(names[:-1], r"""
import errno, socket, sys
for name in sys.argv[1:]:
    try:
        s = socket.create_connection((name, 80), 60); s.sendall(b"GET / HTTP/1.1\r\n\r\n"); print(len(s.recv(1)))
    except socket.gaierror: print("noname")
    except OSError as e: print(errno.errorcode[e.errno])
""", *names)
        self.assertEqual(ends, ["1", "1", "1", "ECONNREFUSED", "EHOSTUNREACH", "EHOSTUNREACH", "noname"])

    def test_a_name_server_that_is_gone_or_silent_holds_nobody_up(self):
        script = r"""
import errno, socket, sys, threading, time
def end(host):
    try: socket.create_connection((host, 80), 60); return "open"
    except socket.gaierror: return "noname"
    except OSError as e: return errno.errorcode.get(e.errno, "timeout")
ends = {}
slow = threading.Thread(target=lambda: ends.update(slow=end(sys.argv[1]))); slow.start()
time.sleep(0.2)
print(end("hosts-file.test"), end("93.184.1.2"), end("other.test"), slow.is_alive() or ends["slow"]); slow.join(); print(ends["slow"])
"""
        allow = ["web.test", "silent.test", "hosts-file.test", OTHER]
        self.assertEqual(self.python(allow, script, "silent.test", timeout=120), ["open", "open", "noname", "True", "EHOSTUNREACH"])
        self.addCleanup(self.resolv, f"nameserver {networks.INTERNET}\noptions timeout:1\n")
        self.resolv("nameserver 127.0.0.1\n")  # nobody there
        self.assertEqual(self.python(allow, script, "web.test", timeout=120)[:3], ["open", "open", "noname"])
        self.assertEqual(self.python(allow, script, "web.test", timeout=120)[-1], "EHOSTUNREACH")
        self.resolv("")
        self.assertEqual(self.python(allow, script, "web.test", timeout=120)[-1], "EHOSTUNREACH")

    def test_they_may_change_while_it_runs(self):
        self.addCleanup(self.resolv, f"nameserver {networks.INTERNET}\noptions timeout:1\n")
        self.resolv("nameserver 127.0.0.1\n")
        snug = self.start(PYTHON, "-uc", r"""
import socket, sys
for line in sys.stdin:
    try: socket.create_connection((line.strip(), 80), 60); print("open")
    except OSError as e: print(e.errno)
""", profile=self.text(["web.test", "both.test"]))

        def ask(name):
            snug.stdin.write(name + b"\n")
            snug.stdin.flush()
            return snug.stdout.readline()

        self.assertEqual(ask(b"web.test"), b"113\n")
        self.resolv(f"nameserver {networks.INTERNET}\n")
        self.assertEqual(ask(b"both.test"), b"open\n")


class Attacks(Case):
    def test_packets_from_elsewhere_go_nowhere(self):
        """IP_FREEBIND lets anybody claim an address, but of the link's own nobody else's packets are looked at."""
        net.forget_questions()
        out = self.python(["web.test:80", "udp://web.test:87", WEB, "udp://93.184.0.1:53"], r"""
import ctypes, errno, socket, struct
web = socket.gethostbyname("web.test")
def ends(source, protocol=socket.SOCK_STREAM, to=(web, 80), level=0, option=15):
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    try:
        s = socket.socket(family, protocol); s.settimeout(3)
        s.setsockopt(level, option, 1)
        s.bind((source, 0)); s.connect(to)
        s.sendall(b"GET / HTTP/1.1\r\n\r\n"); return "answer" if s.recv(1) else "end"
    except TimeoutError: return "silence"
    except OSError as e: return errno.errorcode[e.errno]
print(ends("198.18.0.1"), ends("198.18.0.1", socket.SOCK_DGRAM, (web, 87)))
for source in "10.9.9.9", "198.18.0.2", "198.18.1.1", "127.0.0.1", web:
    print(ends(source), ends(source, socket.SOCK_DGRAM, (web, 87)), ends(source, to=("93.184.1.1", 80)))
print(ends("fd73:6e75:6700::9", to=("2a00:2::1", 80), level=41, option=78))
""", timeout=180)
        self.assertEqual(out[:2], ["answer", "answer"])
        self.assertFalse({"answer", "end"} & set(out[2:]), out)

    def test_other_sockets_are_not_to_be_had_or_lead_nowhere(self):
        out = self.python(["web.test:80"], r"""
import ctypes, errno, socket
libc = ctypes.CDLL(None, use_errno=True)
web = socket.gethostbyname("web.test")
def attempt(family, kind, protocol):
    try:
        s = socket.socket(family, kind, protocol); s.settimeout(2); s.connect((web if family == 2 else "2a00:2::1", 80))
        s.send(b"GET / HTTP/1.1\r\n\r\n"); return "answer" if s.recv(1) else "end"
    except TimeoutError: return "silence"
    except OSError as e: return errno.errorcode[e.errno]
def system_call(number, *words):
    return "done" if libc.syscall(number, *words) >= 0 else errno.errorcode[ctypes.get_errno()]
raw = [attempt(family, 3, protocol) for family in (2, 10) for protocol in (1, 6, 17, 58, 255)]
print(*raw)
print(attempt(2, 1, 132), attempt(2, 5, 132), attempt(2, 6, 33), attempt(2, 2, 136), attempt(2, 2, 1), attempt(10, 2, 58))
for family in 17, 40, 44, 16, 38, 15, 29, 30, 21, 43:  # packet, vsock, xdp, netlink (generic), alg, key, can, tipc, rds, smc
    try: socket.socket(family, 3 if family in (17, 44) else 1 if family in (40, 43) else 5 if family in (38, 30) else 2, 16 if family == 16 else 0); print("made")
    except OSError as e: print(errno.errorcode[e.errno])
params = ctypes.create_string_buffer(120)
print(system_call(425, 8, params), system_call(272, 0x10000000 | 0x40000000), system_call(272, 0x40000000), system_call(308, 0, 0x40000000))
""", timeout=120)
        self.assertFalse({"answer", "end", "made", "done"} & set(out), out)
        self.assertLessEqual(set(out[:10]), {"EPERM", "EACCES", "EPROTONOSUPPORT"})

    def test_many_messages_in_one_call_go_where_one_does(self):
        net.forget_questions()
        out = self.python(["*", "web.test", "udp://web.test:87"], r"""
import ctypes, socket
libc = ctypes.CDLL(None, use_errno=True)
class iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
class msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32), ("iov", ctypes.c_void_p), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]
class mmsghdr(ctypes.Structure): _fields_ = [("hdr", msghdr), ("len", ctypes.c_uint32)]
def send_all(s, data, to):
    vec = (mmsghdr * len(to))(); keep = []
    for message, (host, port) in zip(vec, to):
        name = ctypes.create_string_buffer(b"\2\0" + port.to_bytes(2, "big") + socket.inet_aton(host) + bytes(8), 16)
        body = ctypes.create_string_buffer(data, len(data)); iov = iovec(ctypes.addressof(body), len(data)); keep += [name, body, iov]
        message.hdr.name, message.hdr.namelen, message.hdr.iov, message.hdr.iovlen = ctypes.addressof(name), 16, ctypes.addressof(iov), 1
    return libc.sendmmsg(s.fileno(), vec, len(to), 0)
question = b"\1\2\1\0\0\1\0\0\0\0\0\0\6secret\4test\0\0\1\0\1"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
print(send_all(s, question, [("93.184.0.1", 53), ("10.1.2.3", 87), ("93.184.1.2", 87), (socket.gethostbyname("web.test"), 87)]))
got = []
try:
    while True: got.append(s.recvfrom(99)[1][0])
except OSError: pass
print(len(got), all(a.startswith("198.18.") for a in got))
""")
        self.assertEqual(out, ["4", "1", "True"])
        self.assertLessEqual(set(net.questions()), {"web.test"})

    def test_namespaces_of_its_own_have_no_way_out(self):
        script = r"""
import errno, socket
for host in "web.test", "93.184.1.1", "198.18.0.1":
    try: socket.create_connection((host, 80), 20); print("open")
    except socket.gaierror: print("noname")
    except OSError as e: print(errno.errorcode.get(e.errno, "timeout"))
"""
        nested = self.text(["web.test"], more="nested = true\n")
        self.assertEqual(self.inside(PYTHON, "-c", script, profile=nested).stdout.split()[0], b"open")
        result = self.inside("unshare", "-rn", PYTHON, "-c", script, profile=nested)
        self.assertEqual(result.stdout.split(), [b"noname", b"ENETUNREACH", b"ENETUNREACH"], self.story(result))
        for words in (["ip", "link", "set", "s0", "down"], ["ip", "route", "add", "10.0.0.0/8", "dev", "lo"], ["ip", "link", "add", "v0", "type", "veth"]):
            result = self.inside("unshare", "-r", *words, profile=nested)
            self.assertNotEqual(result.returncode, 0, self.story(result))
            self.assertIn(b"not permitted", result.stderr, self.story(result))
        plain = self.inside("unshare", "-rn", "true", profile=self.text(["web.test"]))
        self.assertNotEqual(plain.returncode, 0)


class Over(Case):
    def kept(self):
        """All that could be left behind: interfaces, networks of processes, mounts, snug's own files."""
        networks_of = set()
        for name in os.listdir("/proc"):
            try:
                networks_of.add(os.readlink(f"/proc/{name}/ns/net"))
            except OSError:
                pass
        with open("/proc/self/mountinfo") as file:
            mounts = len(file.readlines())
        state = sorted(name for name in os.listdir(os.path.join(snugtest.HOME, ".local/state/snug")))
        return sorted(os.listdir("/sys/class/net")), networks_of, mounts, state, snugtest.processes_with(self.marker)

    def test_a_hundred_runs_leave_nothing_behind(self):
        self.marker = f"marker-{os.getpid()}"
        profile = self.profile(self.text(["web.test"]))
        one = ["run", "-p", profile, "--", "sh", "-c", "exec 3<>/dev/null; : " + self.marker + "; getent hosts web.test >/dev/null", self.marker]
        self.assert_status(self.snug(*one), 0)
        before = self.kept()
        for _ in range(100):
            self.assert_status(self.snug(*one), 0)
        self.wait_until(lambda: self.kept() == before, "nothing is left", 30)

    def test_nor_do_runs_that_are_killed(self):
        self.marker = f"killed-{os.getpid()}"
        self.assert_status(self.inside("true", profile=self.text(["web.test:87"])), 0)
        before = self.kept()
        for _ in range(10):
            snug = self.start(PYTHON, "-uc", "import socket,time; s=socket.create_connection(('web.test',87)); s.sendall(b'x'); print(s.recv(1)); time.sleep(600)",
                              self.marker, profile=self.text(["web.test:87"]))
            self.assertEqual(snug.stdout.readline(), b"b'x'\n")
            snug.send_signal(signal.SIGKILL)
            snug.wait()
        self.wait_until(lambda: self.kept() == before, "nothing is left", 30)


if __name__ == "__main__":
    snugtest.main()
