"""Living in it: a shell on the sandbox's own terminal, job control, size, modes, full-screen programs."""
import os
import signal
import subprocess
import termios
import time
import unittest

import snugtest
from snugtest import Case, SNUG, Terminal

ECHO_AND_LINES = termios.ECHO | termios.ICANON | termios.ISIG


class TerminalCase(Case):
    def terminal(self, *words, env=None, argv=None):
        terminal = Terminal(argv or [SNUG, *words], self.project, self.environment({"PS1": "", **(env or {})}))
        self.addCleanup(terminal.close)
        return terminal

    def shell_session(self, *words, **more):
        """An interactive shell in a sandbox, past its first prompt."""
        terminal = self.terminal(*words, **more)
        terminal.line("PS1=; unset PROMPT_COMMAND; echo be''gin")
        terminal.expect(r"begin\r\n")
        return terminal


class Shell(TerminalCase):
    def test_it_is_the_users_shell_interactive_and_not_login(self):
        session = self.shell_session()
        session.line("echo flags:$-: name:$0: shell:$SHELL:")
        match = session.expect(r"flags:([a-zA-Z]*): name:([^:]*): shell:([^:]*):\r\n")
        self.assertIn(b"i", match.group(1))
        self.assertFalse(match.group(2).startswith(b"-"), match.group(2))
        self.assertEqual(match.group(3), b"/bin/bash")
        session.line("exit 7")
        self.assertEqual(session.status(), 7)

    def test_end_of_input_ends_it_with_the_last_status(self):
        session = self.shell_session()
        session.line("false")
        time.sleep(0.3)  # what is typed while a command runs is read as lines, not by the prompt
        session.send("\x04")
        self.assertEqual(session.status(), 1)

    def test_the_prompt_shows_one_is_inside(self):
        terminal = self.terminal()
        terminal.expect(r"snug")
        terminal.line("exit")
        terminal.status()

    def test_zsh_without_start_files_asks_nothing(self):
        snugtest.need_program("zsh")
        terminal = self.terminal(env={"SHELL": "/bin/zsh"})
        terminal.line("echo in-''zsh-$ZSH_VERSION")
        terminal.expect(r"in-zsh-5")
        terminal.line("exit")
        self.assertEqual(terminal.status(), 0)

    def test_no_terminal_and_no_command(self):
        result = self.snug(input=b"echo from a pipe\nexit 4\n")
        self.assertIn(result.returncode, (4, 125), self.story(result))


class Ownership(TerminalCase):
    def test_the_terminal_is_the_sandboxs_own(self):
        session = self.shell_session()
        session.line("tty; echo; test -w $(tty) && echo writable")
        session.expect(r"/dev/pts/0\r\n")
        session.expect(r"writable\r\n")
        session.line("ls /dev/pts | tr '\\n' ' '; echo e''nd")
        self.assertIn(session.expect(r"([^\r\n]*)end\r\n").group(1).strip(), (b"0 ptmx", b"0"))

    def test_it_is_the_controlling_terminal(self):
        terminal = self.terminal("run", "--", os.path.join(self.project, "probe"), "terminal")
        for fd in "012":
            terminal.expect(rf"tty {fd} /dev/pts/0\r\n")
        terminal.expect(r"controlling ok")
        self.assertEqual(terminal.status(), 0)

    def test_no_input_can_be_pushed_to_the_outer_terminal(self):
        terminal = self.terminal("run", "--", os.path.join(self.project, "probe"), "calls", "tiocsti")
        self.assertIn(terminal.expect(r"tiocsti (\w+)").group(1), (b"EPERM", b"EIO", b"ENOTTY"))

    def test_a_pipe_beside_a_terminal_stays_a_pipe(self):
        script = f"{SNUG} run -- {self.project}/probe terminal | cat"
        terminal = self.terminal(argv=["/bin/sh", "-c", script])
        terminal.expect(r"tty 0 /dev/pts/0\r\n")
        terminal.expect(r"tty 1 no\r\n")
        terminal.expect(r"tty 2 /dev/pts/0\r\n")


class JobControl(TerminalCase):
    def test_interrupt(self):
        session = self.shell_session()
        session.line("echo go; sleep 100; echo status $?")
        session.expect(r"go\r\n")
        time.sleep(0.3)
        session.send("\x03")
        session.line("echo next $?")
        session.expect(r"next 130\r\n")

    def test_interrupt_of_a_command_alone(self):
        terminal = self.terminal("run", "--", "sh", "-c", "echo go; exec sleep 100")
        terminal.expect(r"go\r\n")
        time.sleep(0.3)
        terminal.send("\x03")
        self.assertEqual(terminal.status(), 130)

    def test_quit(self):
        terminal = self.terminal("run", "--", "sh", "-c", "ulimit -c 0; echo go; exec sleep 100")
        terminal.expect(r"go\r\n")
        time.sleep(0.3)
        terminal.send("\x1c")
        self.assertEqual(terminal.status(), 131)

    def test_stop_background_foreground(self):
        session = self.shell_session()
        session.line("echo go; cat")
        session.expect(r"go\r\n")
        time.sleep(0.3)
        session.send("\x1a")
        session.expect(r"Stopped")
        session.line("jobs; echo list''ed")
        session.expect(r"Stopped[^\r\n]*cat\r\n")
        session.expect(r"listed\r\n")
        session.line("fg")
        session.expect(r"cat\r\n")
        session.line("through cat")
        session.expect(r"through cat\r\nthrough cat\r\n")
        session.send("\x04")
        session.line("sleep 0.2 & wait; echo back''ground $?")
        session.expect(r"background 0\r\n")
        session.line("exit")
        self.assertEqual(session.status(), 0)

    def test_a_sandbox_stopped_and_continued_from_the_outer_shell(self):
        outer = self.terminal(argv=["/bin/bash", "--norc", "--noprofile", "-i"])
        outer.line("PS1=; echo out''er")
        outer.expect(r"outer\r\n")
        outer.line(f"{SNUG} run -- sh -c 'echo go; exec cat'")
        outer.expect(r"go\r\n")
        time.sleep(0.3)
        outer.send("\x1a")
        outer.expect(r"Stopped")
        outer.line("echo outer''again; stty -a | grep -o '.echo ' ; fg")
        outer.expect(r"outeragain\r\n")
        outer.expect(r" echo ")
        time.sleep(0.5)  # until then the terminal is the shell's, and end of file would be its word
        outer.line("words through")
        outer.expect(r"words through\r\nwords through\r\n")
        outer.send("\x04")
        time.sleep(0.5)
        outer.line("echo status $?")
        outer.expect(r"status 0\r\n")

    def test_started_in_the_background_then_brought_forward(self):
        outer = self.terminal(argv=["/bin/bash", "--norc", "--noprofile", "-i"])
        outer.line("PS1=; echo out''er")
        outer.expect(r"outer\r\n")
        outer.line(f"{SNUG} run -- sh -c 'read x; echo got:$x' &")
        time.sleep(0.7)
        outer.line("echo free''now")
        outer.expect(r"freenow\r\n")
        outer.line("fg")
        outer.expect(r"run -- sh")
        time.sleep(0.3)
        outer.line("words")
        outer.expect(r"got:words\r\n")

    def test_resize(self):
        session = self.shell_session()
        session.line("stty size")
        session.expect(r"30 100\r\n")
        session.line("trap 'echo resized $(stty size)' WINCH; echo set''up")
        session.expect(r"setup\r\n")
        session.resize(41, 133)
        session.expect(r"resized 41 133\r\n")


class Modes(TerminalCase):
    def modes_after(self, end):
        """The outer terminal's modes after a sandbox whose command set raw mode has ended by `end`."""
        outer = self.terminal(argv=["/bin/bash", "--norc", "--noprofile", "-i"])
        outer.line("PS1=; echo out''er")
        outer.expect(r"outer\r\n")
        outer.line("set +m; stty -a > before; " + end.replace("SNUG", SNUG) + "; stty -a > after; echo do''ne")
        outer.expect(r"done\r\n", 20)
        return [open(os.path.join(self.project, name)).read() for name in ("before", "after")]

    def test_restored_after_every_kind_of_end(self):
        for end in ("SNUG run -- stty raw -echo",
                    "SNUG run -- sh -c 'stty raw -echo; kill -KILL $$'",
                    "SNUG run -- sh -c 'stty raw -echo; kill -TERM 1; exit 3'",
                    "SNUG run --timeout 300ms -- sh -c 'stty raw -echo; sleep 60'",
                    "SNUG run -- /no/such/command",
                    "(sleep 0.5; kill -TERM $(pgrep -P $$ -x snug)) & SNUG run -- sleep 60"):
            before, after = self.modes_after(end)
            self.assertEqual(before, after, end)

    def test_alternate_screen_and_mouse_are_switched_off_after_a_crash(self):
        terminal = self.terminal("run", "--", "sh", "-c", r"printf '\033[?1049h\033[?1000h\033[?2004h'; kill -KILL $$")
        terminal.expect(r"\x1b\[\?1049h")
        terminal.status()
        for code in (r"\x1b\[\?1049l", r"\x1b\[\?1000l", r"\x1b\[\?2004l"):
            self.assertRegex(terminal.seen, code.encode())

    def test_raw_bytes_reach_a_full_screen_program(self):
        terminal = self.terminal("run", "--", "sh", "-c", "stty raw -echo; echo go; head -c 4 | od -An -tx1; stty sane")
        terminal.expect(r"go")
        terminal.send("\x03\x1a\x1c\x11")
        terminal.expect(r"03 1a 1c 11")
        self.assertEqual(terminal.status(), 0)

    def test_hang_up_of_the_terminal_ends_the_command(self):
        word = f"5555.{os.getpid()}"
        terminal = self.terminal("run", "--", "sleep", word)
        self.wait_until(lambda: snugtest.processes_with(word), "the command's start")
        os.close(terminal.master)
        terminal.master = None
        self.wait_until(lambda: not [pid for pid in snugtest.processes_with(word)], "the command's end", 12)


class FullScreen(TerminalCase):
    def test_vim(self):
        snugtest.need_program("vim")
        self.write("text", "one\n")
        terminal = self.terminal("run", "--", "vim", "-u", "NONE", "text")
        terminal.expect(r"one")
        terminal.send("otwo\x1b:wq\r")
        self.assertEqual(terminal.status(), 0)
        with open(os.path.join(self.project, "text")) as file:
            self.assertEqual(file.read(), "one\ntwo\n")

    def test_less(self):
        snugtest.need_program("less")
        self.write("text", "".join(f"line {n}\n" for n in range(200)))
        terminal = self.terminal("run", "--", "less", "text")
        terminal.expect(r"line 10\r\n")
        terminal.send("G")
        terminal.expect(r"line 199")
        terminal.send("q")
        self.assertEqual(terminal.status(), 0)

    def test_tmux(self):
        snugtest.need_program("tmux")
        terminal = self.terminal("run", "--", "tmux", "-f", "/dev/null", "new-session", "sh -c 'echo inside-tmux; read x; exit'")
        terminal.expect(r"inside-tmux")
        terminal.send("\r")
        self.assertEqual(terminal.status(), 0)

    def test_expect(self):
        snugtest.need_program("expect")
        script = 'spawn bash --norc\nsend "echo a\\$((20+3))b\\r"\nexpect {a23b {exit 0} timeout {exit 9}}\n'
        self.write("script.exp", script)
        self.assert_status(self.inside("expect", "script.exp"), 0)


if __name__ == "__main__":
    snugtest.main()
