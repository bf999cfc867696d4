"""`snug run --detach`, and `logs`, `attach` and `wait`, as the tests of an ordinary user and those of root ask about them."""
import json
import os
import shutil
import signal
import subprocess

import snugtest
from sessions_checks import WAITING, Sessions
from snugtest import HOME, PROBE, SNUG, STATE, Terminal, children_of, processes_with, show

# Root's commands run under another id, for which nothing can be captured.
AS_ITSELF = ["--user", "host-root"] if os.geteuid() == 0 else []
KEPT = os.path.join(STATE, "detached")


class DetachedSessions(Sessions):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.end_all)

    def end_all(self):
        for sandbox in self.listed():
            self.snug("kill", "-s", "KILL", sandbox["id"])

    def detach(self, *command, options=(), **more):
        """Starts it; returns its id."""
        result = self.snug("run", "--detach", *options, "--", *command, **more)
        self.assert_status(result, 0)
        self.assertRegex(show(result.stdout), r"^[0-9a-f]{8}\n$")
        return show(result.stdout).strip()

    def wait(self, name, status):
        self.assert_status(self.snug("wait", name), status)

    def logs(self, name, *options):
        result = self.snug("logs", *options, name)
        self.assert_status(result, 0)
        return show(result.stdout)

    def on_terminal(self, *words):
        terminal = Terminal([SNUG, *words], self.project, env=self.environment({"TERM": "xterm"}))
        self.addCleanup(terminal.close)
        return terminal

    def detach_on_terminal(self, name, *command):
        """One whose command has a terminal."""
        starting = self.on_terminal("run", "--detach", "--name", name, "--", *command)
        starting.expect(r"[0-9a-f]{8}\r\n")
        self.assertEqual(starting.status(), 0)

    def attach(self, name, *options):
        terminal = self.on_terminal("attach", *options, name)
        before = terminal.modes()[3]
        self.wait_until(lambda: terminal.read_some(0) or terminal.modes()[3] != before, "the terminal is in raw mode", 60)
        return terminal

    def record_of(self, name):
        return next(one for one in self.listed() if name in (one["name"], one["id"]))


class Starting(DetachedSessions):
    def test_it_goes_on_without_its_caller(self):
        id = self.detach("sh", "-c", WAITING, options=["--name", "web"])
        one = self.only()
        self.assertEqual((one["id"], one["name"], one["detached"], one["running"]), (id, "web", True, True))
        with open(f"/proc/{one['pid']}/stat", "rb") as file:
            parent, _, session = file.read().rsplit(b")", 1)[1].split()[1:4]
        self.assertNotEqual(int(parent), os.getpid())
        self.assertEqual(int(session), one["pid"], "a session of its own")
        self.assert_status(self.snug("exec", "web", "true"), 0)
        self.assert_status(self.snug("kill", "web"), 0)
        self.wait("web", 143)

    def test_nothing_of_the_callers_stays_open(self):
        ours, theirs = os.pipe()
        id = self.detach("sh", "-c", WAITING, pass_fds=[theirs])
        os.close(theirs)
        self.assertEqual(os.read(ours, 1), b"", "the pipe is closed")
        os.close(ours)
        links = {os.readlink(f"/proc/{self.record_of(id)['pid']}/fd/{n}") for n in (0, 1)}
        self.assertEqual(links, {"/dev/null"})

    def test_its_input_is_empty(self):
        self.wait(self.detach("sh", "-c", "test -z \"$(cat)\"", input=b"not this"), 0)

    def test_what_cannot_start_says_why(self):
        for words, status in ((["nonexistent"], 127), (["/etc/passwd"], 126), (["--net=bogus", "true"], 125)):
            result = self.snug("run", "--detach", *words)
            self.assert_status(result, status)
            self.assertEqual(result.stdout, b"")
            self.assertIn(b"snug: ", result.stderr)
        self.detach("sh", "-c", WAITING, options=["--name", "web"])
        self.assert_refused(self.snug("run", "-d", "--name", "web", "true"), 'a sandbox named "web" is running already')
        self.assert_refused(self.snug("run", "--name", "web", "true"), 'a sandbox named "web" is running already')
        self.assertEqual(len(self.listed()), 1)

    def test_a_name_in_use_by_one_that_is_not_detached(self):
        self.begin(name="web")
        self.assert_refused(self.snug("run", "-d", "--name", "web", "true"), 'a sandbox named "web" is running already')

    def test_what_did_not_start_is_not_kept(self):
        before = set(os.listdir(KEPT)) if os.path.exists(KEPT) else set()
        self.assert_status(self.snug("run", "-d", "nonexistent"), 127)
        self.assertLessEqual(set(os.listdir(KEPT)), before)  # old ones may go

    def test_whoever_gave_up_waiting_gets_no_sandbox(self):
        # The set-up takes as long as a look through a project: the caller is gone before it is over.
        run = subprocess.Popen([SNUG, "run", "--detach", "--", "sh", "-c", WAITING + " # abandoned-run"], cwd=self.project,
                               env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        run.kill()
        run.communicate(timeout=10)
        self.wait_until(lambda: not processes_with("abandoned-run") and not [p for p in processes_with("--detach")
                                                                             if p in children_of(1)],
                        "nothing of it is left")

    def test_a_short_one_is_over_at_once(self):
        self.wait(self.detach("sh", "-c", "exit 5"), 5)

    def test_status_lines(self):
        ours, theirs = os.pipe()
        id = self.detach("sh", "-c", "exit 6", options=[f"--status-fd={theirs}"], pass_fds=[theirs])
        os.close(theirs)
        with os.fdopen(ours, "rb") as file:
            started, ended = [json.loads(line) for line in file]
        self.assertEqual((started["id"], ended["status"]), (id, 6))

    def test_without_a_runtime_directory_it_is_the_same(self):
        id = self.detach("sh", "-c", WAITING, env={"XDG_RUNTIME_DIR": ""})
        self.assertIn(id, self.ids())

    def test_a_state_directory_that_cannot_be_written_is_said(self):
        state = self.write(os.path.join(self.folder("place"), "state"), "in the way\n")
        result = self.snug("run", "-d", "--set", "filesystem.home=none", "true", env={"XDG_STATE_HOME": state})
        self.assert_refused(result, "cannot make ")


class Logs(DetachedSessions):
    def test_by_stream_in_order(self):
        id = self.detach("sh", "-c", "echo one; echo two >&2; echo three")
        self.wait(id, 0)
        result = self.snug("logs", id)
        self.assertEqual((result.stdout, result.stderr), (b"one\nthree\n", b"two\n"))

    def test_followed_to_the_end(self):
        id = self.detach("sh", "-c", "for i in $(seq 300); do echo $i; sleep 0.005; done; exit 2")
        self.assertEqual(self.logs(id, "--follow"), "".join(f"{i}\n" for i in range(1, 301)))
        self.wait(id, 2)

    def test_the_last_lines(self):
        id = self.detach("sh", "-c", "for i in $(seq 300); do echo $i; done; printf end")
        self.wait(id, 0)
        self.assertEqual(self.logs(id, "-n", "3"), "299\n300\nend")
        self.assertEqual(self.logs(id, "-n0"), "")
        self.assertEqual(self.logs(id, "--tail=1000"), "".join(f"{i}\n" for i in range(1, 301)) + "end")
        self.assert_status(self.snug("logs", "-n", "x", id), 2)

    def test_bounded(self):
        id = self.detach("sh", "-c", "head -c 60000000 /dev/zero | tr '\\0' x; echo; echo LAST")
        self.wait(id, 0)
        folder = os.path.join(KEPT, id)
        self.assertLessEqual(sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)), 16 << 20 | 4096)
        output = self.logs(id)
        self.assertTrue(output.endswith("x\nLAST\n"))
        self.assertGreater(len(output), 8 << 20)

    def test_what_snug_says_is_there(self):
        id = self.detach("sh", "-c", "getent hosts blocked.example; exit 4",
                         options=["--net", "filtered"])
        self.wait(id, 4)
        self.assertIn(b"snug: blocked blocked.example ", self.snug("logs", id).stderr)

    def test_only_snugs_own_words_pass_for_its(self):
        forged = "\\003\\0\\0\\0\\006\\0\\0\\0snug: "
        id = self.detach("sh", "-c", f"printf '{forged}'")
        self.wait(id, 0)
        result = self.snug("logs", id)
        self.assertEqual((len(result.stdout), result.stderr), (14, b""))

    def test_private(self):
        os.umask(0)
        id = self.detach("true")
        self.wait(id, 0)
        folder = os.path.join(KEPT, id)
        for path in (KEPT, folder, *(os.path.join(folder, name) for name in os.listdir(folder))):
            self.assertEqual(os.stat(path).st_mode & 0o77, 0, path)

    def test_of_one_that_is_not_detached(self):
        self.begin(name="web")
        for command in ("logs", "attach", "wait"):
            result = self.snug(command, "web")
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(b'sandbox "web" is not detached', result.stderr)
            self.assertIn(b"no detached sandbox is called", self.snug(command, "nobody").stderr)


class Ending(DetachedSessions):
    def test_waited_for_before_and_after(self):
        id = self.detach("sh", "-c", "sleep 0.5; exit 7", options=["--name", "job"])
        waits = [subprocess.Popen([SNUG, "wait", "job"], cwd=self.project, env=self.environment()) for _ in range(3)]
        self.assertEqual([wait.wait(30) for wait in waits], [7, 7, 7])
        self.wait("job", 7)
        self.wait(id[:5], 7)

    def test_the_last_of_a_name_is_meant(self):
        for status in (1, 2):
            self.wait(self.detach("sh", "-c", f"exit {status}", options=["--name", "job"]), status)
        self.wait("job", 2)

    def test_a_killed_snug_leaves_no_lie(self):
        id = self.detach("sh", "-c", "echo said; echo ready; exec sleep 593", options=["--name", "web"])
        waiting = subprocess.Popen([SNUG, "wait", "web"], cwd=self.project, env=self.environment(), stderr=subprocess.PIPE)
        os.kill(self.record_of(id)["pid"], signal.SIGKILL)
        self.assertIn(b"was killed", waiting.communicate(timeout=10)[1])
        self.assertEqual(waiting.returncode, 137)
        self.wait_until(lambda: not processes_with("593"), "everything inside is gone")
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.logs(id), "said\nready\n")
        self.assertIn("killed\n", show(self.snug("ps", "--all").stdout))

    def test_timed_out(self):
        id = self.detach("sleep", "60", options=["--timeout", "300ms"])
        self.wait(id, 124)
        self.assertIn(b"timed out", self.snug("logs", id).stderr)

    def test_a_capture_is_kept_without_a_question(self):
        id = self.detach("sh", "-c", "echo x >made", options=["--project", "overlay", *AS_ITSELF])
        self.wait(id, 0)
        self.assertFalse(os.path.exists(os.path.join(self.project, "made")))
        self.assertIn(b"made", self.snug("diff", "--name-only").stdout)
        self.assert_status(self.snug("discard", "--yes"), 0)

    def test_listed_and_cleaned(self):
        id = self.detach("sh", "-c", "exit 3", options=["--name", "job"])
        self.wait(id, 3)
        self.assertEqual(self.ids(), [])
        every = {one["id"]: one for one in json.loads(self.snug("ps", "-a", "--json").stdout)["sandboxes"]}
        self.assertEqual((every[id]["running"], every[id]["end"]["status"], every[id]["pid"]), (False, 3, None))
        lasting = self.detach("sh", "-c", WAITING)
        self.assert_status(self.snug("clean", "--yes", "logs"), 0)
        self.assertEqual(os.listdir(KEPT), [lasting])
        self.assert_status(self.snug("wait", id), 125)
        self.assertEqual(self.logs(lasting), "ready\n")

    def test_one_that_has_ended_is_shown_and_named(self):
        id = self.detach("sh", "-c", "exit 3", options=["--name", "job"])
        self.wait(id, 3)
        for word in ("job", id[:6]):
            one = json.loads(self.snug("ps", "--all", "--json", word).stdout)
            self.assertEqual((one["schema"], one["id"], one["running"], one["end"]["status"]), (1, id, False, 3))
            self.assertIn("ended 3", show(self.snug("ps", "-a", word).stdout))
        for words in (["ps", "job"], ["exec", "job", "true"], ["kill", "job"]):
            result = self.snug(*words)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(b"snug: sandbox job has ended\n  fix: snug logs job", result.stderr)
        result = self.snug("ps", "-a", "nobody")
        self.assert_status(result, 1)
        self.assertIn(b'no running sandbox is called "nobody"', result.stderr)

    def test_of_several_that_begin_alike_the_ids_are_named(self):
        ids = [self.detach("sh", "-c", WAITING, options=["--name", f"n{n}"]) for n in range(17)]
        first = next(id[0] for n, id in enumerate(ids) if id[0] in {other[0] for other in ids[n + 1:]})
        for command in ("kill", "logs", "wait", "attach"):
            result = self.snug(command, first)
            self.assertRegex(show(result.stderr), f'several sandboxes have an id that begins with "{first}": '
                                                  rf'{first}[0-9a-f]{{7}} \(n\d+\), .*\n  fix: give more of the id')

    def test_completed(self):
        self.wait(self.detach("sleep", "0.01", options=["--name", "job"]), 0)
        self.assertEqual(self.snug("complete", "--", "logs", "jo").stdout, b"job\tsleep 0.01\n")


class Attaching(DetachedSessions):
    def test_keys_size_and_leaving(self):
        self.detach_on_terminal("web", "sh", "-c", "stty size; trap 'stty size' WINCH; while :; do read x && echo got-$x; done")
        terminal = self.attach("web")
        before = terminal.modes()
        terminal.line("hello")
        terminal.expect("got-hello")
        terminal.resize(41, 83)
        terminal.expect("41 83")
        terminal.send("\x1c")
        terminal.expect("detached; it goes on: snug attach web")
        self.assertEqual(terminal.status(), 0)
        self.assertNotEqual(terminal.modes(), before)
        self.assertEqual(len(self.listed()), 1)
        self.assertIn("got-hello", self.logs("web"))

    def test_several_at_a_time(self):
        self.detach_on_terminal("web", "sh", "-c", "while :; do read x && echo got-$x; done")
        one, two = self.attach("web"), self.attach("web")
        one.line("first")
        two.expect("got-first")
        two.line("second")
        one.expect("got-second")
        two.send("\x1c")
        self.assertEqual(two.status(), 0)
        one.line("third")
        one.expect("got-third")

    def test_to_the_end(self):
        self.detach_on_terminal("web", "sh", "-c", "read x; printf '\\033[?1049h\\033[?2004h'; exit 9")
        terminal = self.attach("web")
        before = terminal.modes()[3]
        terminal.line("x")
        terminal.expect(r"\x1b\[\?1049l\x1b\[\?2004l")
        self.assertEqual(terminal.status(), 9)
        self.assertNotEqual(terminal.modes()[3], before)

    def test_a_shell_with_job_control(self):
        self.detach_on_terminal("web", "bash", "--norc", "-i")
        terminal = self.attach("web")
        terminal.line("echo here-$((1+1))")
        terminal.expect("here-2")
        terminal.line("sleep 592")
        self.wait_until(lambda: processes_with("592"), "it sleeps")
        terminal.send("\x1a")
        terminal.expect("Stopped")
        terminal.line("kill -9 %1; sleep 0.3; exit 4")
        self.assertEqual(terminal.status(), 4)

    def test_the_key_in_its_other_forms_and_another_key(self):
        self.detach_on_terminal("web", "sh", "-c", "while :; do read x; done")
        for typed, options in (("\x1b[92;5u", []), ("\x1b[27;5;92~", []), ("\x1d", ["--detach-key", "ctrl-]"])):
            terminal = self.attach("web", *options)
            terminal.send(typed)
            self.assertEqual(terminal.status(), 0, typed)
        self.assert_refused(self.snug("attach", "--detach-key", "x", "web"), "--detach-key")

    def test_its_end_or_death_leaves_the_command_alone(self):
        self.detach_on_terminal("web", "sh", "-c", "while :; do read x && echo got-$x; done")
        terminal = self.attach("web")
        terminal.close()
        terminal = self.attach("web")
        terminal.line("again")
        terminal.expect("got-again")

    def test_without_a_terminal_here(self):
        self.detach_on_terminal("web", "sh", "-c", "stty -echo; echo ready; while read x; do echo got-$x; done; exit 3")
        self.wait_until(lambda: "ready" in self.logs("web"), "it does not echo")
        result = self.snug("attach", "web", input=b"one\ntwo\n\x04")
        self.assert_status(result, 3)
        self.assertEqual(result.stdout.replace(b"\r", b""), b"got-one\ngot-two\n")

    def test_without_a_terminal_there(self):
        id = self.detach("sh", "-c", "sleep 0.7; echo out; echo err >&2; exit 5")
        result = self.snug("attach", id)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (5, b"out\n", b"err\n"))
        self.assert_refused(self.snug("attach", id), "has ended")

    def test_one_who_does_not_read_holds_nobody_up(self):
        self.detach_on_terminal("web", "sh", "-c", "read x; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo DONE; read x")
        slow = self.attach("web")
        slow.line("go")  # and never reads again
        self.wait_until(lambda: "DONE" in self.logs("web", "-n", "2"), "the command is done", 60)

    def test_more_keys_than_are_read(self):
        self.detach_on_terminal("web", "sh", "-c", "stty raw -echo; echo ready; sleep 0.5; head -c 300000 | wc -c; sleep 0.2")
        self.wait_until(lambda: "ready" in self.logs("web"), "it is ready")
        result = self.snug("attach", "web", input=b"x" * 300_000)
        self.assert_status(result, 0)
        self.assertIn(b"300000", result.stdout)

    def test_many(self):
        self.detach_on_terminal("web", "sh", "-c", "while :; do read x; done")
        ours = [self.attach("web") for _ in range(16)]
        one_more = self.on_terminal("attach", "web")
        one_more.expect("16 are attached to this sandbox already")
        self.assertEqual(one_more.status(), 125)
        for terminal in ours:
            terminal.close()
        self.wait_until(lambda: len(os.listdir(f"/proc/{self.only()['pid']}/fd")) < 40, "their places are free")
        self.attach("web").line("x")

    def test_one_that_was_stopped_goes_on(self):
        self.detach_on_terminal("web", "sh", "-c", "read x; echo got-$x; sleep 591")
        self.assert_status(self.snug("kill", "-s", "STOP", "web"), 0)
        terminal = self.attach("web")
        terminal.line("on")
        terminal.expect("got-on")


class FromInside(DetachedSessions):
    """The command inside has the same user: it must reach nothing of what belongs to detached runs."""

    PLACES = ("detached", "running")

    def look(self, path):
        return f"ls {path} 2>/dev/null; cat {path}/* {path}/*/log 2>/dev/null; echo looked"

    def test_logs_and_sockets_are_not_there(self):
        id = self.detach("sh", "-c", "echo a-secret-line; " + WAITING, options=["--name", "web"])
        control = subprocess.run(["sh", "-c", self.look(KEPT)], capture_output=True)
        self.assertIn(b"a-secret-line", control.stdout)
        for profile in (None, f'[filesystem]\nhome = "none"\nread = [{json.dumps(os.path.join(HOME, ".local"))}]\n',
                        f'[filesystem]\nhome = "none"\nread = [{json.dumps(HOME)}]\n'):
            for place in self.PLACES:
                result = self.inside("sh", "-c", self.look(os.path.join(STATE, place)), profile=profile)
                if result.returncode == 125:
                    continue  # refused as a whole
                self.assertEqual(show(result.stdout), "looked\n", self.story(result))
        self.assertIn(id, self.ids())

    def test_nor_in_a_sandbox_that_began_before_there_were_any(self):
        places = [os.path.join(STATE, name) for name in self.PLACES]
        for place in places:
            shutil.rmtree(place, ignore_errors=True)
        look = "; ".join(self.look(place) for place in places)
        early = self.start("sh", "-c", f"echo ready; read go; {look}; exec sleep 600",
                           options=["--home", "none", "--read", HOME, "--name", "early"],
                           env=self.environment({"XDG_RUNTIME_DIR": ""}))
        self.assertEqual(early.stdout.readline(), b"ready\n")
        id = self.detach("sh", "-c", "echo a-secret-line; " + WAITING, options=["--name", "web"])
        self.wait_until(lambda: "a-secret-line" in self.logs(id), "it has said so")
        early.stdin.write(b"go\n")
        early.stdin.flush()
        self.assertEqual(early.stdout.readline() + early.stdout.readline(), b"looked\nlooked\n")

    def test_its_own_sandbox_cannot_ask_for_the_socket(self):
        """Were the socket shown inside by mistake: it is the asker's namespace that decides."""
        self.detach("sh", "-c", WAITING, options=["--name", "web"])
        place = os.path.join(STATE, "running")
        socket = next(name for name in os.listdir(place) if name.endswith(".sock"))
        asking = ("import socket, struct, os, sys\n"
                  "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(10)\n"
                  "s.connect(sys.argv[1])\n"
                  "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                  "fds = [os.open('/proc/self/ns/user', os.O_RDONLY), b.fileno()]\n"
                  "socket.send_fds(s, [struct.pack('III', 1, 8, 0)], fds)\n"
                  "print('answer', len(s.recv(100)))")
        script = self.write("ask.py", asking)
        outside = subprocess.run(["python3", script, os.path.join(place, socket)], capture_output=True)
        self.assertEqual(outside.stdout, b"answer 4\n", outside.stderr)  # refused with words: it has no terminal
        inside = subprocess.run(["unshare", "-Ur", "python3", script, os.path.join(place, socket)], capture_output=True)
        self.assertNotIn(b"answer 4", inside.stdout)

    def test_another_user_reaches_nothing(self):
        id = self.detach("sh", "-c", "echo a-secret-line; " + WAITING, options=["--name", "web"])
        snugtest.need(os.geteuid() == 0 or subprocess.run(["unshare", "-Ur", "true"]).returncode == 0, "user namespaces")
        for path in (KEPT, os.path.join(STATE, "running")):
            mode = os.stat(path)
            self.assertEqual((mode.st_uid, mode.st_mode & 0o7777), (os.getuid(), 0o700))
        self.assertIn(id, self.ids())
