"""Exit statuses, signals, and the errors that say nothing ran."""
import os
import signal
import subprocess
import time
import unittest

import snugtest
from snugtest import Case, show


class Statuses(Case):
    def test_the_commands_own(self):
        for status in (0, 1, 7, 123, 255):
            self.assert_status(self.inside("sh", "-c", f"exit {status}"), status)

    def test_128_and_the_signal(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE, signal.SIGABRT):
            result = self.inside(os.path.join(self.project, "probe"), "die", str(int(number)))
            self.assert_status(result, 128 + number)

    def test_124_timed_out(self):
        begin = time.monotonic()
        result = self.inside("sleep", "60", options=["--timeout", "300ms"])
        self.assert_status(result, 124)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertRegex(show(result.stderr), r"(?m)^snug: timed out after \w+, option --timeout; to allow more: --timeout \w+$")
        self.assert_status(self.inside("true", options=["--timeout", "1m"]), 0)

    def test_125_nothing_ran(self):
        marker = os.path.join(self.project, "ran")
        for words in (["run", "--no-such-option", "--", "touch", marker],
                      ["run", "-p", "/nonexistent.toml", "--", "touch", marker],
                      ["run", "--set", "hostname=1", "--", "touch", marker],
                      ["run", "--read", "/nonexistent/snug", "--", "touch", marker],
                      ["no-such-verb"], ["run"]):
            self.assert_refused(self.snug(*words), "^snug: ")
        self.assertFalse(os.path.exists(marker))

    def test_126_found_but_not_executable(self):
        self.write("plain", "#!/bin/sh\n", 0o644)
        os.mkdir(os.path.join(self.project, "folder"))
        for name in ("plain", "folder"):
            self.assert_status(self.inside("./" + name), 126)

    def test_127_not_found(self):
        for name in ("no-such-command-snug", "./missing", "/usr/bin/no-such-command-snug"):
            result = self.inside(name)
            self.assert_status(result, 127)
            self.assertIn(os.path.basename(name).encode(), result.stderr)

    def test_a_missing_interpreter_is_named(self):
        self.write("script", "#!/no/such/interpreter\n", 0o755)
        result = self.inside("./script")
        self.assertIn(result.returncode, (126, 127), self.story(result))

    def test_a_script_without_a_first_line_runs_as_a_shell_would_run_it(self):
        self.write("script", "echo plain script\n", 0o755)
        result = self.inside("sh", "-c", "./script")
        self.assertEqual(result.stdout, b"plain script\n")


class Signals(Case):
    def test_they_reach_the_command(self):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
            process = self.start(os.path.join(self.project, "probe"), "wait")
            self.assertEqual(process.stdout.readline(), b"ready\n")
            process.send_signal(number)
            output, errors = process.communicate(timeout=20)
            self.assertEqual(output.decode(), f"signal {number.name[3:]}\n", errors)
            self.assertEqual(process.returncode, 0)

    def test_term_ends_a_command_that_does_not_mind_it(self):
        process = self.start("sh", "-c", "echo ready; exec sleep 60")
        process.stdout.readline()
        process.terminate()
        self.assertEqual(process.wait(20), 128 + signal.SIGTERM)

    def test_orphans_are_reaped_and_do_not_outlive_the_command(self):
        word = f"1234.{os.getpid()}"
        result = self.inside("sh", "-c", f"(setsid sleep {word} &) ; sleep 0.1; ps -e | grep -c defunct; exit 3")
        self.assert_status(result, 3)
        self.assertEqual(result.stdout.strip(), b"0")
        self.wait_until(lambda: not snugtest.processes_with(word), "the orphan's end", 2)


class Deaths(Case):
    """Whatever is killed, everything ends at once: within 100 ms, in the best of five attempts on a busy machine."""

    def sandbox(self, word):
        process = self.start("sh", "-c", f"setsid sleep {word} & trap '' TERM HUP INT; echo ready; sleep {word}; wait")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        self.wait_until(lambda: len(snugtest.processes_with(word)) >= 2, "both sleeps")
        return process

    def time_to_end(self, kill):
        best = 99.0
        for attempt in range(5):
            word = f"4321.{os.getpid()}{attempt}"
            process = self.sandbox(word)
            kill(process)
            took = self.wait_until(lambda: not snugtest.processes_with(word), "the end of everything inside")
            took += self.wait_until(lambda: process.poll() is not None, "the end of snug")
            best = min(best, took)
            if best <= 0.1:
                break
        return best

    def test_kill_9_of_snug(self):
        self.assertLessEqual(self.time_to_end(lambda process: process.kill()), 0.1)

    def test_kill_9_of_init(self):
        def kill_init(process):
            os.kill(snugtest.children_of(process.pid)[0], signal.SIGKILL)

        self.assertLessEqual(self.time_to_end(kill_init), 0.1)

    def test_kill_9_while_it_starts_leaves_nothing(self):
        for delay in (0.0005, 0.001, 0.002, 0.003, 0.004, 0.006, 0.01):
            word = f"9876.{os.getpid()}"
            process = self.start("sleep", word)
            time.sleep(delay)
            process.kill()
            process.wait(10)
            self.wait_until(lambda: not snugtest.processes_with(word), "the end of everything inside", 2)
            self.wait_until(lambda: not snugtest.children_of(process.pid), "the end of the children", 2)


class Profiles(Case):
    """A profile's mistakes: all in one run, with place and proposal."""

    def test_every_mistake_at_once(self):
        text = 'hostnam = "x"\n[filesystem]\nproject = "wrte"\nread = "not a list"\n[limits]\nmemory = "4 parsecs"\n'
        result = self.inside("true", profile=text)
        self.assert_refused(result, r"test\.toml:2:1: unknown key \"hostnam\"; did you mean \"hostname\"\?", r"test\.toml:4:",
                            r"test\.toml:5:", r"test\.toml:7:")

    def test_a_profile_in_the_project_is_found_and_can_be_named(self):
        self.write("snug.toml", 'version = 1\nhostname = "named"\n')
        self.assertEqual(self.shell("hostname").strip(), "named")
        result = self.inside("hostname", options=["-p", os.path.join(self.project, "snug.toml")])
        self.assertEqual(result.stdout.strip(), b"named", self.story(result))

    def test_options_override_profiles(self):
        result = self.inside("hostname", profile='hostname = "file"\n', options=["--hostname", "option"])
        self.assertEqual(result.stdout.strip(), b"option", self.story(result))
        result = self.inside("hostname", options=["--set", "hostname=set"])
        self.assertEqual(result.stdout.strip(), b"set", self.story(result))


class Kernel(Case):
    def test_no_user_namespaces_left_is_said_with_the_fix(self):
        # A user namespace of the test's own, in which no further one may be made.
        script = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {snugtest.SNUG} run -- true"
        result = subprocess.run(
            ["unshare", "--user", "--map-root-user", "sh", "-c", script], cwd=self.project, capture_output=True, timeout=60)
        self.assert_status(result, 125)
        self.assertRegex(snugtest.show(result.stderr), r"user namespace")
        self.assertRegex(snugtest.show(result.stderr), r"max_user_namespaces")


if __name__ == "__main__":
    snugtest.main()
