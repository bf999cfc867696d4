"""Attempts at the network: the host's sockets, its loopback, protocols that reach the kernel or the machine below."""
import os
import socket
import subprocess
import unittest

import escaping
import snugtest
from escaping import Escape, MOUNTS_ALONE, NESTED, OVERLAY, PRIVILEGED, ROOT
from snugtest import quoted

HOST_NETWORK = '[network]\nmode = "host"\n'


class Sockets(Escape):
    def listener(self, address, kind=socket.SOCK_STREAM):
        server = socket.socket(socket.AF_UNIX, kind)
        server.bind(address)
        if kind == socket.SOCK_STREAM:
            server.listen()
        server.setblocking(False)
        self.addCleanup(server.close)
        return server

    def assert_nobody_came(self, server, kind=socket.SOCK_STREAM):
        with self.assertRaises(BlockingIOError):
            server.accept() if kind == socket.SOCK_STREAM else server.recv(100)

    def test_abstract_sockets(self):
        for kind, attempt in ((socket.SOCK_STREAM, "unix"), (socket.SOCK_DGRAM, "unix-dgram")):
            name = f"snug-escape-{os.getpid()}-{attempt}"
            server = self.listener("\0" + name, kind)
            self.assert_contained(attempt, "@" + name)
            self.assert_nobody_came(server, kind)
            if MOUNTS_ALONE or snugtest.KERNEL < (6, 12):  # in the host's network it is Landlock that stops them
                self.assert_works_inside(attempt, "@" + name, profile=HOST_NETWORK)
            else:
                self.assert_contained(attempt, "@" + name, profile=HOST_NETWORK)
                self.assert_nobody_came(server, kind)
            self.assert_works_outside(attempt, "@" + name)

    def test_sockets_of_services(self):
        path = os.path.join(self.folder("services"), "service.sock")
        server = self.listener(path)
        link = os.path.join(self.project, "link.sock")
        os.symlink(path, link)
        for name in (path, link, "/proc/self/root" + path, "/proc/1/root" + path):
            self.assert_contained("unix", name)
        self.assert_nobody_came(server)
        self.assert_works_outside("unix", path)

    def serve(self, path):
        """A program of the host that listens on `path`, perhaps relative to the project; returns its socket."""
        before = os.getcwd()
        os.chdir(self.project)
        server = self.listener(path)
        os.chdir(before)
        os.chmod(os.path.join(self.project, path), 0o777)
        return server

    @unittest.skipIf(NESTED, "a kernel does not list sockets to a sandbox: snug plan says so")
    def test_sockets_of_services_in_a_directory_that_is_shared(self):
        # Before Landlock 9, those that listen when the run starts; by names of three kinds.
        shared = self.folder("shared")
        os.mkdir(os.path.join(self.project, "tmp"))
        for path in (os.path.join(self.project, "top.sock"), "tmp/relative.sock", os.path.join(shared, "other.sock")):
            server = self.serve(path)
            profiles = [None, HOST_NETWORK, f"[filesystem]\nread = [{quoted(shared)}]\n", '[filesystem]\nproject = "read"\n',
                        f'[[filesystem.mount]]\ntype = "bind"\nsource = {quoted(shared)}\ntarget = "/shared"\naccess = "write"\n']
            names = [path, "/shared/other.sock"] if path.startswith(shared) else [path]
            for profile in profiles:
                for name in names:
                    with self.subTest(name, profile=profile):
                        self.assert_contained("unix", name, profile=profile)
                        self.assert_nobody_came(server)
            self.assert_works_outside("unix", path)
            server.accept()[0].close()

    @unittest.skipIf(NESTED, "as above")
    def test_a_shared_socket_uncovered(self):
        server = self.serve("run.sock")
        os.mkdir(os.path.join(self.project, "tmp"))
        deep = self.serve("tmp/deep.sock")
        tries = ["mv tmp away; ./attempt unix away/deep.sock", "ln run.sock linked; ./attempt unix linked",
                 "rm -f run.sock; ./attempt unix run.sock", "mv run.sock moved; ./attempt unix moved", "./attempt umount run.sock",
                 "mkdir tmp2; mv tmp/deep.sock tmp2/; ./attempt unix tmp2/deep.sock"]
        for script in tries:
            with self.subTest(script):
                self.assertNotEqual(self.inside("sh", "-c", script).returncode, 0)
                self.inside("sh", "-c", "for name in away/deep.sock linked moved tmp2/deep.sock; do ./attempt unix $name; done")
                self.assert_nobody_came(server)
                self.assert_nobody_came(deep)

    def test_a_shared_socket_that_is_asked_for(self):
        server = self.serve("asked.sock")
        path = os.path.join(self.project, "asked.sock")
        self.assert_works_inside("unix", path, profile=f"[network]\nsockets = [{quoted(path)}]\n")
        server.accept()[0].close()

    def test_a_shared_socket_below_an_overlay(self):
        if ROOT:
            self.skipTest("root's stand-in has no overlays")
        server = self.serve("below.sock")
        for name in ("below.sock", os.path.join(self.project, "below.sock")):
            self.assert_contained("unix", name, profile=OVERLAY)
        self.assert_nobody_came(server)
        self.assert_works_outside("unix", os.path.join(self.project, "below.sock"))

    def test_a_socket_by_a_link_to_a_descriptor(self):
        # A service's end handed in on purpose is a pipe to it and no more: it cannot be opened once more.
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        self.assert_contained("open-write", "/proc/self/fd/0", stdin=theirs)

    def test_loopback(self):
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        self.addCleanup(server.close)
        port = str(server.getsockname()[1])
        for address in ("127.0.0.1", "127.1.2.3", "0.0.0.0"):
            self.assertEqual(self.probe("connect", address, port).one("connect"), "ECONNREFUSED")
        self.assert_nobody_came(server)
        self.assertEqual(self.probe_outside("connect", "127.0.0.1", port).one("connect"), "ok")

    def test_listening_where_the_host_does(self):
        # A port taken inside is not taken outside.
        process = self.start("python3", "-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 34917)); s.listen();"
                             "print('ready', flush=True); input()")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 34917), 2)
        process.communicate(b"\n", timeout=20)

    def test_virtual_machine_sockets(self):
        for context in ("1", "2", "3"):
            self.assert_contained("vsock", context, "1024")
            self.assert_contained("vsock", context, "1024", profile=HOST_NETWORK)


class Families(Escape):
    # family, type, protocol; who may have it outside
    OPEN = {
        "netlink uevent": ("16", "3", "15"), "netlink generic": ("16", "3", "16"), "netlink audit": ("16", "3", "9"),
        "netlink netfilter": ("16", "3", "12"), "netlink sock_diag": ("16", "3", "4"), "netlink xfrm": ("16", "3", "6"),
        "netlink connector": ("16", "3", "11"), "kernel ciphers": ("38", "5", "0"), "vsock": ("40", "1", "0"),
        "sctp": ("2", "1", "132"), "dccp": ("2", "6", "33"), "udp-lite": ("2", "2", "136"),
        "tipc": ("30", "5", "0"), "bluetooth": ("31", "3", "1"), "can": ("29", "3", "1"), "nfc": ("39", "5", "0"),
        "rds": ("21", "5", "0"), "smc": ("43", "1", "0"), "kcm": ("41", "5", "0"), "qipcrtr": ("42", "2", "0"),
        "phonet": ("35", "2", "0"), "x.25": ("9", "5", "0"), "rxrpc": ("33", "2", "2"), "mctp": ("45", "2", "0"),
        "ax.25": ("3", "5", "0"), "llc": ("26", "1", "0"), "appletalk": ("5", "2", "0"),
    }
    RAW = {
        "packets": ("17", "3", "768"), "packets cooked": ("17", "2", "768"), "raw ip": ("2", "3", "255"),
        "raw icmp": ("2", "3", "1"), "raw ip6": ("10", "3", "58"), "xdp": ("44", "3", "0"), "ipsec keys": ("15", "3", "2"),
    }

    def test_each(self):
        for name, words in {**self.OPEN, **self.RAW}.items():
            with self.subTest(name):
                self.assert_contained("socket", *words)
                self.assert_contained("socket", *words, profile=HOST_NETWORK)

    def test_high_halves_of_the_arguments_change_nothing(self):
        for family in (40, 38, 17):
            self.assert_contained("socket", str(family - (1 << 32)), "3", "0")

    def test_these_exist_outside(self):
        for name in ("netlink uevent", "netlink generic", "netlink sock_diag", "netlink netfilter"):
            self.assert_works_outside("socket", *self.OPEN[name], nested=False)
        for name in ("packets", "raw ip", "raw icmp"):
            if snugtest.MUST_WORK or not NESTED:
                self.assert_works_outside("socket", *self.RAW[name], before=PRIVILEGED, nested=False)

    def test_usual_ones_work(self):
        for words in (("1", "1", "0"), ("2", "1", "6"), ("2", "2", "17"), ("10", "1", "0"), ("16", "3", "0")):
            self.assert_works_inside("socket", *words)


class Rings(Escape):
    def test_io_uring(self):
        self.assert_contained("io-uring")
        self.assert_contained("io-uring", profile=HOST_NETWORK)
        self.assert_works_outside("io-uring", nested=False)


if __name__ == "__main__":
    escaping.main()
