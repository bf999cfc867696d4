"""network.mode = "filtered", against servers in a network namespace that plays the internet.

Every refusal has a control beside it: the same client reaches the same server where a rule allows it.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import networks

networks.enter()
import snugtest
from networks import METADATA, OTHER, PRIVATE, SHARED, WEB, WEB6

net = None


def setUpModule():
    global net
    net = networks.set_up()


PYTHON = "/usr/bin/python3"

# Says how a connection ends, and how long it took.
CONNECT = f"AT_ONCE = {snugtest.patient(1)}" + r"""
import errno, socket, sys, time
host, port = sys.argv[1], int(sys.argv[2])
start = time.monotonic()
def say(what): print(what, "fast" if time.monotonic() - start < AT_ONCE else "slow")
try:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM, int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    s.settimeout(40)
    s.connect((host, port))
    s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    say("answer" if s.recv(1) else "end")
except socket.gaierror: say("noname")
except OSError as e: say(errno.errorcode.get(e.errno, "timeout"))
"""


class Filtered(snugtest.Case):
    def run_with(self, allow, *command, deny=(), options=(), **more):
        text = "[network]\nmode = \"filtered\"\nallow = %s\ndeny = %s\n" % (json.dumps(list(allow)), json.dumps(list(deny)))
        return self.inside(*command, profile=text, options=options, **more)

    def python(self, allow, script, *words, **more):
        result = self.run_with(allow, PYTHON, "-c", script, *words, **more)
        self.assertEqual(result.returncode, 0, self.story(result))
        return result

    def connect(self, allow, host, port=80, *words, **more):
        """How a connection from inside ends: "answer", an errno, "noname", and whether at once; and what snug said."""
        result = self.python(allow, CONNECT, host, str(port), *map(str, words), **more)
        return result.stdout.decode().split(), result.stderr.decode()

    def reaches(self, allow, host, port=80, **more):
        self.assertEqual(self.connect(allow, host, port, **more)[0], ["answer", "fast"])


class Names(Filtered):
    def test_an_allowed_name_is_reached_whatever_address_it_has(self):
        for name, at in (("web.test", WEB), ("six.test", WEB6), ("both.test", WEB6), ("broken-six.test", WEB),
                         ("hosts-file.test", WEB)):
            result = self.run_with([name], "curl", "-sS", f"http://{name}/")
            self.assertEqual(result.returncode, 0, self.story(result))
            self.assertEqual(json.loads(result.stdout)["at"], at)
            self.assertEqual(json.loads(result.stdout)["host"], [name])

    def test_letters_and_dots_of_names_do_not_matter(self):
        self.reaches(["WEB.Test."], "wEb.tEST")

    def test_a_name_without_a_rule_does_not_exist_and_is_told_once(self):
        net.forget_questions()
        result = self.run_with(["web.test"], "sh", "-c", "curl -sS http://other.test; curl -sS http://other.test; curl -sS http://OTHER.test")
        self.assertEqual(result.returncode, 6, self.story(result))
        said = result.stderr.decode()
        self.assertEqual(len(re.findall(r"blocked other\.test \(no rule of network\.allow names it\); allow it: snug allow -p \S+ other\.test\n", said)), 1, said)
        self.assertEqual(net.questions(), [])

    def test_a_star_is_every_name_below_and_not_the_name_itself(self):
        self.reaches(["*.below.test"], "x.below.test")
        self.assertEqual(self.connect(["*.below.test"], "below.test")[0][0], "noname")
        self.assertEqual(self.connect(["*.below.test"], "xbelow.test")[0][0], "noname")

    def test_deny_wins(self):
        ended, said = self.connect(["*", "web.test"], "web.test", deny=["web.test"])
        self.assertEqual(ended[0], "noname")
        self.assertIn("blocked web.test (", said)
        self.assertIn("network.deny", said)
        self.assertNotIn("snug allow", said)
        self.reaches(["*"], "web.test", deny=["other.test"])

    def test_a_rule_is_for_its_ports(self):
        ended, said = self.connect(["web.test:443", "other.test:80"], "web.test", 80)
        self.assertEqual(ended[0], "ECONNREFUSED")
        self.assertRegex(said, r"blocked web\.test:80 \(network\.allow names other ports\); allow it: snug allow -p \S+ web\.test\n")
        self.reaches(["web.test:443", "other.test:80"], "web.test", 443)
        self.assertEqual(self.connect(["web.test:443"], "web.test", 22)[0], ["ECONNREFUSED", "fast"])
        self.reaches(["web.test:80-90"], "web.test", 87)

    def test_names_are_answered_over_tcp_too_and_other_types_are_empty(self):
        out = self.python(["web.test"], r"""
import socket, struct
def ask(name, kind):
    q = b"\1\2\1\0\0\1\0\0\0\0\0\0" + b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0" + struct.pack("!HH", kind, 1)
    s = socket.create_connection(("127.0.0.1", 53)); s.sendall(struct.pack("!H", len(q)) + q)
    a = s.recv(600)[2:]
    return a[3] & 15, struct.unpack("!H", a[6:8])[0]
print(ask("web.test", 1), ask("web.test", 28), ask("web.test", 65), ask("web.test", 16), ask("other.test", 1))
""").stdout.decode()
        self.assertEqual(out.strip(), "(0, 1) (0, 0) (0, 0) (0, 0) (3, 0)")

    def test_a_name_that_does_not_exist_or_nobody_answers_for_ends(self):
        for name in ("missing.test", "empty.test"):
            ended, _ = self.connect([name], name)
            self.assertEqual(ended[0], "EHOSTUNREACH", name)

    def test_localhost_is_the_sandbox(self):
        self.assertEqual(self.connect(["*"], "localhost")[0], ["ECONNREFUSED", "fast"])


class Addresses(Filtered):
    def test_an_unlisted_address_is_refused_at_once(self):
        for host in (WEB, OTHER, PRIVATE, METADATA, "8.8.8.8"):
            self.assertEqual(self.connect(["web.test"], host)[0], ["ECONNREFUSED", "fast"], host)
        for host in (WEB6, "::ffff:" + WEB, "fe80::1", "64:ff9b::5db8:101"):
            ended = self.connect(["web.test"], host)[0]
            self.assertIn(ended[0], ("ECONNREFUSED", "EINVAL"), host)
            self.assertEqual(ended[1], "fast")

    def test_an_unlisted_address_is_told_once_with_what_would_allow_it(self):
        for host, told, rule in ((WEB, WEB, WEB), ("2a00:2::9", "[2a00:2::9]", "2a00:2::9")):
            start = time.monotonic()
            snug = self.start("bash", "-c", f"for i in 1 2; do exec 3<>/dev/tcp/{host}/80; done; sleep 9",
                              profile='[network]\nmode = "filtered"\nallow = ["web.test"]\n')
            lines = iter(snug.stderr.readline, b"")
            said = next(line for line in lines if line.startswith(b"snug:")).decode()
            self.assertLess(time.monotonic() - start, 3)
            self.assertRegex(said, rf"^snug: blocked {re.escape(told)}:80 \(no rule of network.allow names it\); allow it: snug allow -p \S+ {re.escape(rule)}\n$")
            snug.kill()
            self.assertNotIn(b"snug:", snug.stderr.read())
        ended, said = self.connect(["web.test"], OTHER, 8123)
        self.assertRegex(said, rf"blocked {OTHER}:8123 \(no rule of network.allow names it\); allow it: snug allow -p \S+ {OTHER}:8123\n")

    def test_a_datagram_is_told_too(self):
        result = self.python(["web.test"], r"""
import errno, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(3); s.connect(("93.184.1.1", 123))
for i in range(2):
    try: s.send(b"x"); s.recv(9)
    except OSError as e: print(errno.errorcode[e.errno])
""")
        self.assertEqual(result.stdout.split(), [b"ECONNREFUSED"] * 2)
        self.assertEqual(result.stderr.decode().count("snug: blocked udp://93.184.1.1:123 (no rule"), 1)

    def test_a_range_opens_its_addresses_and_no_others(self):
        self.reaches(["93.184.1.0/31"], WEB)
        self.reaches(["93.184.1.0/31"], "::ffff:" + WEB)
        self.assertEqual(self.connect(["93.184.1.0/31"], OTHER)[0], ["ECONNREFUSED", "fast"])
        self.reaches([PRIVATE], PRIVATE)
        self.reaches(["10.0.0.0/8:80"], PRIVATE)
        self.reaches([METADATA], METADATA)
        self.reaches(["2a00:2::/32"], WEB6)
        ended, said = self.connect([PRIVATE + ":443", "web.test"], PRIVATE)
        self.assertEqual(ended[0], "ECONNREFUSED")
        self.assertRegex(said, rf"blocked {PRIVATE}:80 \(network\.allow names other ports\); allow it: snug allow -p \S+ {PRIVATE}\n")

    def test_a_star_is_any_public_address(self):
        for host in (WEB, WEB6, "web.test", "six.test"):
            self.reaches(["*"], host)
        for host in (PRIVATE, METADATA, SHARED, "192.168.0.1", "fd00::1"):
            self.assertEqual(self.connect(["*", "0.0.0.0/0", "::/0"], host)[0], ["ECONNREFUSED", "fast"], host)
        self.assertEqual(self.connect(["*"], WEB, deny=[WEB])[0][0], "ECONNREFUSED")

    def test_a_name_leads_to_special_addresses_only_by_a_rule_for_them(self):
        for name, address in (("rebound.test", PRIVATE), ("metadata.test", METADATA), ("loopback.test", "127.0.0.1"),
                              ("loopback6.test", "::1"), ("mapped.test", "127.0.0.1"), ("self.test", networks.HOST)):
            with self.subTest(name):
                ended, said = self.connect([name, "*"], name)
                self.assertEqual(ended[0], "ECONNREFUSED", said)
                self.assertIn(f"blocked {name}:80 (it leads to {address}, a", said)
                self.assertRegex(said, rf"allow it: snug allow -p \S+ {address}\n")
        self.assertEqual(self.connect(["*"], networks.HOST)[0][0], "ECONNREFUSED")
        self.reaches(["rebound.test", PRIVATE], "rebound.test")
        self.reaches(["mixed.test"], "mixed.test")

    def test_a_loopback_port_of_the_host_by_a_rule_only(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        port = server.getsockname()[1]
        answering = threading.Thread(target=lambda: server.accept()[0].sendall(b"host"), daemon=True)
        answering.start()
        self.assertEqual(self.connect([f"loopback.test:{port}"], "loopback.test", port)[0][0], "ECONNREFUSED")
        self.reaches([f"loopback.test:{port}", f"127.0.0.1:{port}"], "loopback.test", port)

    def test_rebinding_while_it_runs(self):
        self.addCleanup(net.say, networks.NAMES)
        net.say({**networks.NAMES, "turning.test": [WEB]})
        reached = os.path.join(self.project, "reached")

        def change():
            self.wait_until(lambda: os.path.exists(reached), "the first connection")
            net.say({**networks.NAMES, "turning.test": [PRIVATE]})

        threading.Thread(target=change, daemon=True).start()
        out = self.python(["turning.test"], r"""
import socket, time
for i in range(2):
    try: s = socket.create_connection(("turning.test", 80)); s.sendall(b"GET / HTTP/1.1\r\n\r\n"); print(len(s.recv(1)))
    except OSError as e: print(e.errno)
    open("reached", "w").close()
    time.sleep(7 if i == 0 else 0)
""").stdout.decode().split()
        self.assertEqual(out, ["1", "111"])


class Streams(Filtered):
    def test_what_is_sent_arrives_whole_in_both_directions(self):
        out = self.python(["web.test:84-85"], r"""
import socket
s = socket.create_connection(("web.test", 84)); n = 0
while d := s.recv(1 << 18): n += len(d); assert d.count(b"x") == len(d)
print(n)
s = socket.create_connection(("web.test", 85))
for i in range(64): s.sendall(bytes([i]) * (1 << 20))
s.shutdown(socket.SHUT_WR); print(s.recv(100))
""").stdout.decode().split()
        self.assertEqual(out, [str(64 << 20), f"b'{64 << 20}'"])

    def test_one_direction_may_end_first(self):
        out = self.python(["web.test:83"], r"""
import socket
s = socket.create_connection(("web.test", 83)); s.sendall(b"abc"); s.shutdown(socket.SHUT_WR); print(s.recv(9), s.recv(9))
""").stdout.decode()
        self.assertEqual(out.strip(), "b'cba' b''")

    def test_a_reset_and_a_closed_port_end_at_once(self):
        out = self.python(["web.test:81-82"], r"""
import socket
for port in 82, 81:
    try:
        s = socket.create_connection(("web.test", port)); s.sendall(b"x"); print(s.recv(9))
    except OSError as e: print(type(e).__name__)
""").stdout.decode().split()
        self.assertEqual(out, ["ConnectionResetError", "ConnectionRefusedError"])

    def test_every_port_may_be_allowed(self):
        self.reaches(["web.test:*"], "web.test", 87)
        self.assertEqual(self.connect(["web.test:*"], "web.test", 9)[0], ["ECONNREFUSED", "fast"])
        self.reaches([WEB + ":1-65535"], WEB, 87)
        self.assertEqual(self.connect(["web.test:1-86,88-65535"], "web.test", 87)[0], ["ECONNREFUSED", "fast"])

    def test_how_a_connection_fails_outside_it_fails_inside(self):
        script = r"""
import errno, select, socket, sys, time
def blocking(host, port):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET); s.settimeout(20); return s.connect_ex((host, port))
def waiting(host, port):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET); s.setblocking(False)
    assert s.connect_ex((host, port)) == errno.EINPROGRESS
    p = select.poll(); p.register(s, select.POLLOUT); p.poll(20000)
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
for host, port in (("web.test", 81), ("lost.test", 80), ("2a00:2::1", 81)):
    for how in blocking, waiting:
        start = time.monotonic(); code = how(host, port)
        print(errno.errorcode[code] if time.monotonic() - start < 5 else "slow")
"""
        out = self.python(["web.test:81", "lost.test", "[2a00:2::1]:81"], script).stdout.decode().split()
        self.assertEqual(out, ["ECONNREFUSED"] * 2 + ["EHOSTUNREACH"] * 2 + ["ECONNREFUSED"] * 2)

    def test_a_server_that_does_not_answer_is_waited_for(self):
        out = self.python(["void.test:80", "web.test"], r"""
import socket, time
stuck = [socket.socket() for i in range(300)]
for s in stuck: s.setblocking(False); s.connect_ex(("void.test", 80))
start = time.monotonic(); s = socket.create_connection(("web.test", 80), 20)
print("connected")
""").stdout.decode().split()
        self.assertEqual(out, ["connected"])

    def test_many_connections_at_once(self):
        out = self.python(["web.test:87"], r"""
import asyncio
async def one(i):
    r, w = await asyncio.open_connection("web.test", 87)
    text = b"%d" % i * 100
    w.write(text); assert await r.readexactly(len(text)) == text
    return w
async def main():
    all = await asyncio.gather(*(one(i) for i in range(400)))
    print(len(all))
asyncio.run(main())
""").stdout.decode()
        self.assertEqual(out.strip(), "400")

    def test_a_reader_that_does_not_read_stops_its_sender(self):
        out = self.python(["web.test:84", "web.test:80"], r"""
import socket, time
slow = socket.create_connection(("web.test", 84)); time.sleep(1)
s = socket.create_connection(("web.test", 80)); s.sendall(b"GET / HTTP/1.1\r\n\r\n"); print(len(s.recv(1)))
n = 0
while d := slow.recv(1 << 16): n += len(d)
print(n)
""").stdout.decode().split()
        self.assertEqual(out, ["1", str(64 << 20)])


class Udp(Filtered):
    SEND = r"""
import errno, socket, sys
def ask(host, port, data=b"hello", bind=None):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
    try: s.connect((host, port)); s.send(data); return s.recv(70000)[:10].decode()
    except OSError as e: return errno.errorcode.get(e.errno, str(e))
"""

    def test_names_and_addresses_at_the_ports_named(self):
        result = self.python(["udp://web.test:87", "udp://six.test:87", "udp://93.184.1.1:80-90", "web.test"], self.SEND + r"""
print([ask(*to) for to in (("web.test", 87), ("six.test", 87), ("93.184.1.1", 87), ("web.test", 87, b"x" * 50000))])
print([ask(*to) for to in (("web.test", 88), ("93.184.1.1", 91), ("93.184.1.1", 88), ("other.test", 87), ("10.1.2.3", 87))])
""")
        lines = result.stdout.decode().splitlines()
        self.assertEqual(lines[0], str(["5 hello"] * 3 + ["50000 xxxx"]))
        self.assertEqual(lines[1], str(["ECONNREFUSED"] * 3 + ["[Errno -2] Name or service not known"] + ["ECONNREFUSED"]))
        self.assertIn("snug: blocked udp://web.test:88 (network.allow names other ports)", result.stderr.decode())

    def test_tcp_and_udp_are_two_things(self):
        self.assertEqual(self.connect(["udp://web.test:87"], "web.test", 87)[0], ["ECONNREFUSED", "fast"])
        out = self.python(["*", "web.test:87"], self.SEND + "print(ask('web.test', 87), ask('93.184.1.1', 87))").stdout.split()
        self.assertEqual(out, [b"ECONNREFUSED"] * 2)
        out = self.python(["udp://*:87"], self.SEND + "print(ask('web.test', 87))", deny=["web.test"]).stdout
        self.assertNotIn(b"hello", out)

    def test_an_allowed_name_leads_to_no_private_host(self):
        result = self.python(["udp://rebound.test:87"], self.SEND + "print(ask('rebound.test', 87))")
        self.assertEqual(result.stdout, b"ECONNREFUSED\n")
        self.assertRegex(result.stderr.decode(), rf"it leads to {PRIVATE}, a private address\); allow it: snug allow -p \S+ udp://{PRIVATE}:87\n")
        self.assertEqual(self.python(["udp://rebound.test:87", "udp://10.0.0.0/8:87"], self.SEND + "print(ask('rebound.test', 87))").stdout, b"5 hello\n")

    def test_datagrams_stay_apart(self):
        out = self.python(["udp://web.test:87"], f"patience = {snugtest.patient(5)}" + r"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("web.test", 87)); s.settimeout(patience)
s.send(b"first"); s.recv(99)
for i in range(100): s.send(b"%d" % i)
print(sorted(int(s.recv(99).split()[1]) for i in range(100)) == list(range(100)))
s.setsockopt(17, 103, 500)  # UDP_SEGMENT: the kernel cuts
s.send(b"a" * 1200); print(sorted(s.recv(9999).split()[0] for i in range(3)))
s.setsockopt(17, 103, 0); s.send(b""); print(s.recv(9))
many = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(600)]
for t in many: t.connect(("web.test", 87)); t.settimeout(patience); t.send(b"x"); assert t.recv(9) == b"1 x"
print("many")
""").stdout.decode().splitlines()
        self.assertEqual(out, ["True", "[b'200', b'500', b'500']", "b'0 '", "many"])

    def test_only_the_one_asked_may_answer(self):
        """Somebody outside who guesses the port gets nothing in."""
        result = self.start(PYTHON, "-c", r"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.sendto(b"x", ("web.test", 87)); print(s.recv(9), flush=True)
try: print(s.recv(9))
except OSError as e: print("nothing more")
""", profile='[network]\nmode = "filtered"\nallow = ["udp://web.test:87"]\n')
        self.assertEqual(result.stdout.readline(), b"b'1 x'\n")
        with open(f"/proc/{result.pid}/net/udp") as file:
            ports = [int(line.split()[1].split(":")[1], 16) for line in file.readlines()[1:]]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for port in ports:
                stranger.sendto(b"forged", (networks.HOST, port))
                stranger.sendto(b"forged", ("127.0.0.1", port))
        self.assertTrue(ports)
        self.assertEqual(result.stdout.readline(), b"nothing more\n")


class Log(Filtered):
    def lines(self, allow, *command, **more):
        path = os.path.join(self.folder("log"), "net.log")
        self.result = self.run_with(allow, *command, options=["--log", path], **more)
        with open(path) as file:
            return [json.loads(line) for line in file]

    def test_each_connection_is_a_line(self):
        one, two, three, four = self.lines(["web.test:80-84"], PYTHON, "-c", r"""
import socket, time
s = socket.create_connection(("web.test", 83)); s.sendall(b"abc"); s.shutdown(1); s.recv(9); s.recv(9); s.close()
for to in ("web.test", 81), ("93.184.1.2", 81), ("other.test", 80):
    try: socket.create_connection(to)
    except OSError: pass
    time.sleep(0.2)
""")
        self.assertEqual({key: one[key] for key in one if key not in ("time", "duration_ms")},
                         {"schema": 1, "kind": "out", "verdict": "allowed", "protocol": "tcp", "name": "web.test", "address": WEB,
                          "port": 83, "end": "closed", "sent": 3, "received": 3})
        self.assertRegex(one["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual((two["end"], two["problem"], two["verdict"]), ("unreachable", "Connection refused", "allowed"))
        self.assertEqual((three["end"], three["address"], three["port"], three["verdict"]), ("blocked", OTHER, 81, "blocked"))
        self.assertEqual((four["verdict"], four["name"], "port" in four), ("blocked", "other.test", False))

    def test_a_connection_that_ends_with_the_command_is_one_too(self):
        line, = self.lines(["web.test:87"], "bash", "-c", "exec 3<>/dev/tcp/web.test/87; echo hello >&3; read -u 3 x; kill -9 $$")
        self.assertEqual((line["sent"], line["received"], line["end"]), (6, 6, "closed"))

    def test_the_name_that_a_tls_client_says(self):
        line, = self.lines(["web.test:87"], PYTHON, "-c", r"""
import socket, ssl, time
c = ssl.create_default_context(); i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
t = c.wrap_bio(i, o, server_hostname="says.example")
try: t.do_handshake()
except ssl.SSLWantReadError: pass
hello = o.read(); s = socket.create_connection(("web.test", 87)); s.setsockopt(6, 1, 1)
for i in range(0, len(hello), 50): s.sendall(hello[i:i + 50]); time.sleep(0.01)
s.recv(1)
""")
        self.assertEqual((line["name"], line["server_name"]), ("web.test", "says.example"))

    def test_nothing_a_command_made_leads_the_log_elsewhere(self):
        target = self.write("target", "kept")
        link = os.path.join(self.project, "link")
        os.symlink(target, link)
        self.assert_refused(self.inside("true", options=["--log", link]), "a symbolic link leads there")
        fifo = os.path.join(self.project, "fifo")
        os.mkfifo(fifo)
        self.assert_refused(self.inside("true", options=["--log", fifo]), "cannot keep the log")
        with open(target) as file:
            self.assertEqual(file.read(), "kept")

    def test_the_log_is_appended_to_and_private(self):
        path = os.path.join(self.folder("log"), "net.log")
        for _ in range(2):
            self.run_with(["web.test"], "curl", "-sS", "http://web.test", options=["--log", path])
        with open(path) as file:
            self.assertEqual(len(file.readlines()), 2)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)


class Clients(Filtered):
    def fetch(self, *command, **more):
        result = self.run_with(["web.test"], *command, **more)
        self.assertEqual(result.returncode, 0, self.story(result))
        self.assertIn(b'"host": ["web.test', result.stdout)

    def test_curl(self):
        snugtest.need_program("curl")
        self.fetch("curl", "-sS", "http://web.test/")

    def test_wget(self):
        snugtest.need_program("wget")
        self.fetch("wget", "-qO-", "http://web.test/")

    def test_python(self):
        self.fetch(PYTHON, "-c", "import urllib.request as u; print(u.urlopen('http://web.test/').read().decode())")

    def test_node(self):
        snugtest.need_program("node")
        self.fetch("node", "-e", "fetch('http://web.test/').then(r => r.text()).then(console.log)")
        self.fetch("node", "-e", "require('http').get('http://web.test/', r => r.pipe(process.stdout))")

    def test_perl(self):
        self.fetch("perl", "-MHTTP::Tiny", "-e", "print HTTP::Tiny->new->get('http://web.test/')->{content}")

    def test_bash(self):
        self.fetch("bash", "-c", r"exec 3<>/dev/tcp/web.test/80; printf 'GET / HTTP/1.0\r\nHost: web.test\r\n\r\n' >&3; head -c 95 <&3")

    def test_git_over_http(self):
        snugtest.need_program("git")
        repository = self.folder("repository")
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", repository]
        self.write(os.path.join(repository, "file"), "content\n")
        for words in (["init", "-q", "-b", "main"], ["add", "file"], ["commit", "-qm", "first"], ["update-server-info"]):
            subprocess.run([*git, *words], check=True, capture_output=True)
        server = subprocess.Popen([*net.there(), PYTHON, "-m", "http.server", "8000", "-d", repository + "/.git"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (server.kill(), server.wait()))
        time.sleep(0.5)
        result = self.run_with(["web.test:8000"], "sh", "-c", "git clone -q http://web.test:8000/ clone && cat clone/file")
        self.assertEqual(result.stdout, b"content\n", self.story(result))
        refused = self.run_with(["web.test"], "git", "clone", "http://other.test:8000/", "clone2")
        self.assertIn(b"other.test", refused.stderr)
        self.assertNotEqual(refused.returncode, 0)


class Attacks(Filtered):
    def test_udp_goes_nowhere(self):
        net.forget_questions()
        out = self.python(["*", "web.test"], r"""
import socket
def send(host, how):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
    q = b"\1\2\1\0\0\1\0\0\0\0\0\0\6secret\4test\0\0\1\0\1"
    try:
        how(s, q, (host, 53)); return s.recv(600)[3] & 15
    except OSError as e: return type(e).__name__
def to(s, q, a): s.sendto(q, a)
def connected(s, q, a): s.connect(a); s.send(q)
def message(s, q, a): s.sendmsg([q], [], 0, a)
print([send(h, f) for h in ("93.184.0.1", "web.test", "198.18.0.2", "10.1.2.3") for f in (to, connected, message)])
print(send("127.0.0.1", to))
""")
        lines = out.stdout.decode().splitlines()
        self.assertNotIn("0", lines[0])
        self.assertNotIn("3", lines[0])
        self.assertEqual(lines[1], "0")  # "*" allows the name; nobody was asked
        self.assertEqual(net.questions(), [])

    def test_nothing_of_a_refused_name_leaves(self):
        net.forget_questions()
        self.run_with(["web.test"], PYTHON, "-c", r"""
import socket
for i in range(300):
    try: socket.getaddrinfo("x%d.data.evil.test" % i, 80)
    except OSError: pass
""")
        self.assertEqual(net.questions(), [])

    def test_other_ways_to_connect_end_the_same(self):
        out = self.python(["web.test"], r"""
import socket
def attempt(f):
    try: return f() or "done"
    except OSError as e: return e.errno
def mptcp(host):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); s.settimeout(5); s.connect((host, 80))
    s.sendall(b"GET / HTTP/1.1\r\n\r\n"); return "answer" if s.recv(1) else "end"
def fastopen(host):
    s = socket.socket(); s.sendto(b"GET / HTTP/1.1\r\n\r\n", 0x20000000, (host, 80)); return "answer" if s.recv(1) else "end"
def bound(host):
    s = socket.socket(); s.bind(("198.18.0.1", 0)); s.connect((host, 80)); return "connected"
def raw(): socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
def packet(): socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
def vsock(): socket.socket(40, socket.SOCK_STREAM)
def transparent(): socket.socket().setsockopt(0, 19, 1)
def mark(): socket.socket().setsockopt(1, 36, 1)
def device(): s = socket.socket(); s.setsockopt(1, 25, b"s0\0"); s.settimeout(5); s.connect(("93.184.1.1", 80)); s.sendall(b"GET / HTTP/1.1\r\n\r\n"); return "answer" if s.recv(1) else "end"
print([attempt(lambda: f(h)) for h in ("93.184.1.1", "10.1.2.3") for f in (mptcp, fastopen, bound)])
print([attempt(f) for f in (raw, packet, vsock, transparent, mark)])
print(attempt(device))
print([attempt(lambda: f("web.test")) for f in (mptcp, fastopen)])
""").stdout.decode().splitlines()
        self.assertEqual(out[0], str([111] * 6))
        self.assertNotIn("done", out[1])
        self.assertEqual(out[2], "111")
        self.assertEqual(out[3], "['answer', 'answer']")

    def test_the_gateways_own_addresses_serve_nothing(self):
        for host in ("198.18.0.2", "198.18.0.1", "198.18.0.3", "198.19.255.254"):
            ended, _ = self.connect(["web.test"], host)
            self.assertIn(ended[0], ("ECONNREFUSED", "ENETUNREACH"), host)

    def test_an_address_made_for_one_name_is_no_use_for_another_port(self):
        out = self.python(["web.test:80", "other.test:87"], r"""
import socket
a, b = socket.gethostbyname("web.test"), socket.gethostbyname("other.test")
def reach(host, port):
    try:
        s = socket.create_connection((host, port), 5); s.sendall(b"GET / HTTP/1.1\r\n\r\n"); return len(s.recv(1))
    except OSError as e: return e.errno
print(a != b, reach(a, 80), reach(b, 87), reach(a, 87), reach(b, 80))
""").stdout.decode().split()
        self.assertEqual(out, ["True", "1", "1", "111", "111"])

    def test_the_network_cannot_be_changed_from_inside(self):
        out = self.python(["web.test"], r"""
import fcntl, os, socket, struct
def attempt(f):
    try: f(); return "done"
    except OSError as e: return e.errno
def netlink(kind, body):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    s.send(struct.pack("IHHII", 16 + len(body), kind, 5, 1, 0) + body)
    code = struct.unpack("i", s.recv(4096)[16:20])[0]
    if code: raise OSError(-code, "")
def route(): netlink(24, struct.pack("BBBBBBBBI", 2, 0, 0, 0, 254, 4, 0, 1, 0) + struct.pack("HHI", 8, 4, 1000))
def remove(): netlink(25, struct.pack("BBBBBBBBI", 2, 0, 0, 0, 254, 0, 255, 0, 0))
def down(): netlink(16, struct.pack("BBHiII", 0, 0, 0, 1000, 0, 1))
def forwarding(): open("/proc/sys/net/ipv4/ip_forward", "w").write("1")
print([attempt(f) for f in (route, remove, down, forwarding)])
print(sorted(l.split(":")[0].strip() for l in open("/proc/net/dev").read().splitlines()[2:]))
print(len({os.readlink("/proc/%s/ns/net" % p) for p in os.listdir("/proc") if p.isdigit() and os.access("/proc/%s/ns/net" % p, 4)}))
print(sorted(os.listdir("/proc/self/fd")))
""").stdout.decode().splitlines()
        self.assertNotIn("done", out[0])
        self.assertEqual(out[1], "['lo', 's0']")
        self.assertEqual(out[2], "1")
        self.assertEqual(out[3], "['0', '1', '2', '3']")

    def test_names_without_number_do_not_fill_memory(self):
        result = self.python(["*", "web.test"], r"""
import os, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("127.0.0.1", 53))
for i in range(40000):
    label = b"n%d" % i
    s.send(b"\1\2\1\0\0\1\0\0\0\0\0\0" + bytes([len(label)]) + label + b"\4test\0\0\1\0\1"); s.recv(600)
print(socket.gethostbyname("web.test"))
c = socket.create_connection(("web.test", 80)); c.sendall(b"GET / HTTP/1.1\r\n\r\n"); print(len(c.recv(1)))
""")
        self.assertEqual(result.stdout.decode().split()[1], "1")

    def test_a_flood_of_datagrams_keeps_no_connection_out(self):
        result = self.python(["web.test:80", "udp://web.test:87"], r"""
import os, socket, time
def flood(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setblocking(False)
    data = b"x" * 1400
    while True:
        try: s.sendto(data, (host, port))
        except OSError: pass
web = socket.gethostbyname("web.test")
floods = []
for to in ((web, 87), (web, 9), ("93.184.1.2", 9), ("2a00:2::9", 9)):
    pid = os.fork()
    if pid == 0:
        if ":" in to[0]: socket.AF_INET = socket.AF_INET6
        flood(*to)
    floods.append(pid)
time.sleep(1)
again = 0
for i in range(40):
    s = socket.socket(); s.settimeout(60); s.connect((web, 80)); s.sendall(b"GET / HTTP/1.1\r\n\r\n"); assert s.recv(1)
    again += s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)[2]  # retransmits now
    again += int.from_bytes(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)[100:104], "little")  # and in all
    s.close()
for pid in floods: os.kill(pid, 9)
print(again)
""", timeout=300)
        self.assertLess(int(result.stdout), 10, self.story(result))

    def test_bytes_that_are_no_question_do_no_harm(self):
        result = self.python(["web.test"], r"""
import os, random, socket
random.seed(3)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("127.0.0.1", 53))
for i in range(3000): s.send(os.urandom(random.randrange(0, 200)))
for i in range(40):
    t = socket.create_connection(("127.0.0.1", 53)); t.sendall(os.urandom(400)); t.close()
print(socket.gethostbyname("web.test"))
""")
        self.assertTrue(result.stdout.startswith(b"198.18."), self.story(result))


class Ends(Filtered):
    def test_killing_snug_ends_connections_and_the_sandbox(self):
        text = "[network]\nmode = \"filtered\"\nallow = [\"web.test:87\"]\n"
        snug = self.start(PYTHON, "-uc", "import socket,time; s=socket.create_connection(('web.test',87)); s.sendall(b'x'); print(s.recv(1)); time.sleep(60)",
                          profile=text)
        self.assertEqual(snug.stdout.readline(), b"b'x'\n")
        snug.kill()
        start = time.monotonic()
        self.assertEqual(snug.stdout.read(), b"")  # ends when nobody inside holds it any more
        self.assertLess(time.monotonic() - start, 5)

    def test_runs_leave_no_interface_behind(self):
        before = os.listdir("/sys/class/net")
        for _ in range(5):
            self.reaches(["web.test"], "web.test")
        self.assertEqual(os.listdir("/sys/class/net"), before)

    def test_two_at_once_do_not_know_each_other(self):
        text = "[network]\nmode = \"filtered\"\nallow = [\"web.test\"]\n"
        server = self.start(PYTHON, "-uc", "import socket; s=socket.create_server(('0.0.0.0',8080)); print('up'); s.accept()",
                            profile=text)
        self.assertEqual(server.stdout.readline(), b"up\n")
        self.assertEqual(self.connect(["web.test", "198.18.0.1:8080"], "198.18.0.1", 8080)[0][0], "ECONNREFUSED")
        self.assertEqual(self.connect(["web.test", "198.18.0.2:8080"], "198.18.0.2", 8080)[0][0], "ECONNREFUSED")
        self.reaches(["web.test"], "web.test")


class Nothing(snugtest.Case):
    """network.mode = "none"."""

    def test_each_name_is_told_once_and_asked_of_nobody(self):
        net.forget_questions()
        result = self.inside("sh", "-c", "getent hosts web.test; getent hosts web.test; getent hosts other.test; curl -sS http://web.test")
        said = result.stderr.decode()
        self.assertEqual(said.count('blocked web.test (network.mode = "none"); allow it: snug allow web.test\n'), 1, said)
        self.assertEqual(said.count("blocked other.test"), 1, said)
        self.assertEqual(net.questions(), [])

    def test_it_is_told_while_the_command_runs(self):
        snug = self.start("sh", "-c", "getent hosts web.test; sleep 30")
        start = time.monotonic()
        self.assertIn(b"blocked web.test", snug.stderr.readline())
        self.assertLess(time.monotonic() - start, 5)

    def test_there_is_only_the_loopback(self):
        out = self.shell("cat /proc/net/dev; cat /etc/resolv.conf")
        self.assertNotIn("s0", out)
        self.assertIn("nameserver 127.0.0.1", out)
        result = self.inside(PYTHON, "-c", CONNECT, WEB, "80")
        self.assertEqual(result.stdout.split()[0], b"ENETUNREACH")


snugtest.main()
