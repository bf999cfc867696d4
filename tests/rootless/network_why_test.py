"""What `snug why` says of hosts is what connecting to them does, and the line that a refusal prints works when pasted."""
import json
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import networks

networks.enter()
import snugtest
from networks import METADATA, OTHER, PRIVATE, SHARED, WEB, WEB6

net = None
PYTHON = "/usr/bin/python3"


def setUpModule():
    global net
    net = networks.set_up()


# Says of each HOST PORT whether a server answers.
TRY = r"""
import socket, sys
def answers(host, port):
    try:
        s = socket.create_connection((host, port), 20)
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return bool(s.recv(1))
    except OSError:
        return False
words = sys.argv[1:]
for host, port in zip(words[::2], words[1::2]): print(host, port, answers(host, int(port)))
"""

HOSTS = ("web.test", "other.test", "six.test", "x.below.test", "below.test", WEB, OTHER, WEB6, PRIVATE, METADATA, SHARED)
PORTS = (80, 87)
WHO = ("web.test", "other.test", "*.test", "*.below.test", "*", WEB, OTHER + "/31", PRIVATE, "10.0.0.0/8", METADATA,
       "0.0.0.0/0", "2a00:2::/32", "100.64.0.0/10")


def host_and_port(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Agreement(snugtest.Case):
    def why(self, options, word):
        result = self.snug("why", *options, "--json", "--host", "--", word)
        self.assertIn(result.returncode, (0, 1), self.story(result))
        answer = json.loads(result.stdout)
        self.assertEqual(result.returncode, 0 if answer["allowed"] else 1)
        return answer

    def tried(self, options):
        words = [str(word) for host in HOSTS for port in PORTS for word in (host, port)]
        result = self.snug("run", *options, "--", PYTHON, "-c", TRY, *words, timeout=300)
        self.assert_status(result, 0)
        return {tuple(line.split()[:2]): line.endswith("True") for line in result.stdout.decode().splitlines()}

    def assert_agrees(self, network):
        options = ["-p", self.profile("[network]\n" + network)]
        real = self.tried(options)
        self.assertEqual(len(real), len(HOSTS) * len(PORTS))
        for (host, port), reached in real.items():
            answer = self.why(options, host_and_port(host, port))
            expected = answer["allowed"]
            for address in networks.NAMES.get(host, []):  # which `snug why` does not look up
                there = self.why(options, host_and_port(address, port))
                expected = expected and there["origin"].get("key") != "network.deny"
            self.assertEqual(expected, reached, (network, host, port, answer))
        return sum(real.values())

    def test_without_a_network(self):
        self.assertEqual(self.assert_agrees('mode = "none"\n'), 0)

    def test_with_everything_allowed(self):
        everything = json.dumps([f"{who}:80,87" if ":" not in who else f"[{who}]:80,87" for who in (*WHO, SHARED)])
        self.assertEqual(self.assert_agrees(f'mode = "filtered"\nallow = {everything}\n'), len(HOSTS) * len(PORTS))

    def test_for_random_rules(self):
        choose = random.Random(41)

        def rules(most):
            chosen = [choose.choice(WHO) for _ in range(choose.randrange(most))]
            return json.dumps([host_and_port(who, ports) if (ports := choose.choice(("", "87", "80-90", "443"))) else who
                               for who in chosen])

        reached = sum(self.assert_agrees(f'mode = "filtered"\nallow = {rules(5)}\ndeny = {rules(3)}\n') for _ in range(10))
        self.assertGreater(reached, 10)
        self.assertLess(reached, 10 * len(HOSTS) * len(PORTS) / 2)


class Pasting(snugtest.Case):
    """Runs a command that is refused something, pastes what is printed, and runs it again."""

    def paste(self, said, count=1):
        lines = re.findall(r"allow it: (.*)\n", said)
        self.assertEqual(len(lines), count, said)
        programs = self.folder("programs")
        os.symlink(snugtest.SNUG, os.path.join(programs, "snug"))
        for line in lines:
            done = subprocess.run(["sh", "-c", line], cwd=self.project, capture_output=True,
                                  env={**os.environ, "PATH": f"{programs}:/usr/bin:/bin"})
            self.assert_status(done, 0)

    def fetch(self, host, port, options):
        result = self.snug("run", *options, "--", PYTHON, "-c", TRY, host, str(port))
        self.assert_status(result, 0)
        return result.stdout.endswith(b"True\n"), result.stderr.decode()

    def assert_works_when_pasted(self, host, port=80, network="", times=1):
        options = ["-p", self.profile(network)] if network else []
        for _ in range(times):
            reached, said = self.fetch(host, port, options)
            self.assertFalse(reached, said)
            self.paste(said)
        self.assertEqual(self.fetch(host, port, options), (True, ""))

    def test_a_name_without_a_network(self):
        self.assert_works_when_pasted("web.test")

    def test_a_name_without_a_dot(self):
        net.say({**networks.NAMES, "plain": [WEB]})
        self.addCleanup(net.say, networks.NAMES)
        self.write("plain", "a file of that name")
        self.assert_works_when_pasted("plain")

    def test_a_name_without_a_rule(self):
        self.assert_works_when_pasted("web.test", network='[network]\nmode = "filtered"\n')

    def test_another_port_of_a_name(self):
        self.assert_works_when_pasted("web.test", 87, '[network]\nmode = "filtered"\nallow = ["web.test:443", "other.test:87"]\n')

    def test_another_port_of_an_address(self):
        self.assert_works_when_pasted(WEB6, 87, f'[network]\nmode = "filtered"\nallow = ["{WEB6}", "other.test:87"]\n')

    def test_an_address_without_a_rule(self):
        for address in (WEB, WEB6, PRIVATE):
            self.assert_works_when_pasted(address, 87, '[network]\nmode = "filtered"\n')

    def test_a_name_that_leads_to_a_private_address(self):
        self.assert_works_when_pasted("rebound.test", network='[network]\nmode = "filtered"\n', times=2)

    def test_for_this_session(self):
        runtime = self.folder("runtime")
        os.chmod(runtime, 0o700)
        os.environ["XDG_RUNTIME_DIR"] = runtime
        self.addCleanup(os.environ.pop, "XDG_RUNTIME_DIR")
        self.assert_status(self.snug("allow", "--session", "web.test"), 0)
        self.assertEqual(self.fetch("web.test", 80, []), (True, ""))

    def test_a_running_sandbox_takes_it_at_once(self):
        self.assert_status(self.snug("allow", "other.test"), 0)
        running = self.start("sh", "-c", "until curl -sf http://web.test >/dev/null; do sleep 0.1; done; echo reached")
        self.wait_until(lambda: os.path.basename(self.project) in self.snug("ps").stdout.decode(), "the sandbox in the list")
        self.assertIsNone(running.poll())
        said = self.snug("allow", "web.test").stderr.decode()
        self.assertIn("takes it at once", said)
        self.assertEqual(running.communicate(timeout=30)[0], b"reached\n")

    # One line for each time it is asked: whether a new connection comes about, and whether the first is still there.
    HOLDS = r"""
import socket, sys
first = None
for line in sys.stdin:
    try: s = socket.create_connection(("web.test", 87), 20); new = True
    except OSError: new = False
    first = first or (s if new else None)
    if first: first.sendall(b"x")
    print(new, bool(first and first.recv(1)), flush=True)
"""

    def holds(self, running):
        running.stdin.write(b"\n")
        running.stdin.flush()
        return running.stdout.readline().decode()

    def test_a_running_sandbox_gives_it_back_at_once(self):
        self.assert_status(self.snug("allow", "other.test"), 0)
        running = self.start(PYTHON, "-c", self.HOLDS)
        self.assertEqual(self.holds(running), "False False\n")
        self.wait_until(lambda: os.path.basename(self.project) in self.snug("ps").stdout.decode(), "the sandbox in the list")
        self.assertIn("takes it at once", self.snug("allow", "web.test:87").stderr.decode())
        self.assertEqual(self.holds(running), "True True\n")
        self.assertIn("makes no new connection by it", self.snug("allow", "--undo").stderr.decode())
        self.assertEqual(self.holds(running), "False True\n")

    def test_a_rule_that_was_there_from_the_start_goes_too_and_a_profiles_own_stays(self):
        self.assert_status(self.snug("allow", "web.test:87"), 0)
        running = self.start(PYTHON, "-c", self.HOLDS)
        self.assertEqual(self.holds(running), "True True\n")
        self.wait_until(lambda: os.path.basename(self.project) in self.snug("ps").stdout.decode(), "the sandbox in the list")
        other = self.start(PYTHON, "-c", self.HOLDS, profile='[network]\nmode = "filtered"\nallow = ["web.test:87"]\n')
        self.assertEqual(self.holds(other), "True True\n")
        self.wait_until(lambda: len(self.snug("ps", "-q").stdout.split()) == 2, "both in the list")
        self.assert_status(self.snug("allow", "--undo"), 0)
        self.assertEqual(self.holds(running), "False True\n")
        self.assertEqual(self.holds(other), "True True\n")

    def test_a_running_sandbox_without_a_filtered_network_goes_on_without(self):
        self.start("sleep", "60")
        self.wait_until(lambda: os.path.basename(self.project) in self.snug("ps").stdout.decode(), "the sandbox in the list")
        said = self.snug("allow", "web.test").stderr.decode()
        self.assertIn("goes on without it", said)
        self.assertIn("start it again", said)

    def test_a_denied_name_offers_nothing(self):
        options = ["-p", self.profile('[network]\nmode = "filtered"\nallow = ["*"]\ndeny = ["web.test"]\n')]
        reached, said = self.fetch("web.test", 80, options)
        self.assertFalse(reached)
        self.paste(said, 0)
        self.assert_status(self.snug("allow", *options, "web.test"), 0)
        self.assertEqual(self.fetch("web.test", 80, options), (True, ""))

    def test_why_tells_what_the_last_run_was_refused(self):
        before = int(time.time())
        options = ["-p", self.profile('[network]\nmode = "filtered"\nallow = ["web.test:443", "rebound.test"]\n')]
        script = f"curl -s http://web.test; curl -s http://rebound.test; getent hosts other.test"
        self.snug("run", *options, "--", "sh", "-c", script)
        told = self.snug("why", *options)
        self.assert_status(told, 1)
        text = told.stdout.decode()
        for host, rule in (("web.test:80", "web.test"), ("rebound.test:80", PRIVATE), ("other.test", "other.test")):
            self.assertRegex(text, rf"host {re.escape(host)}, [0-9:]+ \(.*\)\n +snug allow -p \S+ {re.escape(rule)}\n")
        hosts = json.loads(self.snug("why", *options, "--json").stdout)["hosts"]
        self.assertEqual([host["host"] for host in hosts], ["web.test", "rebound.test", "other.test"])
        self.assertEqual(hosts[0]["add"], [{"key": "network.allow", "element": "web.test"}])
        self.assertGreaterEqual(hosts[0]["when"], before)


if __name__ == "__main__":
    snugtest.main()
