"""The table of classic commands in snug-sessions(7), read from the page: what it says in place of each of them does that."""
import json
import os
import re
import shlex
import subprocess

import snugtest
from sessions_checks import WAITING, Sessions
from snugtest import SNUG, STAGE, show


def rows_of_page():
    """{"docker stop _NAME_": "snug kill _NAME_"}; placeholders are between underscores."""
    with open(os.path.join(STAGE, "man", "snug-sessions.7.scd")) as page:
        section = re.search(r"\n# CLASSIC COMMANDS\n\n(.*?)\n# ", page.read(), re.S)[1]
    rows = re.findall(r"^(?:\[-|\| ) (.*)\n:- (.*)$", section, re.M)
    assert len(rows) == section.count(":-") > 9, section
    return {left.replace("*", "").strip(): right.replace("*", "").strip() for left, right in rows}


class Classic(Sessions):
    def words_of(self, command, **values):
        """Those of a cell, without what is in parentheses behind it; `CMD` may be several."""
        words = []
        for word in shlex.split(re.sub(r"\(.*\)$", "", command)):
            value = values[word.strip("_").lower()] if re.fullmatch(r"_[A-Z]+_", word) else word
            words += value if isinstance(value, list) else [value]
        self.assertEqual(words[0], "snug")
        return words[1:]

    def run_cell(self, command, **values):
        return self.snug(*self.words_of(command, **values))

    # --- one for each row --------------------------------------------------------------------------------------

    def namespaces(self, command):
        self.begin(name="web")
        result = self.run_cell(command, id="web")
        inside = show(self.snug("exec", "web", "sh", "-c", "readlink /proc/self/ns/*").stdout).split()
        numbers = {word.split(":")[0]: int(word.split("[")[1][:-1]) for word in inside if "_for_" not in word}
        told = json.loads(result.stdout)["namespaces"]
        for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
            self.assertEqual(told[kind], numbers[kind])
            self.assertNotEqual(told[kind], os.stat(f"/proc/self/ns/{kind}").st_ino, kind)

    def listed_ones(self, command):
        self.begin(name="web")
        self.assertRegex(show(self.run_cell(command).stdout), r"(?m)^[0-9a-f]{8}  web ")

    def inspected(self, command):
        self.begin(name="web")
        told = json.loads(self.run_cell(command, name="web").stdout)
        self.assertEqual((told["name"], told["plan"]["schema"]), ("web", 1))

    def processes(self, command):
        self.begin(name="web")
        result = self.run_cell(command, name="web")
        self.assert_status(result, 0)
        self.assertIn(b"sleep 600", result.stdout)
        self.assertIn(b"ps -ef", result.stdout)

    def another_command(self, command):
        self.begin("echo private >/tmp/mark; " + WAITING, name="web")
        result = self.run_cell(command, name="web", cmd=["sh", "-c", "cat /tmp/mark; exit 3"])
        self.assertEqual((result.returncode, result.stdout), (3, b"private\n"))

    def named(self, command):
        script = "until test -e seen; do sleep 0.02; done; exit 4"
        run = subprocess.Popen([SNUG, *self.words_of(command, name="web", cmd=["sh", "-c", script])], cwd=self.project,
                               env=self.environment())
        self.addCleanup(run.kill)
        self.wait_until(lambda: any(one["name"] == "web" for one in self.listed()), "it is listed by its name")
        self.write("seen", "")
        self.assertEqual(run.wait(30), 4)

    def detached(self, command):
        result = self.run_cell(command, cmd=["sh", "-c", WAITING])
        self.assertEqual(self.ids(), show(result.stdout).split())
        self.assert_status(self.snug("kill", self.ids()[0]), 0)

    def begin_detached(self, script):
        self.assert_status(self.snug("run", "--detach", "--name", "job", "sh", "-c", script), 0)

    def logged(self, command):
        self.begin_detached("echo one; sleep 0.3; echo two")
        self.assertEqual(self.run_cell(command, name="job").stdout, b"one\ntwo\n")

    def attached(self, command):
        self.begin_detached("until test -e attached; do sleep 0.02; done; echo out; exit 5")
        run = subprocess.Popen([SNUG, *self.words_of(command, name="job")], cwd=self.project, env=self.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(run.kill)
        # It watches the log from then on.
        self.wait_until(lambda: any("inotify" in target for target in snugtest.descriptors_of(run.pid)), "it is attached")
        self.write("attached", "")
        self.assertEqual((run.communicate(timeout=30)[0], run.returncode), (b"out\n", 5))

    def waited_for(self, command):
        self.begin_detached("sleep 0.2; exit 6")
        self.assert_status(self.run_cell(command, name="job"), 6)

    def signalled(self, command):
        process = self.begin("trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done", name="web")
        self.assert_status(self.run_cell(command, signal="USR1", name="web"), 0)
        self.assertEqual(process.wait(30), 5)

    def stopped(self, command):
        process = self.begin(name="web")
        self.assert_status(self.run_cell(command, name="web"), 0)
        self.assertEqual(process.wait(5), 143)

    def sockets(self, command):
        snugtest.need_program("ss")
        serving = "import socket, time; s = socket.create_server(('127.0.0.1', 8123)); print('ready', flush=True); time.sleep(600)"
        self.begin(f'exec python3 -c "{serving}"', name="web")
        result = self.run_cell(command, name="web")
        self.assert_status(result, 0)
        self.assertIn(b"127.0.0.1:8123", result.stdout)

    def unshared(self, command):
        kinds = ("user", "mnt", "pid", "net", "ipc", "uts")
        own = [os.readlink(f"/proc/self/ns/{kind}") for kind in kinds]
        result = self.run_cell(command, cmd=["sh", "-c", "for n in user mnt pid net ipc uts; do readlink /proc/self/ns/$n; done"])
        told = show(result.stdout).split()
        self.assertEqual(len(told), len(own))
        self.assertEqual(set(told) & set(own), set())

    CHECKS = {
        "lsns": namespaces,
        "docker ps": listed_ones,
        "docker inspect _NAME_": inspected,
        "docker top _NAME_": processes,
        "docker exec _NAME_ _CMD_": another_command,
        "docker run --name _NAME_ _IMAGE_ _CMD_": named,
        "docker run -d _IMAGE_ _CMD_": detached,
        "docker logs -f _NAME_": logged,
        "docker attach _NAME_": attached,
        "docker wait _NAME_": waited_for,
        "docker kill -s _SIGNAL_ _NAME_": signalled,
        "docker stop _NAME_": stopped,
        "nsenter -t _PID_ -a _CMD_": another_command,
        "ip netns exec _NAME_ ss -tln": sockets,
        "unshare -Urmpnif _CMD_": unshared,
    }

    def test_every_line_has_a_check(self):
        self.assertEqual(sorted(rows_of_page()), sorted(self.CHECKS))

    def test_every_line_does_what_the_other_does(self):
        for classic, ours in rows_of_page().items():
            with self.subTest(classic):
                self.assertIn(classic, self.CHECKS)
                self.CHECKS[classic](self, ours)
                for sandbox in self.listed():
                    self.snug("kill", "-s", "KILL", sandbox["id"])
                self.wait_until(lambda: not self.listed(), "nothing runs")


if __name__ == "__main__":
    snugtest.main()
