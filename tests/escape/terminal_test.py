"""Attempts at the terminal snug was started on: to type into it, change it, take it over or lock it."""
import os
import time
import unittest

import escaping
import snugtest
from escaping import ATTEMPT, Escape, NESTED
from snugtest import SNUG, Terminal


# Asks to be traced, so that every signal stops it and its parent, init, is told of each.
TRACED = """
import ctypes, os, signal, sys, time
ctypes.CDLL(None).ptrace(0, 0, 0, 0)
if os.fork() == 0:
    time.sleep(0.3)
    os.kill(os.getppid(), signal.SIGKILL)
os.kill(os.getpid(), int(sys.argv[1]))
"""


class OnATerminal(Escape):
    def run_on_terminal(self, *words, inside=True, options=()):
        """Runs an attempt below a shell on a terminal; returns the terminal once the shell is alone again."""
        command = [SNUG, *self.words([self.tool, *words], options=options)] if inside else [ATTEMPT, *words]
        text = " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)
        # What waits in the terminal's input afterwards was typed by the attempt.
        script = (f"stty -echo; tty; {text}; echo status $?; stty size; ps -o tpgid= -p $$ | tr -d ' '; echo own $$; echo state;"
                  "stty -a | tr '\\n' ' '; echo; stty -icanon min 0 time 1; dd bs=64 count=1 2>/dev/null | od -An -c; echo finished")
        terminal = Terminal(["/bin/sh", "-c", script], self.project)
        self.addCleanup(terminal.close)
        return terminal

    def after(self, *words, **more):
        terminal = self.run_on_terminal(*words, **more)
        match = terminal.expect(r"(?s)status (\d+)\r?\n(\d+ \d+)\r?\n(-?\d+)\r?\nown (\d+)\r?\nstate\r?\n(.*?)\r?\n(.*?)finished", 20)
        status, size, foreground, shell, modes, typed = (part.decode() for part in match.groups())
        return {"status": int(status), "size": size, "foreground": foreground == shell or foreground, "modes": modes,
                "typed": typed.replace(" ", "").strip()}

    def test_typing_into_it(self):
        for attempt in ("tiocsti", "tiocsti-high"):
            for options in ((), ("--set", 'seccomp.policy="off"')):
                with self.subTest(attempt, options=options):
                    self.assertEqual(self.after(attempt, "evil", options=options)["typed"], "")
        with open("/proc/sys/dev/tty/legacy_tiocsti") as file:
            if file.read().strip() == "1" and not NESTED:  # else only the machine's administrator types this way
                self.assertEqual(self.after("tiocsti", "evil", inside=False)["typed"], "evil")

    def test_typing_by_other_names(self):
        for path in ("/dev/tty", "/proc/self/fd/2", "/dev/pts/0", "/dev/console", "/dev/tty1"):
            with self.subTest(path):
                self.assertEqual(self.after("tiocsti", "evil", path)["typed"], "")

    def test_pasting_the_selection(self):
        self.assertEqual(self.after("tioclinux")["status"], 1)

    def test_line_disciplines(self):
        for number in ("2", "3", "15", "29"):
            self.assertEqual(self.after("tiocsetd", number)["status"], 1)

    def test_modes(self):
        seen = self.after("modes")
        self.assertRegex(seen["modes"], r"[^-]icanon")
        self.assertRegex(seen["modes"], r"[^-]opost")
        self.assertIn("-icanon", self.after("modes", inside=False)["modes"])

    def test_size(self):
        self.assertEqual(self.after("size")["size"], "30 100")
        self.assertEqual(self.after("size", inside=False)["size"], "7 9")

    def test_the_foreground(self):
        self.assertIs(self.after("steal-foreground")["foreground"], True)
        self.assertIsNot(self.after("steal-foreground", inside=False)["foreground"], True)

    def test_the_terminal_itself(self):
        seen = self.after("steal-terminal")
        self.assertIs(seen["foreground"], True)

    def test_a_stop_by_any_signal_is_not_passed_on_to_the_callers_job(self):
        # Snug stops as its command does, by the same signal and with the whole job.
        self.write("traced.py", TRACED)
        signals = "1 2 3 4 5 6 10 11 12 14 15"
        terminal = Terminal(["/bin/sh", "-c", f"for n in {signals}; do {SNUG} run -- python3 traced.py $n; echo after $n $?; done;"
                                              "echo finished"], self.project)
        self.addCleanup(terminal.close)
        for number in signals.split():
            terminal.expect(f"after {number} 137\r", 20)
        terminal.expect("finished")
        self.assertEqual(terminal.status(), 0)

    def test_exclusive_use_and_stopped_output(self):
        # TIOCEXCL and TCOOFF on its own terminal: the outer one stays usable, and snug comes back.
        self.assertEqual(self.after("lock-terminal")["typed"], "")

    def test_the_outer_terminal_by_its_name(self):
        terminal = Terminal(["/bin/sh", "-c", "tty; read go; exec " + SNUG + " run -- sh -c 'read path; ./attempt write $path intruder;"
                                              "echo $?; tty; ls /dev/pts'"], self.project)
        self.addCleanup(terminal.close)
        path = terminal.expect(r"(/dev/pts/\d+)\r").group(1).decode()
        terminal.line("")
        time.sleep(0.1)
        # Its name may exist inside: then it is the sandbox's own terminal, which the relay reads.
        terminal.line(path)
        terminal.expect(r"ptmx", 10)
        self.assertEqual(terminal.status(), 0)

    def test_a_killed_snug_leaves_no_reader_behind(self):
        terminal = Terminal([SNUG, "run", "--", "sh", "-c", "echo ready; cat"], self.project)
        self.addCleanup(terminal.close)
        terminal.expect("ready")
        children = snugtest.children_of(terminal.pid)
        self.assertTrue(children)
        os.kill(terminal.pid, 9)
        terminal.status()
        self.wait_until(lambda: not [pid for pid in children if os.path.exists(f"/proc/{pid}/exe")], "everything to go", 3)

    def test_bytes_pass_unchanged(self):
        everything = bytes(range(256)) + b"\x1b]0;title\x07\x1b[6n\x1bP1$r\x1b\\\x9b31m\n" * 3
        self.write("bytes", everything)
        result = self.inside("cat", "bytes")
        self.assertEqual(result.stdout, everything)
        terminal = Terminal([SNUG, "run", "--", "sh", "-c", "stty raw; cat bytes; printf END"], self.project)
        self.addCleanup(terminal.close)
        self.assertTrue(terminal.expect(r"(?s)(.*)END").group(1).endswith(everything))

    def memory_of(self, pid):
        with open(f"/proc/{pid}/status") as file:
            return int(next(line for line in file if line.startswith("VmRSS")).split()[1])

    def test_a_flood_at_a_reader_that_stands_still(self):
        wanted = 3 << 20
        script = f"stty raw; echo ready; head -c {wanted} /dev/zero; printf END; read line"
        terminal = Terminal([SNUG, "run", "--", "sh", "-c", script], self.project)
        self.addCleanup(terminal.close)
        terminal.expect("ready\r?\n")
        time.sleep(0.5)  # nobody reads: the command waits, and snug keeps no more than its buffers
        before = self.memory_of(terminal.pid)
        self.assertLess(before, 16 << 10, "kilobytes")
        while len(terminal.seen) < wanted + len("END"):
            self.assertTrue(terminal.read_some(10), len(terminal.seen))
        self.assertEqual(terminal.seen, bytes(wanted) + b"END")
        self.assertLess(self.memory_of(terminal.pid), before + 512)

    def test_a_flood_is_interrupted_from_the_keyboard(self):
        for reads in (False, True):
            terminal = Terminal([SNUG, "run", "--", "sh", "-c", "echo ready; yes"], self.project)
            self.addCleanup(terminal.close)
            terminal.expect("ready")
            time.sleep(0.2)
            terminal.send("\x03")
            if not reads:  # the key alone ends it; what is still in flight has no reader
                time.sleep(0.2)
            self.assertEqual(terminal.status(), 128 + 2)

    def test_no_descriptor_of_it_inside(self):
        terminal = Terminal([SNUG, "run", "--", "./probe", "descriptors"], self.project)
        self.addCleanup(terminal.close)
        outer = os.ptsname(terminal.master) if hasattr(os, "ptsname") else None
        terminal.expect("fd 2")
        seen = snugtest.show(terminal.seen)
        self.assertNotIn("fd 3", seen)
        if outer:
            self.assertNotIn(outer + "\r", seen)


if __name__ == "__main__":
    escaping.main()
