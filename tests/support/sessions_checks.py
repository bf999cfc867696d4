"""Running sandboxes seen from outside: what the tests of ps, exec, kill and the like share."""
import json
import os
import signal
import subprocess
import time

from snugtest import SNUG, Case, children_of, show

WAITING = "echo ready; exec sleep 600"


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
        before = set(self.ids())
        process = self.start("sh", "-c", script, profile=profile, options=[*named, *options], env=self.environment(), **more)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        self.wait_until(lambda: set(self.ids()) - before, "snug ps lists the sandbox")
        return process

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
        self.begin("echo ready; exec sleep 600 # \x1b[31m\nid 0")
        self.assertEqual(self.only()["command"][2], "echo ready; exec sleep 600 # \x1b[31m\nid 0")
        self.assertNotIn(b"\x1b", self.snug("ps").stdout)

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
