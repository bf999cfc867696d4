"""network.mode = "filtered" on a host that reaches the internet through a proxy (HTTPS_PROXY): what goes through it, what
it may do to us, and that its password is shown nowhere."""
import glob
import json
import os
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import networks

networks.enter()
import snugtest
import sshtest
from networks import METADATA, OTHER, PRIVATE, WEB, WEB6

net = None
PYTHON = "/usr/bin/python3"
SECRET = "hush%40"  # "hush@", as a URL has it


def setUpModule():
    global net
    net = networks.set_up()


# Says of each HOST PORT how a connection ends; of what answers, the first bytes.
TRY = r"""
import errno, socket, sys
for host, port in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        s = socket.create_connection((host, int(port)), 60)
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        print(s.recv(8).decode("latin1") or "end")
    except socket.gaierror: print("noname")
    except OSError as e: print(errno.errorcode.get(e.errno, "timeout"))
"""


class Behind(snugtest.Case):
    def proxy(self, how="good", credentials=None):
        """Starts a proxy; sets self.port and self.log."""
        folder = self.folder("proxy")
        port_file, self.log = os.path.join(folder, "port"), os.path.join(folder, "log")
        open(self.log, "w").close()
        program = os.path.join(os.path.dirname(os.path.abspath(networks.__file__)), "proxy.py")
        process = subprocess.Popen([PYTHON, program, port_file, self.log, how, *([credentials] if credentials else [])],
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (process.kill(), process.wait()))
        self.wait_until(lambda: os.path.exists(port_file), "the proxy listens", 30)
        with open(port_file) as file:
            self.port = int(file.read())
        return {"HTTPS_PROXY": f"http://127.0.0.1:{self.port}"}

    def asked(self):
        with open(self.log) as file:
            return file.read().splitlines()

    def text(self, allow, deny=()):
        return '[network]\nmode = "filtered"\nallow = %s\ndeny = %s\n' % (json.dumps(list(allow)), json.dumps(list(deny)))

    def tried(self, env, allow, *words, deny=(), **more):
        """How each connection ends, and what snug said."""
        result = self.inside(PYTHON, "-c", TRY, *map(str, words), profile=self.text(allow, deny), env=env, **more)
        self.assert_status(result, 0)
        return result.stdout.decode().splitlines(), result.stderr.decode()


class Through(Behind):
    def test_names_go_through_it_by_name_and_the_rules_decide(self):
        env = self.proxy()
        net.forget_questions()
        ends, said = self.tried(env, ["only-proxy.test"], "only-proxy.test", 80, "only-proxy.test", 87, "web.test", 80)
        self.assertEqual(ends, ["HTTP/1.1", "ECONNREFUSED", "noname"])
        self.assertIn("blocked only-proxy.test:87 (network.allow names other ports)", said)
        self.assertEqual(self.asked(), ["CONNECT only-proxy.test:80 -"])
        self.assertEqual(net.questions(), [])
        ends, _ = self.tried(env, ["*"], "only-proxy.test", 80, deny=["only-proxy.test"])
        self.assertEqual(ends, ["noname"])

    def test_without_it_they_are_reached_directly(self):
        """The control: only the proxy knows that name."""
        self.proxy()
        self.assertEqual(self.tried({}, ["only-proxy.test", "web.test"], "only-proxy.test", 80, "web.test", 80)[0],
                         ["EHOSTUNREACH", "HTTP/1.1"])
        self.assertEqual(self.asked(), [])

    def test_addresses_go_through_it_and_special_ones_need_their_rule(self):
        env = self.proxy()
        ends, _ = self.tried(env, ["*", OTHER], WEB, 80, OTHER, 80, WEB6, 80, PRIVATE, 80, METADATA, 80)
        self.assertEqual(ends, ["HTTP/1.1"] * 3 + ["ECONNREFUSED"] * 2)
        self.assertEqual([line.split()[1] for line in self.asked()], [WEB + ":80", OTHER + ":80", f"[{WEB6}]:80"])
        self.assertEqual(self.tried(env, [PRIVATE], PRIVATE, 80)[0], ["HTTP/1.1"])

    def test_a_star_opens_no_names_of_networks_behind_the_proxy(self):
        env = self.proxy()
        for name in "intranet", "metadata.google.internal", "printer.local":
            ends, said = self.tried(env, ["*"], name, 80)
            self.assertEqual(ends, ["ECONNREFUSED"], name)
            self.assertRegex(said, rf"blocked {name}:80 \(no name of the public internet\); allow it: snug allow -p \S+ (--host )?{name}\n")
        for name in "0x0a010203", "10.1.2.0x3":  # libc takes them for addresses by itself; others ask for their names
            ask = r"""
import socket, struct, sys
q = b"\1\2\1\0\0\1\0\0\0\0\0\0" + b"".join(bytes([len(p)]) + p.encode() for p in sys.argv[1].split(".")) + b"\0\0\1\0\1"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); s.connect(("127.0.0.1", 53)); s.send(q)
address = socket.inet_ntoa(s.recv(600)[-4:])
print(address.startswith("198.18."), [socket.socket().connect_ex((host, 80)) for host in (address, sys.argv[1])])
"""
            for rule in "*", name:
                result = self.inside(PYTHON, "-c", ask, name, profile=self.text([rule]), env=env)
                self.assertEqual(result.stdout, b"True [111, 111]\n", self.story(result))
                self.assertIn(f"cannot reach {name}:80: the proxy may take the name for an address\n", result.stderr.decode())
        self.assertEqual(self.asked(), [])
        self.assertEqual(self.tried(env, ["intranet"], "intranet", 80)[0], ["HTTP/1.1"])
        for rule, name, status, words in (("*", "intranet", 1, "no name of the public internet"), ("0x7f.0x1", "0x7f.0x1", 1, "may take the name"),
                                          ("intranet", "intranet", 0, "through the proxy 127.0.0.1:"), ("*", "web.test", 0, "through the proxy")):
            result = self.snug("why", "-p", self.profile(self.text([rule])), "--host", name, env=env)
            self.assert_status(result, status)
            self.assertIn(words, result.stdout.decode())
        past = self.snug("why", "-p", self.profile(self.text(["*"])), "--host", "intranet", env={**env, "NO_PROXY": "intranet"})
        self.assert_status(past, 0)
        self.assertNotIn("proxy", past.stdout.decode())

    def test_what_is_past_the_proxy(self):
        env = self.proxy()
        env["NO_PROXY"] = ".test:80, 93.184.1.0/31"
        ends, _ = self.tried(env, ["web.test:80,87", WEB + ":87", OTHER + ":87"], "web.test", 80, "web.test", 87, WEB, 87, OTHER, 87)
        self.assertEqual(ends, ["HTTP/1.1"] + ["GET / HT"] * 3)
        self.assertEqual([line.split()[1] for line in self.asked()], ["web.test:87", OTHER + ":87"])
        self.assertEqual(self.tried({**env, "NO_PROXY": "*"}, ["web.test"], "web.test", 80)[0], ["HTTP/1.1"])
        self.assertEqual(len(self.asked()), 2)

    def test_a_proxy_with_a_name(self):
        env = self.proxy()
        self.assertEqual(self.tried({"https_proxy": f"loopback.test:{self.port}"}, ["web.test"], "web.test", 80)[0], ["HTTP/1.1"])
        ends, said = self.tried({"https_proxy": "http://missing.test:1"}, ["web.test"], "web.test", 80)
        self.assertEqual(ends, ["EHOSTUNREACH"])
        self.assertIn("cannot reach web.test:80: the proxy missing.test:1 has no address: ", said)
        ends, said = self.tried({"https_proxy": f"http://{networks.HOST}:1"}, ["web.test"], "web.test", 80)
        self.assertEqual(ends, ["EHOSTUNREACH"])
        self.assertIn(f"the proxy {networks.HOST}:1 cannot be reached: Connection refused\n", said)

    def test_another_kind_of_proxy_stops_the_run(self):
        for url in f"socks5://ann:{SECRET}@127.0.0.1:1", f"https://ann:{SECRET}@127.0.0.1", f"http://ann:{SECRET}@:x":
            result = self.inside("true", profile=self.text(["web.test"]), env={"ALL_PROXY": url})
            self.assert_refused(result, "cannot use the proxy that ALL_PROXY names", "env -u ALL_PROXY snug")
            self.assertNotIn(b"hush", result.stderr)
            self.assert_status(self.inside("true", env={"ALL_PROXY": url}), 0)


class Streams(Behind):
    def run_through(self, how, script):
        env = self.proxy(how)
        result = self.inside(PYTHON, "-c", script, profile=self.text(["web.test:80-90"]), env=env)
        self.assert_status(result, 0)
        self.assertTrue(self.asked())
        return result.stdout.decode().split()

    def test_what_comes_with_the_answer_or_in_pieces_arrives_whole(self):
        script = r"""
import socket
s = socket.create_connection(("web.test", 84)); n = 0
while d := s.recv(1 << 18): n += len(d); assert d.count(b"x") == len(d)
print(n)
"""
        for how in "early", "split", "good":
            self.assertEqual(self.run_through(how, script), [str(64 << 20)], how)

    def test_one_direction_may_end_first(self):
        self.assertEqual(self.run_through("good", r"""
import socket
s = socket.create_connection(("web.test", 83)); s.sendall(b"abc"); s.shutdown(socket.SHUT_WR); print(s.recv(9), s.recv(9))
s = socket.create_connection(("web.test", 85))
for i in range(32): s.sendall(bytes([i]) * (1 << 20))
s.shutdown(socket.SHUT_WR); print(s.recv(100))
"""), ["b'cba'", "b''", f"b'{32 << 20}'"])

    def test_ssh(self):
        """Where the server speaks first."""
        snugtest.need_program("ssh")
        env = self.proxy()
        key = sshtest.make_key(self, self.folder("key"))
        server = sshtest.Server(self, sshtest.public_half(key), self.folder("store"))
        known = self.write("known_hosts", server.known_host)
        text = f'[filesystem]\nread = ["{key}"]\n' + self.text([f"here.test:{server.port}"])
        result = self.inside("ssh", "-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={known}", "-o", f"HostKeyAlias=[127.0.0.1]:{server.port}",
                             "-i", key, "-p", str(server.port), f"{server.user}@here.test", "echo over ssh", profile=text, env=env)
        self.assertEqual(result.stdout, b"over ssh\n", self.story(result))
        self.assertEqual(self.asked(), [f"CONNECT here.test:{server.port} -"])


class Errors(Behind):
    def test_each_is_told_in_words(self):
        env = self.proxy()
        for name, number, ends, words in (("refused.test", 403, "ECONNREFUSED", "does not lead there"),
                                          ("away.test", 502, "EHOSTUNREACH", "cannot reach it"),
                                          ("slow.test", 504, "EHOSTUNREACH", "has waited for it in vain")):
            ended, said = self.tried(env, [name], name, 80)
            self.assertEqual(ended, [ends])
            self.assertIn(f"snug: cannot reach {name}:80: the proxy 127.0.0.1:{self.port} {words} ({number})\n", said)

    def test_a_password_that_is_missing_or_wrong(self):
        self.proxy(credentials="ann:hush@")
        for who, ends in (("", "ECONNREFUSED"), ("ann:wrong@", "ECONNREFUSED"), (f"ann:{SECRET}@", "HTTP/1.1")):
            ended, said = self.tried({"HTTPS_PROXY": f"http://{who}127.0.0.1:{self.port}"}, ["web.test"], "web.test", 80)
            self.assertEqual(ended, [ends])
            self.assertEqual("asks for a name and a password, or takes others (407)" in said, ends != "HTTP/1.1")
        self.assertEqual(self.asked()[-1], "CONNECT web.test:80 ann:hush@")

    def test_a_bad_proxy_does_no_harm(self):
        sys.path.insert(0, os.path.dirname(os.path.abspath(networks.__file__)))
        for how in ("endless headers", "endless line", "endless waits", "garbage", "another protocol", "nothing", "half an answer",
                    "a number too many", "another number", "an escape"):
            with self.subTest(how):
                env = {**self.proxy(how), "NO_PROXY": "other.test"}
                ends, said = self.tried(env, ["web.test", "other.test"], "web.test", 80, "web.test", 80, "other.test", 80)
                self.assertIn(ends[:2], (["EHOSTUNREACH"] * 2, ["ECONNREFUSED"] * 2))
                self.assertEqual(ends[2], "HTTP/1.1")
                self.assertEqual(said.count("cannot reach web.test:80: the proxy "), 1, said)
                self.assertFalse({"\x1b", "\x07", "\x00"} & set(said))
                self.assertEqual(len(self.asked()), 2)

    def test_one_that_hangs_is_given_up_and_holds_nobody_else(self):
        env = {**self.proxy("hangs"), "NO_PROXY": "other.test"}
        result = self.inside(PYTHON, "-c", r"""
import errno, socket, time
stuck = socket.socket(); stuck.setblocking(False); start = time.monotonic(); stuck.connect_ex((socket.gethostbyname("web.test"), 80))
s = socket.create_connection(("other.test", 80), 20); print("other")
stuck.settimeout(60)
import select
p = select.poll(); p.register(stuck, select.POLLOUT); p.poll(60000)
print(errno.errorcode[stuck.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)], time.monotonic() - start > 15)
""", profile=self.text(["web.test", "other.test"]), env=env, timeout=120)
        self.assertEqual(result.stdout.decode().split(), ["other", "EHOSTUNREACH", "True"], self.story(result))
        self.assertIn(b"does not answer in time", result.stderr)


class Secrets(Behind):
    def test_the_password_is_shown_nowhere(self):
        self.proxy(credentials="ann:hush@")
        env = {"HTTPS_PROXY": f"http://ann:{SECRET}@127.0.0.1:{self.port}"}
        log = os.path.join(self.folder("log"), "net.log")
        look = ("env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null; curl -sS http://web.test >/dev/null && echo fetched; "
                "curl -sS http://refused.test; echo ready; read line")
        snug = self.start("sh", "-c", look, profile=self.text(["web.test", "refused.test"]), options=["--log", log, "--name", "behind"],
                          env=self.environment(env))
        seen = b""
        while not seen.endswith(b"ready\n"):
            line = snug.stdout.readline()
            self.assertTrue(line, snug.stderr.read() if not line else "")
            seen += line
        self.assertIn(b"fetched", seen)
        self.assertNotIn(b"HTTPS_PROXY", seen)
        shown = [seen, self.snug("ps", "behind", "--json", env=env).stdout, self.snug("ps", "--json", env=env).stdout]
        plan = ["plan", "-p", self.profile(self.text(["web.test"]))]
        for words in ([*plan], [*plan, "--json"], ["why", *plan[1:], "web.test"]):
            result = self.snug(*words, env=env)
            self.assert_status(result, 0)
            shown += [result.stdout, result.stderr]
        self.assertIn(b"through the proxy 127.0.0.1:%d, with a name and a password" % self.port, shown[3])
        snug.stdin.write(b"\n")
        out, err = snug.communicate(timeout=60)
        shown += [out, err]
        with open(log, "rb") as file:
            shown.append(file.read())
        self.assertEqual([json.loads(line)["proxy"] for line in shown[-1].splitlines()], [f"127.0.0.1:{self.port}"] * 2)
        self.assertNotIn("address", json.loads(shown[-1].splitlines()[0]))
        for path in glob.glob(os.path.join(snugtest.HOME, ".local/state/snug/**"), recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    shown.append(file.read())
        for text in shown:
            for secret in b"hush", b"YW5uOmh1c2h":
                self.assertNotIn(secret, text)


class Tinyproxy(Behind):
    def test_a_real_one(self):
        snugtest.need_program("tinyproxy")
        self.port = sshtest.free_port()
        config = self.write(os.path.join(self.folder("tinyproxy"), "conf"),
                            f"Port {self.port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nBasicAuth ann hush\nConnectPort 80\nConnectPort 83\n")
        process = subprocess.Popen(["tinyproxy", "-d", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (process.kill(), process.wait()))

        def answers():
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", self.port)) == 0

        self.wait_until(answers, "tinyproxy listens", 30)
        env = {"HTTPS_PROXY": f"http://ann:hush@127.0.0.1:{self.port}"}
        result = self.inside("curl", "-sS", "http://web.test/", profile=self.text(["web.test"]), env=env)
        self.assertIn(b'"host": ["web.test"]', result.stdout, self.story(result))
        ends, said = self.tried(env, ["web.test:80-90"], "web.test", 87)
        self.assertEqual(ends, ["ECONNREFUSED"])
        self.assertIn("does not lead there (403)", said)
        ends, said = self.tried({"HTTPS_PROXY": f"http://127.0.0.1:{self.port}"}, ["web.test"], "web.test", 80)
        self.assertEqual(ends, ["ECONNREFUSED"])
        self.assertIn("asks for a name and a password, or takes others (40", said)


if __name__ == "__main__":
    snugtest.main()
