"""Running sandboxes seen from outside: what the tests of ps, exec, kill and the like share."""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

from snugtest import SNUG, Case, children_of, show

WAITING = "echo ready; exec sleep 600"

# Within a sandbox: starts another one, "inner", and goes on once it can be entered. It keeps its records in the runtime
# directory that the outer one made, as no project may hold them. Each wait ends before the test gives up.
START_INNER = """
./snug run --name inner -- sleep 30 & inner=$!
timeout 15 sh -c 'until ./snug exec inner true 2>refusal; do kill -0 "$1" && sleep 0.05 || exit 1; done' sh $inner || {
  echo "cannot enter inner: $(cat refusal)" >&2
  exit 9
}
"""


class Sessions(Case):
    """A test with a runtime directory of its own, so that it sees its own sandboxes alone."""

    def setUp(self):
        super().setUp()
        self.runtime = self.folder("runtime")
        os.chmod(self.runtime, 0o700)

    def environment(self, extra=None):
        return super().environment({"XDG_RUNTIME_DIR": self.runtime, **(extra or {})})

    def records(self):
        try:
            return sorted(os.listdir(os.path.join(self.runtime, "snug")))
        except FileNotFoundError:
            return []

    def begin(self, script=WAITING, name=None, profile=None, options=(), **more):
        """Starts a sandbox whose shell says "ready"; returns snug's Popen once `snug ps` knows it."""
        named = ["--name", name] if name else []
        before = self.started()
        process = self.start("sh", "-c", script, profile=profile, options=[*named, *options], env=self.environment(), **more)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        self.wait_until(lambda: self.started() - before, "snug ps lists the sandbox")
        return process

    def started(self):
        """Ids of those whose command runs; one with a name is listed before that."""
        return {sandbox["id"] for sandbox in self.listed() if sandbox["init_pid"]}

    def enter(self, script, name="web"):
        """Starts another command in a sandbox; returns its Popen once it has said "ready"."""
        run = subprocess.Popen([SNUG, "exec", name, "sh", "-c", script], cwd=self.project, env=self.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        def end():
            run.kill()
            run.wait()
            run.stdout.close()  # a command whose leader was killed may have it open still
            run.stderr.close()

        self.addCleanup(end)
        self.assertEqual(run.stdout.readline(), b"ready\n")
        return run

    def beside_an_inner_one(self, script):
        """Runs a script in a sandbox in which another one runs, "inner", with snug's process in $inner. It must succeed
        with nothing on stderr; returns its output."""
        shutil.copy(SNUG, os.path.join(self.project, "snug"))
        result = self.inside("sh", "-c", START_INNER + script, profile="nested = true\n")
        self.assert_status(result, 0)
        self.assertEqual(show(result.stderr), "", self.story(result))
        return show(result.stdout)

    def ids(self):
        result = self.snug("ps", "-q")
        self.assert_status(result, 0)
        return show(result.stdout).split()

    def listed(self):
        result = self.snug("ps", "--json")
        self.assert_status(result, 0)
        answer = json.loads(result.stdout)
        self.assertEqual(answer["schema"], 1)
        return answer["sandboxes"]

    def only(self):
        listed = self.listed()
        self.assertEqual(len(listed), 1, listed)
        return listed[0]


class Listing(Sessions):
    def test_nothing_runs(self):
        result = self.snug("ps")
        self.assert_status(result, 0)
        self.assertTrue(result.stdout.startswith(b"ID "))
        self.assertEqual(len(result.stdout.splitlines()), 1)
        self.assertEqual(self.listed(), [])

    def test_one(self):
        self.begin("sleep 599 & " + WAITING, name="web", options=["-p", "default"])
        one = self.only()
        self.assertEqual(one["name"], "web")
        self.assertEqual(one["profile"], "default")
        self.assertEqual(one["project"], os.path.realpath(self.project))
        self.assertEqual(one["command"], ["sh", "-c", "sleep 599 & " + WAITING])
        self.assertEqual(one["network"], "none")
        self.assertEqual(one["processes"], 2)
        self.assertGreater(one["memory"], 0)
        self.assertLess(abs(one["started"] - time.time()), 60)
        self.assertLessEqual(one["age"], 60)
        table = show(self.snug("ps").stdout).splitlines()
        self.assertRegex(table[1], r"^[0-9a-f]{8}  web +default +\S+ +sh -c 'sleep 599 .*\.\.\. +\d+s +[0-9.]+[KM] +2$")

    def test_by_a_part_of_the_id_or_the_name(self):
        self.begin(name="one")
        self.begin(name="two")
        first, second = self.ids()
        result = self.snug("ps", "-q", "one")
        self.assertEqual(show(result.stdout).split(), [first], self.story(result))
        result = self.snug("ps", "-q", second[:6])
        self.assertEqual(show(result.stdout).split(), [second], self.story(result))
        result = self.snug("ps", "tow")
        self.assert_status(result, 1)
        self.assertIn(b'did you mean "two"?', result.stderr)

    def test_a_command_line_may_hold_anything(self):
        script = "echo ready; exec sleep 600 # \x1b[31m\nid 0 \u009b31m \u202e"
        self.begin(script)
        self.assertEqual(self.only()["command"][2], script)
        for words in (["ps"], ["ps", "--json"], ["ps", self.only()["id"], "--json"]):
            out = show(self.snug(*words).stdout)
            for hostile in "\x1b\u009b\u202e":
                self.assertNotIn(hostile, out, words)

    def test_gone_with_its_end(self):
        process = self.begin()
        self.assertEqual(len(self.records()), 2)
        process.terminate()
        process.wait()
        self.assertEqual(self.records(), [])

    def test_a_killed_snug_leaves_no_lie(self):
        process = self.begin()
        process.kill()
        process.wait()
        self.assertEqual(len(self.records()), 2)
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.records(), [])

    def test_the_next_run_removes_what_a_killed_one_left(self):
        process = self.begin()
        process.kill()
        process.wait()
        self.begin()
        self.assertEqual(len(self.records()), 2)

    def test_a_short_run_makes_no_record(self):
        self.assert_status(self.inside("true"), 0)
        self.assertEqual(self.records(), [])

    def test_without_a_runtime_directory(self):
        for runtime in ("", "/nonexistent", "relative", "/tmp"):
            with self.subTest(runtime):
                env = self.environment({"XDG_RUNTIME_DIR": runtime})
                process = self.start("sh", "-c", WAITING, env=env)
                process.stdout.readline()
                self.wait_until(lambda: self.snug("ps", "-q", env=env).stdout, "snug ps lists the sandbox")
                self.assertEqual(len(self.ids()), 1, "a caller with a runtime directory sees it, too")
                process.kill()
                process.wait()

    def test_a_place_that_cannot_be_used_stops_nothing(self):
        self.write(os.path.join(self.runtime, "snug"), "no directory")
        process = self.start("sh", "-c", "sleep 0.3; echo done", env=self.environment())
        output, errors = process.communicate(timeout=20)
        self.assertEqual((process.returncode, output, errors), (0, b"done\n", b""))


class Names(Sessions):
    def test_one_at_a_time(self):
        process = self.begin(name="web")
        result = self.inside("true", options=["--name", "web"])
        self.assert_refused(result, 'a sandbox named "web" is running already', "snug exec web")
        process.kill()
        process.wait()
        self.assert_status(self.inside("true", options=["--name", "web"]), 0)

    def test_of_many_at_once_one_has_it(self):
        runs = [self.start("sh", "-c", "sleep 1", options=["--name", "web"], env=self.environment()) for _ in range(8)]
        statuses = sorted(run.wait(30) for run in runs)
        self.assertEqual(statuses, [0] + [125] * 7)
        self.assertEqual(self.records(), ["lock"])

    def test_words_that_are_no_names(self):
        for word in ("", "-x", "a b", "a/b", "../x", "x" * 64):
            self.assert_refused(self.inside("true", options=[f"--name={word}"] if word else ["--name", ""]), "--name")


class Killing(Sessions):
    def test_ends_and_waits(self):
        process = self.begin("trap 'echo ended; exit 3' TERM; echo ready; while :; do sleep 0.05; done", name="web")
        result = self.snug("kill", "web")
        self.assert_status(result, 0)
        self.assertEqual(process.wait(1), 3)
        self.assertEqual(process.stdout.read(), b"ended\n")

    def test_a_signal(self):
        process = self.begin("trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done")
        for word in ("usr1", "SIGUSR1"):
            if process.poll() is None:
                self.assert_status(self.snug("kill", "-s", word, self.ids()[0]), 0)
            self.assertEqual(process.wait(5), 5)

    def test_signals_without_names_of_their_own(self):
        script = "import signal, time\n" \
                 "for n in range(signal.SIGRTMIN, signal.SIGRTMAX + 1): signal.signal(n, lambda n, f: print(n, flush=True))\n" \
                 "print('ready', flush=True)\nwhile True: time.sleep(60)"
        process = self.begin(f'exec python3 -c "{script}"', name="web")
        first, last = int(signal.SIGRTMIN), int(signal.SIGRTMAX)
        for word, number in (("RTMIN", first), ("SIGRTMIN+3", first + 3), ("rtmax-1", last - 1), ("RTMAX", last), (str(first), first)):
            self.assert_status(self.snug("kill", "-s", word, "web"), 0)
            self.assertEqual(process.stdout.readline(), f"{number}\n".encode(), word)
        for word in ("RTMIN-1", "RTMAX+1", "RTMIN+31", "RTMIN+", "RTMIN3", "0", "65"):
            self.assert_status(self.snug("kill", "-s", word, "web"), 2)

    def test_kill_ends_everything(self):
        process = self.begin("trap '' TERM HUP; sleep 598 & echo ready; while :; do sleep 0.05; done", name="web")
        inside = children_of(process.pid)
        self.assert_status(self.snug("kill", "--signal=KILL", "web"), 0)
        self.assertEqual(process.wait(5), 137)
        for pid in inside:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_kill_works_where_snug_is_stopped(self):
        process = self.begin(name="web")
        inside = children_of(process.pid)
        os.kill(process.pid, signal.SIGSTOP)
        result = self.snug("kill", "web")
        self.assert_status(result, 1)
        self.assertIn(b"does not answer", result.stderr)
        self.assert_status(self.snug("kill", "-s", "KILL", "web"), 0)
        self.wait_until(lambda: all(self.ended(pid) for pid in inside), "everything inside ends")
        os.kill(process.pid, signal.SIGCONT)
        process.wait(5)

    def ended(self, pid):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                return file.read().rsplit(b")", 1)[1].split()[0] == b"Z"
        except OSError:
            return True

    def test_several_and_mistakes(self):
        one, two = self.begin(name="one"), self.begin(name="two")
        result = self.snug("kill", "one", "nobody", "two")
        self.assert_status(result, 1)
        self.assertIn(b'no running sandbox is called "nobody"', result.stderr)
        one.wait(5)
        two.wait(5)
        self.assert_status(self.snug("kill", "-s", "NOPE", "one"), 2)
        self.assert_status(self.snug("kill"), 2)

    def test_completion_names_them(self):
        self.begin(name="web")
        self.assertEqual(self.snug("complete", "--", "kill", "w").stdout, b"web\tsh -c 'echo ready; exec sleep 600'\n")


class Executing(Sessions):
    def exec(self, *words, **more):
        return self.snug("exec", "web", "--", *words, **more)

    def test_the_same_sandbox(self):
        self.begin("echo private >/tmp/mark; " + WAITING, name="web", profile="[environment]\nset = { MARK = \"1\" }\n")
        result = self.exec("sh", "-c", "cat /tmp/mark; echo $MARK; pwd; grep -E '^(NoNewPrivs|Seccomp|CapBnd|CapEff):' /proc/self/status")
        self.assert_status(result, 0)
        self.assertEqual(show(result.stdout), f"private\n1\n{os.path.realpath(self.project)}\nCapEff:\t{0:016x}\n"
                                              f"CapBnd:\t{0:016x}\nNoNewPrivs:\t1\nSeccomp:\t2\n")

    def test_the_same_namespaces_and_limits(self):
        mark = "for n in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done; ulimit -n"
        process = self.begin(f"({mark}) >ns; echo ready; exec sleep 600", name="web", options=["--set", "limits.rlimit.nofile=77"])
        result = self.exec("sh", "-c", mark)
        with open(os.path.join(self.project, "ns"), "rb") as file:
            self.assertEqual(result.stdout, file.read())
        self.assertEqual(result.stdout.splitlines()[-1], b"77")
        self.assertIsNone(process.poll())

    def test_one_landlock_domain(self):
        self.begin(name="web")
        self.assert_status(self.exec("sh", "-c", "kill -0 2"), 0)
        self.assert_status(self.exec("sh", "-c", "echo >/usr/x"), 2)

    def test_statuses(self):
        self.begin(name="web")
        for status in (0, 1, 255):
            self.assert_status(self.exec("sh", "-c", f"exit {status}"), status)
        self.assert_status(self.exec("sh", "-c", "kill -9 $$"), 137)
        self.assert_status(self.exec("/nonexistent"), 127)
        self.assert_status(self.exec("nonexistent"), 127)
        self.assert_status(self.exec("/etc/passwd"), 126)
        self.assert_refused(self.snug("exec", "--workdir", "/nonexistent", "web", "true"), "cannot change to the directory",
                            "needed by: option --workdir")
        self.assert_refused(self.snug("exec", "nobody", "true"), 'no running sandbox is called "nobody"')
        self.assert_refused(self.snug("exec"), "no sandbox given")

    def test_input_and_output(self):
        self.begin(name="web")
        result = self.exec("sh", "-c", "cat; echo error >&2", input=b"x" * 300_000)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"x" * 300_000, b"error\n"))
        path = self.write("output", "before\n")
        with open(path, "ab") as file:
            self.assert_status(self.exec("sh", "-c", "echo out; echo err >&2", stdout=file, stderr=file), 0)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"before\nout\nerr\n")
        with open(path, "rb") as file:
            self.assertEqual(self.exec("cat", stdin=file).stdout, b"before\nout\nerr\n")

    def test_a_directory_is_no_standard_input(self):
        self.begin(name="web")
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        self.assert_refused(self.exec("true", stdin=folder), "it is a directory")

    def test_no_other_descriptors(self):
        self.begin(name="web")
        kept = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, kept)
        self.assertEqual(self.exec("sh", "-c", "ls /proc/$$/fd; :", pass_fds=[kept]).stdout, b"0\n1\n2\n")

    def test_closed_descriptors_stay_closed(self):
        self.begin(name="web")
        result = subprocess.run(["sh", "-c", 'exec "$@" <&- 2>&-', "sh", SNUG, "exec", "web", "ls", "/proc/self/fd"],
                                cwd=self.project, env=self.environment(), stdout=subprocess.PIPE)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stdout, b"0\n1\n", "0 is the directory that ls reads")

    def test_where_the_current_directory_is_gone(self):
        self.begin(name="web")
        gone = os.path.join(self.project, "gone")
        os.mkdir(gone)
        script = 'cd "$1" && rmdir "$1"; "$2" exec web pwd; "$2" ps -q web; "$2" exec --workdir x web pwd; "$2" kill web'
        result = subprocess.run(["sh", "-c", script, "sh", gone, SNUG], env=self.environment(), capture_output=True, timeout=60)
        self.assert_status(result, 0)
        where, id = show(result.stdout).split()
        self.assertEqual(where, os.path.realpath(self.project))
        self.assertEqual(show(result.stderr).splitlines()[0], "snug: cannot tell the current directory: it no longer exists")

    def test_where_it_starts(self):
        os.mkdir(os.path.join(self.project, "below"))
        self.begin(name="web", options=["--workdir", "/tmp"])
        project = os.path.realpath(self.project)
        self.assertEqual(show(self.exec("pwd").stdout), project + "\n")
        self.assertEqual(show(self.exec("pwd", cwd=os.path.join(self.project, "below")).stdout), project + "/below\n")
        self.assertEqual(show(self.exec("pwd", cwd="/").stdout), "/tmp\n")
        self.assertEqual(show(self.snug("exec", "--workdir=/usr", "web", "pwd").stdout), "/usr\n")

    def test_many_at_once_and_one_after_the_other(self):
        process = self.begin(name="web")
        begun = len(os.listdir(f"/proc/{process.pid}/fd"))
        runs = [subprocess.Popen([SNUG, "exec", "web", "sh", "-c", f"sleep 0.2; exit {n}"], cwd=self.project,
                                 env=self.environment(), stdin=subprocess.DEVNULL) for n in range(12)]
        self.assertEqual([run.wait(60) for run in runs], list(range(12)))
        for _ in range(40):
            self.assert_status(self.exec("true"), 0)
        self.assertEqual(len(os.listdir(f"/proc/{process.pid}/fd")), begun)
        self.wait_until(lambda: self.only()["processes"] == 1, "every leader is gone")

    def test_signals_reach_the_command(self):
        self.begin(name="web")
        run = self.enter("trap 'exit 8' TERM; echo ready; while :; do sleep 0.05; done")
        run.terminate()
        self.assertEqual(run.wait(10), 8)

    def test_killed_it_takes_its_command_along(self):
        self.begin(name="web")
        run = self.enter(WAITING)
        self.assertEqual(self.only()["processes"], 3)
        run.kill()
        self.wait_until(lambda: self.only()["processes"] == 1, "both are gone")

    def test_ends_with_the_sandbox(self):
        self.begin(name="web")
        run = self.enter(WAITING)
        self.assert_status(self.snug("kill", "web"), 0)
        self.assertIn(b"the sandbox ended", run.communicate(timeout=10)[1])
        self.assertEqual(run.returncode, 137)

    def test_what_it_leaves_behind_lives_on(self):
        self.begin(name="web")
        self.assert_status(self.exec("sh", "-c", "setsid sleep 596 >/dev/null 2>&1 </dev/null &"), 0)
        self.wait_until(lambda: self.only()["processes"] == 2, "its leader is gone")
        time.sleep(0.1)
        self.assertEqual(self.only()["processes"], 2)

    def test_a_killed_leader_is_told(self):
        self.begin(name="web")
        run = self.enter(WAITING)
        self.assert_status(self.exec("sh", "-c", "kill -9 3"), 0)
        self.assertEqual(run.wait(10), 137)

    def test_under_the_strict_filter(self):
        self.begin(name="web", options=["--set", "seccomp.policy=strict"])
        self.assert_status(self.exec("sh", "-c", "exit 3"), 3)

    def test_where_the_filter_forbids_what_it_takes(self):
        process = self.begin(name="web", options=["--set", 'seccomp.deny=["recvmsg"]'])
        self.assert_refused(self.exec("true"), "did not let the command in")
        process.terminate()
        self.assertEqual(process.wait(5), 143)

    def test_a_long_command_line(self):
        self.begin(name="web")
        self.assertEqual(self.exec("echo", "x" * 100_000).stdout, b"x" * 100_000 + b"\n")
        self.assert_refused(self.exec("echo", *["x" * 1000] * 400), "the command line is longer than 160 KiB", "fix: ")


class Details(Sessions):
    def test_everything_about_one(self):
        serving = "import socket, time; s = socket.create_server(('127.0.0.1', 8123)); print('ready', flush=True); time.sleep(600)"
        self.begin(f'python3 -c "{serving}"; :', name="web")
        one = json.loads(self.snug("ps", "web", "--json").stdout)
        self.assertEqual((one["schema"], one["name"]), (1, "web"))
        self.assertEqual(one["listening"], ["127.0.0.1:8123"])
        self.assertEqual([process["inside_pid"] for process in one["processes"]], [2, 3])
        self.assertEqual(one["processes"][0]["command"][:2], ["sh", "-c"])
        self.assertEqual(one["processes"][1]["parent"], one["processes"][0]["pid"])
        inside = show(self.snug("exec", "web", "--", "sh", "-c", "readlink /proc/self/ns/*").stdout).split()
        numbers = {word.split(":")[0]: int(word.split("[")[1][:-1]) for word in inside}
        for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"):
            self.assertEqual(one["namespaces"][kind], numbers[kind])
        planned = json.loads(self.snug("plan", "--json", "--", *one["command"]).stdout)
        self.assertEqual(one["plan"]["view"], planned["view"])

    def test_what_leads_another_command_has_a_name(self):
        self.begin(name="web")
        self.enter(WAITING)
        one = json.loads(self.snug("ps", "web", "--json").stdout)
        self.assertEqual([process["command"] for process in one["processes"]][1], ["snug-init"])

    def test_datagrams_changes_and_limits_of_one(self):
        serving = ("import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('127.0.0.1', 8124)); "
                   "open('made', 'w').write('12345'); print('ready', flush=True); time.sleep(600)")
        captured = os.geteuid() != 0  # as root the host's files come by idmapped mounts, which no overlay takes
        overlay = ["--project", "overlay", "--set", "limits.disk=1G"] if captured else []
        self.begin(f'python3 -c "{serving}"; :', name="web",
                   options=[*overlay, "--memory", "1G", "--processes", "50", "--timeout", "1h", "--set", "limits.cpus=2"])
        one = json.loads(self.snug("ps", "web", "--json").stdout)
        self.assertIn("127.0.0.1:8124", one["listening_udp"])  # beside the sandbox's name service
        self.assertEqual(one["changes"], {"count": 1, "bytes": 5, "complete": True} if captured else None)
        limits = one["limits"]
        planned = one["plan"]["limits"]
        for name in ("memory", "processes", "cpus"):
            self.assertEqual((limits[name]["limit"], limits[name]["by"]), (planned[name]["value"], planned[name]["by"]))
        self.assertEqual(limits["processes"]["used"], 2)
        self.assertGreater(limits["memory"]["used"], 100_000)
        self.assertLess(limits["memory"]["used"], 1 << 30)
        if captured:
            self.assertEqual(limits["disk"], {"limit": 1 << 30, "by": "snug", "used": 5})
        self.assertEqual(limits["timeout"]["limit"], 3_600_000)
        self.assertLess(limits["timeout"]["used"], 600_000)

    def test_one_without_limits_and_capture(self):
        self.begin(name="web")
        one = json.loads(self.snug("ps", "web", "--json").stdout)
        self.assertEqual((one["limits"], one["changes"]), ({}, None))
        self.assertLessEqual(set(one["listening_udp"]), {"127.0.0.1:53"})

    def test_one_whose_snug_is_stopped(self):
        process = self.begin(name="web")
        os.kill(process.pid, signal.SIGSTOP)
        result = self.snug("ps", "web", "--json")
        self.assertIsNone(json.loads(result.stdout)["plan"])
        self.assertIn(b"does not answer", result.stderr)

    def status_lines(self, *words, options=()):
        ours, theirs = os.pipe()
        result = self.snug("run", f"--status-fd={theirs}", *options, "--", *words, pass_fds=[theirs])
        os.close(theirs)
        with os.fdopen(ours, "rb") as file:
            return result, [json.loads(line) for line in file]

    def test_start_and_end_are_told(self):
        result, lines = self.status_lines("sh", "-c", "ls /proc/$$/fd; exit 3", options=["--name", "web"])
        self.assertEqual(result.stdout, b"0\n1\n2\n")
        self.assertEqual([line["event"] for line in lines], ["started", "ended"])
        self.assertEqual((lines[0]["name"], lines[0]["schema"]), ("web", 1))
        self.assertEqual((lines[1]["status"], lines[1]["signal"], lines[1]["timed_out"]), (3, None, False))

    def test_the_end_alone_where_nothing_ran(self):
        for words, options, status in ((["true"], ["--set", "nonsense=1"], 125), (["nonexistent"], [], 127)):
            lines = self.status_lines(*words, options=options)[1]
            self.assertEqual([(line["event"], line["status"]) for line in lines], [("ended", status)])

    def test_a_descriptor_that_cannot_be_used(self):
        for word in ("77", "x", "-1", ""):
            self.assert_refused(self.snug("run", "--status-fd", word, "--", "true"), "--status-fd")

    def ask(self, kind, *words):
        """Asks the snug around the only sandbox as a program of its own would; (done, text)."""
        path, = [name for name in self.records() if name.endswith(".sock")]
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(10)
            connection.connect(os.path.join(self.runtime, "snug", path))
            proof = os.open("/proc/self/ns/user", os.O_RDONLY)
            data = struct.pack("III", 1, kind, len(words)) + b"".join(word.encode() + b"\0" for word in words)
            socket.send_fds(connection, [data], [proof])
            os.close(proof)
            head, fds, _, _ = socket.recv_fds(connection, 16, 4)
        text = b""
        for fd in fds:
            text = os.pread(fd, 65536, 0)
            os.close(fd)
        return struct.unpack("I", head)[0] == 1, text.decode()

    ALLOW, PUBLISH, UNKNOWN = 4, 5, 99

    def test_a_port_is_published_while_it_runs(self):
        serving = ("import socket; s = socket.create_server(('127.0.0.1', 8123)); print('ready', flush=True)\n"
                   "while True: s.accept()[0].sendall(b'hello')")
        self.begin(f'exec python3 -c "{serving}"')
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.assertEqual(self.ask(self.PUBLISH, f"{port}:8123"), (True, ""))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            self.assertEqual(connection.recv(16), b"hello")
        done, text = self.ask(self.PUBLISH, "nonsense")
        self.assertFalse(done)
        self.assertIn("nonsense", text)

    def test_a_rule_where_the_network_is_not_filtered(self):
        self.begin()
        done, text = self.ask(self.ALLOW, "example.com")
        self.assertFalse(done)
        self.assertNotEqual(text, "")

    def test_a_rule_is_taken_while_it_runs(self):
        self.begin(options=["--net", "filtered", "--allow", "example.org"])
        self.assertEqual(self.ask(self.ALLOW, "example.com", "*.example.net:22"), (True, ""))
        done, text = self.ask(self.ALLOW, "not a host!")
        self.assertFalse(done)

    def test_what_it_does_not_know(self):
        self.begin()
        self.assertFalse(self.ask(self.UNKNOWN)[0])
