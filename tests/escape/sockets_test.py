"""Attempts by sockets that the caller hands over as standard input."""
import socket

import escaping
from escaping import Escape


class StandardInput(Escape):
    def setUp(self):
        super().setUp()
        self.first, self.second = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        self.second.setblocking(False)
        for server in (self.first, self.second):
            self.addCleanup(server.close)

    def connected(self):
        made = socket.create_connection(self.first.getsockname())
        self.addCleanup(made.close)
        return made

    def came(self):
        try:
            self.second.accept()[0].close()
            return True
        except BlockingIOError:
            return False

    def reconnect(self):
        return "reconnect", str(self.second.getsockname()[1])

    def test_a_connection_taken_to_another_place(self):
        self.assert_works_outside(*self.reconnect(), stdin=self.connected())
        self.assertTrue(self.came())
        result = self.try_inside(*self.reconnect(), stdin=self.connected())
        self.assertFalse(self.came(), self.story(result))
        self.assertEqual(result.returncode, 125, self.story(result))
        self.assertIn(b"it is a socket of the host's network", result.stderr)

    def test_the_hosts_network_has_it_anyway(self):
        result = self.try_inside(*self.reconnect(), stdin=self.connected(), options=["--net", "host"])
        self.assertEqual(result.returncode, 0, self.story(result))
        self.assertTrue(self.came())

    def test_the_ends_of_a_pair_still_pass(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(b"hello\n")
            ours.shutdown(socket.SHUT_WR)
            result = self.inside("cat", stdin=theirs)
        self.assertEqual(result.stdout, b"hello\n", self.story(result))


if __name__ == "__main__":
    escaping.main()
