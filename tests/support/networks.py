"""A host's network and an internet for tests of the filtered network, made of namespaces by an ordinary user.

A test file calls enter() before anything else: the file then runs again in a user, mount and network namespace of its own,
which is the "host": its /etc/resolv.conf and /etc/hosts are the test's, its uplink leads to a second network namespace, the
"internet" (internet.py).
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

HOST, INTERNET = "93.184.0.2", "93.184.0.1"  # the two ends of the uplink
HOST6, INTERNET6 = "2a00:1::2", "2a00:1::1"
WEB, OTHER, WEB6 = "93.184.1.1", "93.184.1.2", "2a00:2::1"
PRIVATE, METADATA, SHARED = "10.1.2.3", "169.254.169.254", "100.64.0.7"
NAMES = {
    "web.test": [WEB],
    "other.test": [OTHER],
    "six.test": [WEB6],
    "both.test": [WEB6, WEB],
    "broken-six.test": ["2a00:3::1", WEB],
    "x.below.test": [WEB],
    "below.test": [WEB],
    "rebound.test": [PRIVATE],
    "metadata.test": [METADATA],
    "loopback.test": ["127.0.0.1"],
    "loopback6.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "self.test": [HOST],
    "mixed.test": [PRIVATE, WEB],
    "empty.test": [],
    "silent.test": "silent",
    "lost.test": ["93.184.2.1"],  # no way there
    "void.test": ["93.184.0.9"],  # nobody says whether it is there
    "big.test": ["93.184.1.%d" % n for n in range(1, 60)],
}


def enter():
    if os.environ.get("SNUG_TEST_NETWORK") == "1":
        return
    os.environ["SNUG_TEST_NETWORK"] = "1"
    os.execvp("unshare", ["unshare", "--user", "--map-current-user", "--keep-caps", "--net", "--mount", "--fork",
                          "--kill-child", sys.executable, *sys.argv])


def without_rights(program):
    """A script that starts `program` as an ordinary user would: this process has rights over its own namespaces."""
    path = os.path.join(tempfile.mkdtemp(prefix="plain-", dir=os.environ["HOME"]), os.path.basename(program))
    with open(path, "w") as script:
        script.write(f'#!/bin/sh\nexec setpriv --inh-caps=-all --ambient-caps=-all "{program}" "$@"\n')
    os.chmod(path, 0o755)
    return path


def set_up(web=True):
    """In setUpModule: the internet of a test file until its last test has ended. Every snug is then an ordinary user's."""
    import snugtest  # which reads what enter() has changed

    net = Internet(web)
    unittest.addModuleCleanup(net.close)
    snugtest.SNUG = without_rights(snugtest.SNUG)
    return net


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Internet:
    """Up while it exists. `questions()` is what its name server was asked. Without `web`, ports 80 and 443 are free."""

    def __init__(self, web=True):
        self.folder = tempfile.mkdtemp(prefix="internet-", dir=os.environ["HOME"])
        self.names, self.log = self.path("names.json"), self.path("questions")
        self.say(NAMES)
        open(self.log, "w").close()
        waiter = "import signal; print('here', flush=True); signal.pause()"
        self.process = subprocess.Popen(["unshare", "--net", sys.executable, "-c", waiter], stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.connect()
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "internet.py")
        self.server = subprocess.Popen([*self.there(), sys.executable, program, *([] if web else ["--no-web"]), self.names, self.log, WEB, WEB6, PRIVATE],
                                       stdout=subprocess.PIPE)
        self.server.stdout.readline()
        self.cover("/etc/resolv.conf", f"nameserver {INTERNET}\noptions timeout:1\n")
        self.cover("/etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n{WEB} hosts-file.test\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def there(self):
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]

    def say(self, names):
        """What the name server answers from now on."""
        temporary = self.names + ".new"
        with open(temporary, "w") as file:
            json.dump(names, file)
        os.rename(temporary, self.names)

    def connect(self):
        ip("link", "set", "lo", "up")
        ip("link", "add", "up0", "type", "veth", "peer", "name", "down0", "netns", str(self.process.pid))
        ip("link", "set", "up0", "up")
        ip("address", "add", HOST + "/24", "dev", "up0")
        ip("address", "add", HOST6 + "/64", "dev", "up0", "nodad")
        there = self.there()
        for words in (["link", "set", "lo", "up"], ["link", "set", "down0", "up"],
                      ["address", "add", INTERNET + "/24", "dev", "down0"],
                      ["address", "add", INTERNET6 + "/64", "dev", "down0", "nodad"],
                      *(["address", "add", address, "dev", "lo"] for address in
                        ("93.184.1.0/24", "10.1.2.0/24", METADATA + "/32", SHARED + "/32", WEB6 + "/128"))):
            subprocess.run([*there, "ip", *words], check=True)
        ip("route", "add", "default", "via", INTERNET)
        ip("-6", "route", "add", "default", "via", INTERNET6)
        ip("-6", "route", "add", "unreachable", "2a00:3::/32")
        ip("route", "add", "unreachable", "93.184.2.0/24")
        time.sleep(0.05)

    def cover(self, path, text):
        file = self.path(os.path.basename(path))
        with open(file, "w") as out:
            out.write(text)
        subprocess.run(["mount", "--bind", file, path], check=True)

    def questions(self):
        with open(self.log) as file:
            return file.read().split()

    def forget_questions(self):
        open(self.log, "w").close()

    def close(self):
        for process in (self.server, self.process):
            process.kill()
            process.wait()
