"""The table of classic commands in snug-sessions(7), read from the page: what it says in place of each of them does that."""
import json
import os
import re
import shlex
import socket
import subprocess
import time

import snugtest
from sessions_checks import WAITING, Sessions
from snugtest import SNUG, STAGE, Terminal, show


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
            for name, value in values.items():
                if not isinstance(value, list):
                    word = word.replace(f"_{name.upper()}_", value)
            words += values["cmd"] if word == "_CMD_" else [word.replace("_K=V_", "K=V")]
        self.assertFalse([word for word in words if re.search(r"_[A-Z=]+_", word)], words)
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

    def ended(self, status):
        self.assert_status(self.snug("wait", "job"), status)

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

    KINDS = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")

    def namespaces_in(self, command):
        script = "for n in %s; do readlink /proc/self/ns/$n; done; id -u" % " ".join(self.KINDS)
        *told, uid = show(self.run_cell(command, cmd=["sh", "-c", script]).stdout).split()
        self.assertEqual(len(told), len(self.KINDS))
        self.assertEqual(set(told) & {os.readlink(f"/proc/self/ns/{kind}") for kind in self.KINDS}, set())
        return uid

    def unshared_as_root(self, command):
        self.assertEqual(self.namespaces_in(command), "0")

    def unshared(self, command):
        self.namespaces_in(command)

    def clock(self, command):
        result = self.run_cell(command, cmd=["cut", "-d.", "-f1", "/proc/uptime"])
        self.assertLess(abs(int(result.stdout) - time.clock_gettime(time.CLOCK_BOOTTIME) - 86400), 600)

    def with_the_ended(self, command):
        self.begin_detached("exit 3")
        self.ended(3)
        self.assertIn(" ended 3\n", show(self.run_cell(command).stdout))

    def watched(self, command):
        self.begin(name="web")
        terminal = Terminal([SNUG, *self.words_of(command)], self.project, env=self.environment({"TERM": "xterm"}))
        self.addCleanup(terminal.close)
        terminal.expect(" web ")

    def with_environment(self, command):
        self.begin(name="web")
        result = self.run_cell(command, name="web", dir="/usr", cmd=["sh", "-c", "echo $K; pwd"])
        self.assertEqual(result.stdout, b"V\n/usr\n", self.story(result))

    def copied(self, command):
        self.begin("echo inside >/tmp/file; " + WAITING, name="web")
        self.assertEqual(self.run_cell(command, name="web", path="/tmp/file").stdout, b"inside\n")

    def on_terminal(self, command):
        words = [SNUG, *self.words_of(command, cmd=["sh", "-c", "tty; exit 4"])]
        terminal = Terminal(words, self.project, env=self.environment({"TERM": "xterm"}))
        self.addCleanup(terminal.close)
        terminal.expect("/dev/pts/0")
        self.assertEqual(terminal.status(), 4)

    def shown(self, command):
        path = self.write(os.path.join(self.folder("data"), "file"), "data\n")
        result = self.run_cell(command, path=os.path.dirname(path), cmd=["sh", "-c", f"cat {path}; echo >{path}"])
        self.assertEqual((result.returncode, result.stdout), (2, b"data\n"), self.story(result))

    def published(self, command):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        serving = ("import socket; s = socket.create_server(('127.0.0.1', 8123)); print('ready', flush=True)\n"
                   "s.accept()[0].sendall(b'hello')")
        run = subprocess.Popen([SNUG, *self.words_of(command, port=str(port), cmd=["python3", "-c", serving])], cwd=self.project,
                               env=self.environment(), stdout=subprocess.PIPE)
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.kill)
        self.assertEqual(run.stdout.readline(), b"ready\n")
        with socket.create_connection(("127.0.0.1", port), timeout=snugtest.patient(10)) as connection:
            self.assertEqual(connection.recv(16), b"hello")
        run.wait(30)

    def without_network(self, command):
        result = self.run_cell(command, cmd=["cat", "/proc/net/dev"])
        devices = [line.split(b":")[0].strip() for line in result.stdout.splitlines() if b":" in line]
        self.assertEqual(devices, [b"lo"])

    def limited(self, command):
        result = self.snug("plan", "--json", *self.words_of(command, cmd=["true"])[1:])
        limits = json.loads(result.stdout)["limits"]
        self.assertEqual([limits[name]["value"] for name in ("memory", "cpus", "processes")], [1 << 30, 2, 100])
        self.assert_status(self.run_cell(command, cmd=["true"]), 0)

    def memory_limited(self, command):
        result = self.snug("plan", "--json", *self.words_of(command, cmd=["true"])[1:])
        self.assertEqual(json.loads(result.stdout)["limits"]["memory"]["value"], 1 << 30)
        self.assert_status(self.run_cell(command, cmd=["true"]), 0)

    def last_lines(self, command):
        self.begin_detached("echo one; echo two; echo three; exit 3")
        self.ended(3)
        self.assertEqual(self.run_cell(command, name="job", n="2").stdout, b"two\nthree\n")

    def state_of(self, name):
        with open(f"/proc/{json.loads(self.snug('ps', '--json', name).stdout)['processes'][0]['pid']}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def paused(self, command):
        self.begin(name="web")
        self.assert_status(self.run_cell(command, name="web"), 0)
        self.wait_until(lambda: self.state_of("web") == "T", "it is stopped")

    def continued(self, command):
        self.paused("snug kill -s STOP _NAME_")
        self.assert_status(self.run_cell(command, name="web"), 0)
        self.wait_until(lambda: self.state_of("web") != "T", "it goes on")

    def changes(self, command):
        self.assert_status(self.inside("sh", "-c", "echo x >made", options=["--project", "overlay"]), 0)
        self.assertIn(b"made", self.run_cell(command).stdout)
        self.assert_status(self.snug("discard", "--yes"), 0)

    def pruned(self, command):
        self.with_the_ended("snug ps --all")
        self.assert_status(self.snug(*self.words_of(command), "--yes"), 0)
        self.assertNotIn(" ended 3\n", show(self.snug("ps", "--all").stdout))

    def pids(self, command):
        self.begin(name="web")
        told = [one["pid"] for one in json.loads(self.run_cell(command, name="web").stdout)["processes"]]
        init = self.only()["init_pid"]
        self.assertEqual(told, [pid for pid in snugtest.children_of(init)])

    def timed_out(self, command):
        self.assert_status(self.run_cell(command, time="300ms", cmd=["sleep", "60"]), 124)

    def measured(self, command):
        self.assertRegex(self.run_cell(command, cmd=["true"]).stderr, rb"memory +\S+ at the most")

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
        "docker ps -a": with_the_ended,
        "docker stats": watched,
        "docker exec -w _DIR_ -e _K=V_ _NAME_ _CMD_": with_environment,
        "docker cp _NAME_:_PATH_ -": copied,
        "docker run -it --rm _IMAGE_ _CMD_": on_terminal,
        "docker run -e _K=V_ -w _DIR_ _IMAGE_ _CMD_": with_environment,
        "docker run -v _PATH_:_PATH_:ro _IMAGE_ _CMD_": shown,
        "docker run -p _PORT_:8123 _IMAGE_ _CMD_": published,
        "docker run --network none _IMAGE_ _CMD_": without_network,
        "docker run -m 1g --cpus 2 --pids-limit 100 _IMAGE_ _CMD_": limited,
        "docker logs --tail _N_ _NAME_": last_lines,
        "docker pause _NAME_": paused,
        "docker unpause _NAME_": continued,
        "docker diff _NAME_": changes,
        "docker container prune": pruned,
        "nsenter -t _PID_ -n ss -tln": sockets,
        "ip netns list": listed_ones,
        "ip netns pids _NAME_": pids,
        "unshare -UrmpnifuC _CMD_": unshared_as_root,
        "unshare -cn _CMD_": unshared,
        "unshare -T --boottime 86400 _CMD_": clock,
        "systemd-run --user --scope -p MemoryMax=1G _CMD_": memory_limited,
        "timeout _TIME_ _CMD_": timed_out,
        "time -v _CMD_": measured,
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
