"""Keys, an agent and a server of ssh for tests. ssh refuses to run as a user id without a name, which the tests' user
often is; inside a sandbox everybody has one, so its programs run there.
"""
import os
import shutil
import signal
import socket
import subprocess
import tempfile

import snugtest

AGENT_PROFILE = "network.ssh-agent = true\nfilesystem.home = \"tmpfs\"\n"


def make_key(case, folder):
    """A key without a passphrase: the path of its private half."""
    snugtest.need_program("ssh-keygen")
    result = case.inside("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", os.path.join(folder, "key"),
                         profile=f'filesystem.write = ["{folder}"]\n')
    case.assertEqual(result.returncode, 0, case.story(result))
    return os.path.join(folder, "key")


def start_agent(case):
    """A real agent outside that holds one key: its socket and the private key's path."""
    for program in ("ssh-agent", "ssh-add"):
        snugtest.need_program(program)
    folder = tempfile.mkdtemp(prefix="agent-", dir="/var/tmp")  # short: a socket's name has room for 107 bytes
    case.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    path, key = os.path.join(folder, "agent.1"), make_key(case, folder)
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    case.addCleanup(process.wait)
    case.addCleanup(process.send_signal, signal.SIGTERM)
    case.wait_until(lambda: os.path.exists(path), "the agent listens")
    added = case.inside("ssh-add", "-q", key, profile=AGENT_PROFILE + f'filesystem.read = ["{key}"]\n', env={"SSH_AUTH_SOCK": path})
    case.assertEqual(added.returncode, 0, case.story(added))
    return path, key


def public_half(key):
    with open(key + ".pub") as file:
        return file.read()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A real ssh server (dropbear: its package starts no service) on a port of 127.0.0.1, in a sandbox of its own, that
    takes one key and may write one folder."""

    def __init__(self, case, authorised, writable):
        for program in ("dropbear", "dropbearkey"):
            snugtest.need_program(program)
        self.port, folder = free_port(), case.folder("sshd")
        keys = case.write(os.path.join(folder, "authorized_keys"), authorised, mode=0o600)
        host_key = os.path.join(folder, "host_key")
        made = subprocess.run(["dropbearkey", "-t", "ed25519", "-f", host_key], check=True, capture_output=True).stdout.decode()
        profile = f"""[filesystem]
home = "tmpfs"
read = ["{host_key}"]
write = ["{writable}"]
[[filesystem.mount]]
type = "bind"
source = "{keys}"
target = "~/.ssh/authorized_keys"
[network]
mode = "host"
"""
        self.process = case.start("dropbear", "-F", "-E", "-s", "-m", "-P", "/tmp/pid", "-p", f"127.0.0.1:{self.port}", "-r", host_key,
                                  profile=profile, env=case.environment())
        case.wait_until(self.answers, "the server listens")
        algorithm, key = next(line for line in made.splitlines() if line.startswith("ssh-")).split()[:2]
        self.known_host = f"[127.0.0.1]:{self.port} {algorithm} {key}\n"
        self.user = case.shell("id -un").strip()

    def answers(self):
        with socket.socket() as one:
            return self.process.poll() is not None or one.connect_ex(("127.0.0.1", self.port)) == 0

    def url(self, path):
        return f"ssh://{self.user}@127.0.0.1:{self.port}{path}"
