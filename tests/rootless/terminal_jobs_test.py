"""Job control around a sandbox: pipelines, the keyboard's owner, stopping from the shell outside, and deaths on a terminal."""
import glob
import hashlib
import os
import random
import signal
import subprocess
import termios
import time

import snugtest
from snugtest import Case, SNUG, Terminal


class Outer(Case):
    """An interactive bash outside, in the project."""

    def setUp(self):
        super().setUp()
        self.outer = Terminal(["/bin/bash", "--norc", "--noprofile", "-i"], self.project, self.environment({"PS1": ""}))
        self.addCleanup(self.outer.close)
        self.outer.line("PS1='@@ '; bind 'set enable-bracketed-paste off'; echo out''er")
        self.outer.expect(r"outer\r\n@@ ")
        self.modes = self.outer.modes()

    def prompt(self, seconds=10):
        self.outer.expect(r"@@ ", seconds)

    def assert_modes_restored(self):
        # The line editor has its own modes at the prompt: compare what a program started now finds.
        self.outer.line("stty -a | md5sum | cut -c1-8; echo mo''des")
        return self.outer.expect(r"([0-9a-f]{8})\r\nmodes").group(1)


class Pipelines(Outer):
    def test_interrupt_reaches_all_of_a_pipeline(self):
        self.outer.line(f"{SNUG} run -- sh -c 'echo go; sleep 60' | tee log; echo status ${{PIPESTATUS[0]}}")
        self.outer.expect(r"go\r\n")
        time.sleep(0.2)
        self.outer.send("\x03")
        self.prompt(5)
        self.outer.line("echo still he''re")
        self.outer.expect(r"still here\r\n")

    def test_a_pager_behind_the_sandbox_keeps_the_keyboard(self):
        snugtest.need_program("less")
        self.outer.line(f"{SNUG} run -- seq 5000 | less")
        self.outer.expect(r"\r\n20\r\n")
        for _ in range(3):
            self.outer.send(" ")
            time.sleep(0.1)
        self.outer.send("G")
        self.outer.expect(r"5000\r\n")
        self.outer.send("q")
        self.prompt()

    def test_a_pager_inside_takes_the_keyboard(self):
        snugtest.need_program("less")
        self.outer.line(f"seq 5000 | {SNUG} run -- less")
        self.outer.expect(r"20\r\n")
        self.outer.send("G")
        self.outer.expect(r"5000\r\n")
        self.outer.send("q")
        self.prompt()

    def test_two_sandboxes_in_one_pipeline(self):
        self.outer.line(f"{SNUG} run -- sh -c 'echo read''y >&2; exec cat' | {SNUG} run -- sed s/in/out/")
        self.outer.expect(r"ready\r\n")
        self.outer.line("goes in")
        time.sleep(0.3)
        self.outer.send("\x04")
        self.outer.expect(r"goes out\r\n")
        self.prompt()

    def test_command_substitution_reads_the_keyboard(self):
        self.outer.line(f"x=$({SNUG} run -- head -n 1); echo got:$x")
        time.sleep(0.7)
        self.outer.line("a line")
        self.outer.expect(r"got:a line\r\n")
        self.prompt()

    def test_stopping_a_pipeline_and_going_on(self):
        self.outer.line(f"{SNUG} run -- sh -c 'echo go; sleep 1; echo woken' | cat")
        self.outer.expect(r"go\r\n")
        time.sleep(0.2)
        self.outer.send("\x1a")
        self.outer.expect(r"Stopped")
        self.prompt()
        self.outer.line("fg")
        self.outer.expect(r"woken\r\n")
        self.prompt()


class Stopping(Outer):
    def test_bg_goes_on_until_it_reads(self):
        self.outer.line(f"{SNUG} run -- sh -c 'echo go; exec cat'")
        self.outer.expect(r"go\r\n")
        time.sleep(0.2)
        self.outer.send("\x1a")
        self.outer.expect(r"Stopped")
        self.prompt()
        self.outer.line("bg; sleep 0.5")
        self.outer.expect(r"sleep 0.5\r\n")
        self.prompt()
        self.outer.line("jobs; echo list''ed")
        self.outer.expect(r"Stopped[^\r\n]*cat")
        self.outer.expect(r"listed\r\n")
        self.prompt()
        self.outer.line("fg")
        self.outer.expect(r"cat'\r\n")
        time.sleep(0.3)
        self.outer.line("words")
        self.outer.expect(r"words\r\nwords\r\n")
        self.outer.send("\x04")
        self.prompt()

    def test_vim_stopped_and_continued(self):
        snugtest.need_program("vim")
        self.write("text", "first line\n")
        self.outer.line(f"{SNUG} run -- vim -u NONE text")
        self.outer.expect(r"first line")
        time.sleep(0.3)
        self.outer.send("\x1a")
        self.outer.expect(r"\x1b\[\?1049l")
        self.outer.expect(r"Stopped")
        self.prompt()
        self.outer.line("echo betw''een; fg")
        self.outer.expect(r"between\r\n")
        self.outer.expect(r"\x1b\[\?1049h")
        time.sleep(0.3)
        self.outer.send("osecond\x1b:wq\r")
        self.prompt()
        with open(os.path.join(self.project, "text")) as file:
            self.assertEqual(file.read(), "first line\nsecond\n")

    def test_a_background_job_does_not_disturb_the_line_editor(self):
        before = self.assert_modes_restored()
        self.prompt()
        self.outer.line(f"{SNUG} run -- sh -c 'sleep 0.5; echo from behind' &")
        self.outer.expect(r"from behind")
        self.outer.line("")
        self.outer.line("wait")
        self.prompt()
        self.assertEqual(before, self.assert_modes_restored())


class Deaths(Outer):
    def sandbox_with(self, word):
        self.outer.line(f"{SNUG} run -- sh -c 'stty raw -echo; printf \"\\033[?1049h\"; echo go; sleep {word}'")
        self.outer.expect(r"go")
        self.wait_until(lambda: snugtest.processes_with(word), "the command's start")

    def test_the_terminal_is_as_before_when_init_is_killed(self):
        before = self.assert_modes_restored()
        self.prompt()
        word = f"61.{os.getpid()}"
        self.sandbox_with(word)
        inits = [pid for pid in snugtest.children_of(self.outer.pid) if self.is_init(pid)]
        self.assertEqual(len(inits), 1)
        os.kill(inits[0], signal.SIGKILL)
        self.outer.expect(r"\x1b\[\?1049l")
        self.prompt()
        self.assertEqual(before, self.assert_modes_restored())
        self.wait_until(lambda: not snugtest.processes_with(word), "the command's end", 1)

    def is_init(self, pid):
        """Process 1 of a process-id namespace that is not ours."""
        try:
            with open(f"/proc/{pid}/status") as file:
                ids = [line.split()[1:] for line in file if line.startswith("NSpid:")][0]
        except OSError:  # it has ended since it was listed
            return False
        return len(ids) > 1 and ids[-1] == "1"

    def test_the_terminal_is_as_before_when_the_command_is_killed(self):
        before = self.assert_modes_restored()
        self.prompt()
        word = f"62.{os.getpid()}"
        self.sandbox_with(word)
        for pid in snugtest.children_of(self.outer.pid):
            if not self.is_init(pid) and self.is_inside(pid):
                os.kill(pid, signal.SIGKILL)
        self.prompt()
        self.assertEqual(before, self.assert_modes_restored())

    def is_inside(self, pid):
        try:
            with open(f"/proc/{pid}/status") as file:
                return any(line.startswith("NSpid:") and len(line.split()) > 2 for line in file)
        except OSError:
            return False

    def test_a_flood_is_interrupted_at_once(self):
        self.outer.line(f"{SNUG} run -- yes")
        self.outer.expect(r"y\r\ny\r\n")
        time.sleep(0.3)
        self.outer.send("\x03")
        self.prompt(5)

    def test_hang_up_of_a_command_that_ignores_it(self):
        word = f"63.{os.getpid()}"
        self.outer.line(f"{SNUG} run -- sh -c \"trap '' HUP; echo go; sleep {word}; sleep {word}\"")
        self.outer.expect(r"go\r\n")
        self.wait_until(lambda: snugtest.processes_with(word), "the command's start")
        os.close(self.outer.master)
        self.outer.master = None
        took = self.wait_until(lambda: not snugtest.processes_with(word), "the command's end", 14)
        self.assertGreater(took, 4)


class Files(Case):
    def test_a_large_file_in_and_out_is_unchanged(self):
        data = random.Random(9).randbytes(64 << 20)
        source = self.write(os.path.join(self.folder(), "in"), data)
        target = os.path.join(self.folder(), "out")
        with open(source, "rb") as reader, open(target, "wb") as writer:
            self.assert_status(self.inside("cat", stdin=reader, stdout=writer), 0)
        with open(target, "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(data).digest())

    def test_output_and_errors_in_one_file_keep_their_order(self):
        target = os.path.join(self.folder(), "log")
        script = "i=0; while [ $i -lt 200 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done"
        with open(target, "wb") as file:
            self.inside("sh", "-c", script, stdout=file, stderr=file)
        wanted = "".join(f"out {n}\nerr {n}\n" for n in range(200))
        with open(target) as file:
            self.assertEqual(file.read(), wanted)

    def test_a_full_disk_is_told_and_is_no_success(self):
        # A file-size limit stands in for a full disk: the write through the caller's descriptor fails. It is above the 96 MiB
        # of (sparse) memory that snug shares with the sandbox, which it holds for, too.
        target = os.path.join(self.folder(), "out")
        script = f"ulimit -f 110000; trap '' XFSZ; exec {SNUG} run -- head -c 120000000 /dev/zero > {target}"
        result = subprocess.run(["bash", "-c", script], cwd=self.project, capture_output=True, timeout=30)
        self.assertNotEqual(result.returncode, 0, self.story(result))
        self.assertRegex(snugtest.show(result.stderr), "cannot write standard output: File too large")


class State(Case):
    def stored_files(self):
        # Not by a recursive glob: it follows links, and a home may hold one to anywhere.
        return [os.path.join(top, name) for files in glob.glob(snugtest.STATE + "/homes/*/files")
                for top, directories, others in os.walk(files) for name in [*directories, *others]]

    def stub(self):
        """The mount point of this test's project in a stored home, if one is there now."""
        name = os.path.basename(self.project)
        return [path for path in self.stored_files() if os.path.basename(path) == name]

    def test_the_stored_home_holds_no_stubs_after_a_run(self):
        self.assertIn("inside", self.shell("echo inside; touch ~/kept-by-the-user"))
        self.assertEqual(self.stub(), [])
        self.assertTrue([path for path in self.stored_files() if path.endswith("kept-by-the-user")])

    def test_the_next_run_removes_the_stubs_of_a_killed_one(self):
        process = self.start("sh", "-c", "echo ready; sleep 60")
        process.stdout.readline()
        self.assertEqual(len(self.stub()), 1)
        process.kill()
        process.wait(10)
        self.assertEqual(len(self.stub()), 1)
        self.assert_status(self.inside("true"), 0)
        self.assertEqual(self.stub(), [])

    def test_a_symbolic_link_planted_for_the_next_run_is_refused_by_name(self):
        victim = self.folder("victim")
        self.assert_status(self.inside("sh", "-c", "ln -s /tmp ~/.trap"), 0)
        wanted = self.write(os.path.join(snugtest.HOME, ".trap/data"), "host data")
        self.addCleanup(subprocess.run, ["rm", "-r", os.path.join(snugtest.HOME, ".trap")])
        result = self.inside("cat", wanted, options=["--read", wanted])
        self.assert_refused(result, r"\.trap\" is a symbolic link that an earlier command made", r"fix: move it away")
        self.assertEqual(os.listdir(victim), [])


if __name__ == "__main__":
    snugtest.main()
