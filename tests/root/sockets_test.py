"""Sockets of the host for a sandbox that real root starts: the command runs under another user id."""
import os
import socket
import struct
import threading

import snugtest
from snugtest import Case, quoted


class Sockets(Case):
    def server(self):
        """Tells whoever connects which user id the kernel says it has. Its socket is for root alone."""
        path = os.path.join(self.folder("sockets"), "root.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o700)
        listener.listen(4)
        self.addCleanup(listener.close)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                    connection.sendall(f"{uid}\n".encode())

        threading.Thread(target=serve, daemon=True).start()
        return path

    def test_a_listed_one_is_reached_under_the_other_id(self):
        path = self.server()
        self.write("ask.py", "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\nprint(s.recv(99).decode(), end='')\n")
        listed = self.inside("/usr/bin/python3", "ask.py", path, profile=f"network.sockets = [{quoted(path)}]")
        snugtest.need(b"idmapped" not in listed.stderr, "idmapped mounts of this file system")
        self.assertEqual(listed.returncode, 0, self.story(listed))
        self.assertNotEqual(int(listed.stdout), 0)
        self.assertNotEqual(self.inside("/usr/bin/python3", "ask.py", path, profile="").returncode, 0)


if __name__ == "__main__":
    snugtest.main()
