"""Sockets of the host inside: network.sockets and network.ssh-agent, both without any network."""
import os
import re
import shutil
import socket
import threading

import snugtest
import sshtest
from snugtest import Case, quoted, show

ASK = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\ns.send(b'hello')\nprint(s.recv(99).decode())\n"
KNOWN = 'i-know = "full control of my account"'


class Server:
    """Answers on a unix socket of the host in capital letters, and counts who came."""

    def __init__(self, path):
        self.path, self.served = path, 0
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.served += 1
            with connection:
                connection.sendall(connection.recv(99).upper())

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Sockets(Case):
    def server(self, name="db.sock", folder=None):
        server = Server(os.path.join(folder or self.folder("sockets"), name))
        self.addCleanup(server.close)
        return server

    def ask(self, path, profile, **more):
        self.write("ask.py", ASK)
        return self.inside("/usr/bin/python3", "ask.py", path, profile=profile, **more)

    def test_a_listed_socket_answers_without_network(self):
        server = self.server()
        answer = self.ask(server.path, f"network.sockets = [{quoted(server.path)}]")
        self.assertEqual((answer.returncode, answer.stdout), (0, b"HELLO\n"), self.story(answer))
        self.assertEqual(server.served, 1)

    def test_a_socket_that_is_not_listed_does_not(self):
        server = self.server()
        self.assertNotEqual(self.ask(server.path, "").returncode, 0)
        self.assertEqual(server.served, 0)

    def test_in_a_home_of_its_own_and_in_an_empty_one(self):
        server = self.server()
        for home in ("stored", "tmpfs", "none"):
            answer = self.ask(server.path, f'filesystem.home = "{home}"\nnetwork.sockets = [{quoted(server.path)}]')
            self.assertEqual(answer.stdout, b"HELLO\n", home + self.story(answer))

    def test_beside_others_in_its_directory_alone(self):
        folder = self.folder("sockets")
        server, other = self.server("a.sock", folder), self.server("b.sock", folder)
        profile = f"network.sockets = [{quoted(server.path)}]"
        self.assertEqual(self.ask(server.path, profile).stdout, b"HELLO\n")
        self.assertNotEqual(self.ask(other.path, profile).returncode, 0)
        self.assertEqual(self.shell(f"ls -A {folder}", profile=profile), "a.sock\n")

    def test_a_link_to_a_socket(self):
        server = self.server()
        link = os.path.join(self.folder("links"), "db")
        os.symlink(server.path, link)
        self.assertEqual(self.ask(link, f"network.sockets = [{quoted(link)}]").stdout, b"HELLO\n")

    def test_a_socket_below_the_project(self):
        server = self.server("run/app.sock", self.project)
        self.assertEqual(self.ask(server.path, f"network.sockets = [{quoted(server.path)}]").stdout, b"HELLO\n")

    def test_optional_and_absent(self):
        self.assertEqual(self.shell("echo ran", profile='network.sockets = ["/run/nobody/listens?"]'), "ran\n")
        self.assert_refused(self.inside("true", profile='network.sockets = ["/run/nobody/listens"]'), "there is nothing", r"listens\?")

    def test_a_command_cannot_change_or_replace_the_socket(self):
        server = self.server()
        script = """import os, socket, sys
for name, act in (("chmod", lambda p: os.chmod(p, 0o777)), ("unlink", os.unlink), ("rename", lambda p: os.rename(p, p + ".x")),
                  ("bind", lambda p: socket.socket(socket.AF_UNIX).bind(p)), ("open", lambda p: os.open(p, os.O_RDWR))):
    try:
        act(sys.argv[1])
        print(name, "done")
    except OSError as e:
        print(name, "refused")
"""
        self.write("harm.py", script)
        before = os.stat(server.path)
        output = self.inside("/usr/bin/python3", "harm.py", server.path, profile=f"network.sockets = [{quoted(server.path)}]")
        self.assertEqual(output.stdout.decode().splitlines(), [f"{name} refused" for name in ("chmod", "unlink", "rename", "bind", "open")])
        after = os.stat(server.path)
        self.assertEqual((before.st_ino, before.st_mode), (after.st_ino, after.st_mode))

    def test_engines_and_the_like_only_with_the_acknowledgement(self):
        server = self.server("docker.sock")
        path = quoted(server.path)
        for entry in (path, f"{{ path = {path} }}", f'{{ path = {path}, i-know = "sure" }}'):
            self.assert_refused(self.inside("true", profile=f"network.sockets = [{entry}]"), "Docker engine", re.escape(KNOWN))
        self.assertEqual(server.served, 0)
        answer = self.ask(server.path, f"network.sockets = [{{ path = {path}, {KNOWN} }}]")
        self.assertEqual(answer.stdout, b"HELLO\n", self.story(answer))

    def test_an_engine_does_not_come_in_with_its_directory(self):
        server = self.server(".docker/run/docker.sock", snugtest.HOME)
        self.addCleanup(shutil.rmtree, os.path.join(snugtest.HOME, ".docker"), ignore_errors=True)
        self.assert_refused(self.inside("true", profile='filesystem.read = ["~/.docker"]'), "docker.sock", "comes with it")
        hidden = self.ask(server.path, 'filesystem.read = ["~/.docker"]\nfilesystem.hide = ["~/.docker/run/docker.sock"]')
        self.assertNotEqual(hidden.returncode, 0)
        self.assertEqual(server.served, 0)

    def test_the_plan_names_it(self):
        server = self.server()
        result = self.snug("plan", "-p", self.profile(f"network.sockets = [{quoted(server.path)}]"))
        self.assertRegex(show(result.stdout), r"db\.sock +socket +listed +\S+test\.toml:2 \(network\.sockets\)")


class Agent(Case):
    def test_its_keys_are_listed_inside(self):
        path, key = sshtest.start_agent(self)
        output = self.shell(f"ssh-add -L; echo $SSH_AUTH_SOCK; ! ls {path} 2>/dev/null", profile="network.ssh-agent = true",
                            env={"SSH_AUTH_SOCK": path})
        self.assertEqual(output, sshtest.public_half(key) + "/run/snug/ssh-agent\n")

    def test_without_the_key_there_is_none(self):
        path, key = sshtest.start_agent(self)
        result = self.inside("sh", "-c", "echo ${SSH_AUTH_SOCK:-unset}; ssh-add -L", profile='environment.pass = ["SSH_*"]',
                             env={"SSH_AUTH_SOCK": path})
        self.assertNotEqual(result.returncode, 0)
        self.assertNotIn(sshtest.public_half(key).encode(), result.stdout)

    def test_no_agent_outside_is_said_and_no_mistake(self):
        profile = self.profile("network.ssh-agent = true")
        result = self.snug("run", "-v", "-p", profile, "--", "sh", "-c", "echo ${SSH_AUTH_SOCK:-unset}")
        self.assertEqual((result.returncode, result.stdout), (0, b"unset\n"), self.story(result))
        self.assertRegex(show(result.stderr), "no ssh agent inside")


if __name__ == "__main__":
    snugtest.main()
