"""`snug exec`: other commands in a sandbox that runs."""
import time

import snugtest
from sessions_checks import Executing, Sessions  # noqa: F401  (test cases)
from snugtest import SNUG, Terminal


class OnATerminal(Sessions):
    def terminal(self, *words, **more):
        terminal = Terminal([SNUG, *words], self.project, env=self.environment({"TERM": "xterm"}), **more)
        self.addCleanup(terminal.close)
        return terminal

    def test_a_list_that_is_watched_follows(self):
        terminal = self.terminal("ps", "--watch")
        terminal.expect("COMMAND")
        process = self.begin(name="watched")
        terminal.expect("watched", 30)
        process.terminate()
        process.wait(30)
        for _ in range(2):  # one may have been on its way
            terminal.expect("COMMAND", 30)
        terminal.send("\x03")
        self.assertNotIn(b"watched", terminal.seen)

    def test_a_list_that_is_watched_fits_the_terminal(self):
        for name in "abcdefgh":
            self.begin("echo ready; exec sleep 600 # " + "x" * 100, name=name)
        terminal = self.terminal("ps", "--watch", rows=6, columns=90)
        terminal.expect(r"\.\.\. and 5 more\x1b\[K\r\n\x1b\[J")
        terminal.resize(30, 60)
        terminal.expect(r"\x1b\[HID [^\n]*\n([^\n]*\n){8}\x1b\[J", 30)
        for line in terminal.seen.split(b"\r\n"):
            self.assertLessEqual(len(line.replace(b"\x1b[H", b"").replace(b"\x1b[J", b"").replace(b"\x1b[K", b"")), 60)
        terminal.send("\x03")
        self.assertEqual(terminal.status(), 130)

    def test_one_is_watched_until_it_is_gone(self):
        process = self.begin(name="web")
        self.begin(name="other")
        terminal = self.terminal("ps", "--watch", "web")
        terminal.expect(" web ")
        process.terminate()
        self.assertEqual(terminal.status(30), 0)
        self.assertNotIn(b"other", terminal.seen)
        for other in ("--json", "-q"):
            result = self.snug("ps", "--watch", other)
            self.assertEqual((result.returncode, result.stdout), (2, b""))

    def test_its_own_of_the_sandboxs_devpts(self):
        self.begin(name="web")
        terminal = self.terminal("exec", "web", "--", "sh", "-c", "tty; stty size; echo TERM=$TERM; ps -o tty= -p $$", rows=33,
                                 columns=77)
        terminal.expect(r"/dev/pts/\d+\r\n33 77\r\nTERM=xterm\r\npts/\d+")
        self.assertEqual(terminal.status(), 0)

    def test_keys_and_resizing(self):
        self.begin(name="web")
        terminal = self.terminal("exec", "web", "--", "sh", "-c",
                                 "trap 'stty size; exit 9' WINCH; trap 'echo interrupted' INT; echo go; while :; do sleep 0.05; done")
        terminal.expect("go")
        terminal.send("\x03")
        terminal.expect("interrupted")
        terminal.resize(41, 83)
        terminal.expect("41 83")
        self.assertEqual(terminal.status(), 9)

    def test_a_shell_with_job_control(self):
        self.begin(name="web")
        terminal = self.terminal("exec", "web")
        terminal.expect(r"\$ ")
        terminal.line("sleep 595")
        time.sleep(0.3)
        terminal.send("\x1a")
        terminal.expect("Stopped")
        terminal.line("kill %1; sleep 0.3; echo done-$((1+1)); exit 4")
        terminal.expect("done-2")
        self.assertEqual(terminal.status(), 4)

    def test_modes_are_put_back_when_the_sandbox_ends(self):
        self.begin(name="web")
        terminal = self.terminal("exec", "web", "--", "cat")
        before = terminal.modes()
        self.wait_until(lambda: terminal.modes()[3] != before[3], "the terminal is in raw mode")
        self.assert_status(self.snug("kill", "-s", "KILL", "web"), 0)
        self.assertEqual(terminal.status(), 137)
        self.assertEqual(terminal.modes(), before)

    def test_a_shell_is_ended_by_kill(self):
        terminal = self.terminal("--name", "mine")
        terminal.expect(r"\$ ")
        self.wait_until(lambda: self.ids(), "it is listed")
        self.assert_status(self.snug("kill", "mine"), 0)
        self.assertEqual(terminal.status(), 129)


class Joining(OnATerminal):
    MARKED = "echo marked >/tmp/mark; echo ready; exec sleep 600"

    def answered(self, answer, *words):
        terminal = self.terminal(*words)
        terminal.expect(r"a sandbox of this project runs already: web \(sh -c .*network none\); join it\? \[y/N\]")
        terminal.line(answer)
        terminal.expect(r"\$ ")
        terminal.line("cat /tmp/mark; echo status-$?; exit 6")
        status = terminal.expect(r"status-(\d)")[1]
        self.assertEqual(terminal.status(), 6)
        return status

    def test_a_second_shell_in_a_project_may_join(self):
        process = self.begin(self.MARKED, name="web")
        self.assertEqual(self.answered("y"), b"0")
        self.assertEqual(self.answered("n"), b"1")
        self.assertEqual(self.answered(""), b"1")
        self.assertIsNone(process.poll())

    def test_who_wants_something_else_is_not_asked(self):
        self.begin(self.MARKED, name="web")
        for words in (["--net", "none"], ["-p", "default"], ["--name", "other"]):
            terminal = self.terminal(*words)
            terminal.expect(r"\$ ")
            terminal.line("exit 6")
            self.assertEqual(terminal.status(), 6)
            self.assertNotIn(b"join it", terminal.seen)
        result = self.snug(input=b"cat /tmp/mark; exit 7\n")
        self.assertEqual((result.returncode, result.stdout), (7, b""))
        elsewhere = Terminal([SNUG], self.folder("elsewhere"), env=self.environment({"TERM": "xterm"}))
        self.addCleanup(elsewhere.close)
        elsewhere.expect(r"\$ ")
        elsewhere.line("exit 6")
        self.assertEqual(elsewhere.status(), 6)


class Nested(Sessions):
    def test_inside_another_snug(self):
        output = self.beside_an_inner_one("./snug exec inner cat /run/snug/profile; ./snug kill inner; wait $inner; echo ended $?")
        self.assertEqual(output, "default\nended 143\n")


if __name__ == "__main__":
    snugtest.main()
