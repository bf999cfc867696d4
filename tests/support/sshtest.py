"""Keys, an agent and a server of ssh for tests. ssh refuses to run as a user id without a name, which the tests' user
often is; inside a sandbox everybody has one, so its programs run there.
"""
import os
import shutil
import signal
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
