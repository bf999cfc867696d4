"""network.publish and network.host-ports, with each network.mode."""
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import networks

networks.enter()
import snugtest

PYTHON = "/usr/bin/python3"


def setUpModule():
    networks.ip("link", "set", "lo", "up")
    snugtest.SNUG = networks.without_rights(snugtest.SNUG)


# Answers each line with the same in capitals, on the address and port given.
SERVER = r"""
import socket, sys, threading
s = socket.create_server((sys.argv[1], int(sys.argv[2])), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print("up", flush=True)
def serve(c):
    with c, c.makefile("rwb") as f:
        for line in f: f.write(line.upper()), f.flush()
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def say(port, text=b"hello\n", host="127.0.0.1"):
    with socket.create_connection((host, port), 10) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while some := connection.recv(65536):
            got += some
        return got


class Published(snugtest.Case):
    def serve(self, inside="127.0.0.1", port=8000, publish=(), mode="none"):
        text = f'[network]\nmode = "{mode}"\npublish = [{", ".join(map(snugtest.quoted, publish))}]\n'
        snug = self.start(PYTHON, "-c", SERVER, inside, str(port), profile=text)
        line = snug.stdout.readline()
        self.assertEqual(line, b"up\n", line or snug.stderr.read())
        return snug

    def test_a_server_inside_is_reached_from_the_host(self):
        for mode in ("none", "filtered"):
            for inside in ("127.0.0.1", "0.0.0.0", "::1", "::"):
                port = free_port()
                snug = self.serve(inside, publish=[f"{port}:8000"], mode=mode)
                self.assertEqual(say(port), b"HELLO\n", (mode, inside))
                snug.kill()
                snug.wait()

    def test_many_connections_and_much_data(self):
        port = free_port()
        self.serve(publish=[f"{port}:8000"])
        results = []
        threads = [threading.Thread(target=lambda: results.append(say(port, b"x" * 99999 + b"\n"))) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [b"X" * 99999 + b"\n"] * 60)

    def test_only_the_address_named_listens(self):
        port = free_port()
        self.serve(publish=[f"127.0.0.1:{port}:8000"])
        self.assertEqual(say(port), b"HELLO\n")
        with self.assertRaises(ConnectionRefusedError):
            say(port, host="127.0.0.2")
        other = free_port()
        self.serve(publish=[f"[::1]:{other}:8000"])
        self.assertEqual(say(other, host="::1"), b"HELLO\n")
        with self.assertRaises(ConnectionRefusedError):
            say(other)

    def test_a_port_that_is_taken_stops_the_run(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = self.inside("touch", "ran", options=["--publish", str(port)])
        self.assert_refused(result, f"cannot publish on 127.0.0.1 port {port}: Address already in use", "option --publish",
                            f"choose another port of the host: \"{port + 1}:{port}\"")
        self.assertFalse(os.path.exists(os.path.join(self.project, "ran")))
        self.assert_refused(self.inside("true", options=["--publish", "80"]), "Permission denied", "from 1024 on")

    def test_nobody_listens_inside(self):
        port = free_port()
        self.start("sleep", "60", options=["--publish", f"{port}:8000"])
        deadline = time.monotonic() + 10
        while True:
            try:
                self.assertEqual(say(port), b"")
            except ConnectionResetError:
                break
            except ConnectionRefusedError:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)

    def test_the_port_is_free_again_at_the_end(self):
        port = free_port()
        for _ in range(2):
            snug = self.serve(publish=[f"{port}:8000"])
            self.assertEqual(say(port), b"HELLO\n")
            snug.kill()
            snug.wait()
        with self.assertRaises(ConnectionRefusedError):
            say(port)

    def test_publishing_opens_no_way_out(self):
        port = free_port()
        result = self.inside(PYTHON, "-c", r"""
import socket, os
def attempt(*to):
    try: socket.create_connection(to, 3); return "connected"
    except OSError as e: return e.errno
print(attempt("127.0.0.1", int(os.sys.argv[1])), attempt("192.0.2.1", 80), len(os.listdir("/proc/self/fd")))
""", str(port), options=["--publish", str(port)])
        self.assertEqual(result.stdout.split(), [b"111", b"101", b"4"], self.story(result))

    def test_with_the_hosts_network_the_numbers_must_agree(self):
        result = self.inside("true", profile='[network]\nmode = "host"\npublish = ["3000:80"]\n')
        self.assert_refused(result, "cannot publish port 80 as 3000")
        self.assert_status(self.inside("true", profile='[network]\nmode = "host"\npublish = ["3000"]\n'), 0)


class WhileItRuns(Published):
    def publish(self, *words):
        return self.snug("publish", *words)

    def known(self):
        self.wait_until(lambda: self.snug("ps", "-q").stdout.count(b"\n") == self.running, "the sandbox is known")

    def test_a_port_comes_and_goes(self):
        self.running = 1
        port = free_port()
        self.serve(publish=[])
        self.known()
        self.assert_status(self.publish(f"{port}:8000"), 0)
        self.assertEqual(say(port), b"HELLO\n")
        with socket.create_connection(("127.0.0.1", port), 10) as open_one:
            again = self.publish(f"{port}:8000")
            self.assertEqual(again.returncode, 1)
            self.assertIn(b"Address already in use", again.stderr)
            self.assert_status(self.publish(f"!{port}:8000"), 0)
            open_one.sendall(b"still\n")
            self.assertEqual(open_one.recv(9), b"STILL\n")
        with self.assertRaises(ConnectionRefusedError):
            say(port)
        self.assertIn(b"is not published", self.publish(f"!{port}:8000").stderr)
        self.assertIn(b"Permission denied", self.publish("80:8000").stderr)

    def test_which_sandbox_is_said_where_several_run(self):
        self.running = 2
        port = free_port()
        for name in "one", "two":
            self.start("sleep", "60", options=["--name", name])
        self.known()
        result = self.publish(str(port))
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"several sandboxes run", result.stderr)
        self.assert_status(self.publish("two", str(port)), 0)
        self.assertEqual(self.publish("three", str(port)).returncode, 1)
        self.assertEqual(self.publish("two").returncode, 2)
        self.assertEqual(self.publish().returncode, 2)
        self.assertEqual(self.publish("two", "99999").returncode, 1)

    def test_with_the_hosts_network_there_is_nothing_to_publish(self):
        self.running = 1
        self.start("sleep", "60", options=["--net", "host"])
        self.known()
        self.assertIn(b"no network of its own", self.publish(str(free_port())).stderr)


class HostPorts(snugtest.Case):
    def ask(self, port, names, mode="none", host_ports=None):
        text = f'[network]\nmode = "{mode}"\nhost-ports = {[port] if host_ports is None else host_ports}\n'
        return self.inside(PYTHON, "-c", r"""
import socket, sys
for name in sys.argv[2:]:
    try:
        s = socket.create_connection((name, int(sys.argv[1])), 5); s.sendall(b"hi\n"); print(s.recv(10))
    except OSError as e: print(e.errno)
""", str(port), *names, profile=text).stdout.decode().splitlines()

    def server(self, address="127.0.0.1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, 0), family=family)
        self.addCleanup(listener.close)

        def serve():
            try:
                while True:
                    with listener.accept()[0] as connection:
                        connection.sendall(connection.recv(10).upper())
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def test_a_port_of_the_host_is_reached_at_the_sandboxs_own(self):
        for mode in ("none", "filtered"):
            for address in ("127.0.0.1", "::1"):
                port = self.server(address)
                self.assertEqual(self.ask(port, ["127.0.0.1", "localhost", "host.snug"], mode), ["b'HI\\n'"] * 3, (mode, address))

    def test_no_other_port_is(self):
        port, other = self.server(), self.server()
        self.assertEqual(self.ask(other, ["127.0.0.1"], host_ports=[port]), ["111"])
        self.assertEqual(self.ask(port, ["127.0.0.1", "host.snug"], host_ports=[]), ["111", "-2"])

    def test_nobody_listens_on_the_host(self):
        self.assertEqual(self.ask(free_port(), ["127.0.0.1"]), ["104"])

    def test_a_small_port_number(self):
        result = self.ask(5, ["127.0.0.1"])
        self.assertEqual(result, ["104"])


snugtest.main()
