"""A machine that has run out of something: open files, processes, memory, disk; places that cannot be written. Each time the
command runs as always or snug says why it does not, and nothing is left behind or lost."""
import os
import re
import resource
import signal
import subprocess

import snugtest
from sessions_checks import Sessions
from snugtest import HOME, SNUG, STATE, children_of, need_program, show

EVERY_KIND = ([], ["--net", "filtered"], ["--project", "overlay"], ["--detach"])
# A namespace in which its user may mount, and whose processes he counts alone.
APART = ["unshare", "--user", "--map-current-user", "--mount", "--keep-caps"]
# The rights are for the mounts before it.
WITHOUT_RIGHTS = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--"]


class Shortage(Sessions):
    def setUp(self):
        super().setUp()
        self.write("kept", "kept\n")
        self.shell("echo kept >~/kept")
        self.names = self.names_in_project()

    def names_in_project(self):
        return sorted(os.listdir(self.project))

    def run_short(self, options, command, before=(), **more):
        return subprocess.run([*before, SNUG, "run", *options, "--", *command], cwd=self.project, env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, **more)

    def check(self, result, words):
        """True: the command ran."""
        story = self.story(result)
        if result.returncode == 0:
            self.assertNotIn(b"snug: cannot", result.stderr, story)
        else:
            # The C++ library's end, where there is not even room for its reserve: before snug begins.
            if result.returncode == -signal.SIGABRT and b"terminate called without an active exception" in result.stderr:
                return False
            # What the loader says, where snug has not begun.
            self.assertIn(result.returncode, (125, 127), story)
            by_loader = re.search(rb"^(/\S*/snug: error while loading|cannot allocate)", result.stderr)
            self.assertTrue(by_loader or re.search(words, show(result.stderr), re.DOTALL), story)
        return result.returncode == 0

    def check_nothing_is_left(self):
        self.wait_until(lambda: not [p for p in children_of(1) if self.is_ours(p)], "every process has ended")
        self.assertEqual(self.ids(), [])
        self.assertEqual(self.names_in_project(), self.names)
        for place in (os.path.join(self.runtime, "snug"), os.path.join(STATE, "running"), os.path.join(STATE, "scratch")):
            left = os.listdir(place) if os.path.isdir(place) else []
            self.assertLessEqual(set(left), {"lock"}, place)
        self.assertEqual(self.shell("cat ~/kept"), "kept\n")

    def is_ours(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/cwd") == self.project
        except OSError:
            return False

    def less_and_less(self, steps, words, run):
        """Runs of every kind with more and more of it; the last one has enough."""
        for options in EVERY_KIND:
            ran = False
            for step in steps:
                with self.subTest(options=options, step=step):
                    ran = self.check(run(options, step), words)
                self.assertEqual(self.names_in_project(), self.names)
            self.assertTrue(ran, f"{options}: {steps[-1]} is not enough")
            self.check_nothing_is_left()


class OpenFiles(Shortage):
    def test_every_number_of_them(self):
        def run(options, number):
            return self.run_short(options, ["true"], preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number)))
        self.less_and_less([*range(3, 45), 64], "^snug: cannot .*Too many open files.*fix: ", run)


class Processes(Shortage):
    def test_every_number_of_them(self):
        need_program("unshare")

        # Counted in a user namespace of its own: others run as this user, too.
        def run(options, number):
            return self.run_short(options, ["true"], before=[*APART, "prlimit", f"--nproc={number}:{number}", *WITHOUT_RIGHTS])
        self.less_and_less(range(0, 8), "^snug: cannot start .*temporarily unavailable.*fix: .*ulimit -u", run)


class Memory(Shortage):
    def test_more_and_more_of_it(self):
        def run(options, kilobytes):
            size = kilobytes << 10
            return self.run_short(options, ["true"], preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (size, size)))
        self.less_and_less([*range(300, 1200, 40), 4000], "^snug: cannot .*(Cannot allocate memory|ended while).*fix: ", run)


class Disk(Shortage):
    """The state directory on a file system of its own, with little room."""

    def on_small_disk(self, kilobytes, script, options=()):
        """Runs `script` with snug in $SNUG, where $STATE is empty and has so much room; "more" gives it more."""
        small = self.folder("small")
        mounting = f'mount -t tmpfs -o size={kilobytes}k,mode=700 small "$SMALL" && exec setpriv --inh-caps=-all --ambient-caps=-all -- sh -c "$SCRIPT"'
        return subprocess.run([*APART, "sh", "-c", mounting], cwd=self.project, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              env=self.environment({"SMALL": small, "XDG_STATE_HOME": small, "SCRIPT": script, "SNUG": SNUG}))

    def test_every_size(self):
        need_program("unshare")
        for options in EVERY_KIND:
            started = []
            for pages in [*range(1, 24), 128]:
                with self.subTest(options=options, pages=pages):
                    result = self.on_small_disk(4 * pages, f'$SNUG run {" ".join(options)} -- true')
                    self.assertIn(result.returncode, (0, 125), self.story(result))
                    if result.returncode == 125:
                        self.assertRegex(show(result.stderr), "(?s)^snug: .*No space left on device")
                    started.append(result.returncode == 0)
            self.assertTrue(started[-1])
            self.check_nothing_is_left()

    def test_a_private_home_that_is_full_is_the_commands_to_see(self):
        result = self.on_small_disk(512, "$SNUG run -- sh -c 'echo first >~/first; head -c 1000000 /dev/zero >~/big; echo status $?'; "
                                         "rm -f $SMALL/snug/homes/*/files/big; $SNUG run -- cat $HOME/first")
        self.assertEqual(show(result.stdout), "status 1\nfirst\n", self.story(result))

    def test_a_capture_that_fills_the_disk_keeps_what_was_written(self):
        result = self.on_small_disk(1024, "$SNUG run --project overlay -- sh -c 'echo changed >kept; head -c 2000000 /dev/zero >big; echo status $?'; "
                                          "$SNUG diff --name-only; rm -f $SMALL/snug/captures/*/*/upper/big; "
                                          "$SNUG apply --yes kept; echo applied $?; cat kept")
        self.assertIn("status 1\n", show(result.stdout), self.story(result))
        self.assertIn("kept", show(result.stdout).split("status 1\n")[1], self.story(result))
        self.assertTrue(show(result.stdout).endswith("applied 0\nchanged\n"), self.story(result))

    def test_a_full_log_says_what_it_lost_and_the_end_is_kept(self):
        # The disk fills up with what the command prints; how it ends stands where room was taken before.
        result = self.on_small_disk(1024, "id=$($SNUG run --detach -- sh -c 'head -c 3000000 /dev/zero | tr \"\\0\" x; exit 3'); "
                                          "$SNUG wait $id; echo waited $?; $SNUG logs $id | wc -c")
        lines = show(result.stdout).splitlines()
        self.assertEqual(lines[0], "waited 3", self.story(result))
        self.assertGreater(int(lines[1]), 100_000, self.story(result))


class ReadOnly(Shortage):
    def test_a_state_directory(self):
        need_program("unshare")
        place = self.folder("place")
        for options in EVERY_KIND:
            # Mounted: the permissions of a directory say less than a file system that is read-only.
            mounting = f'mount -t tmpfs -o ro,mode=700 none {place} && exec "$@"'
            result = self.run_short(options, ["true"], before=[*APART, "sh", "-c", f"XDG_STATE_HOME={place}; export XDG_STATE_HOME; {mounting}",
                                                              "sh", *WITHOUT_RIGHTS])
            self.assert_refused(result, r"(?s)^snug: cannot make .*Read-only file system.*fix: XDG_STATE_HOME")
        without_state = self.run_short(["--home", "none", "--project", "read"], ["true"], before=[*APART, "sh", "-c", f"XDG_STATE_HOME={place}; export XDG_STATE_HOME; {mounting}",
                                                                            "sh", *WITHOUT_RIGHTS])
        self.assert_status(without_state, 0)
        self.check_nothing_is_left()

    def test_a_runtime_directory(self):
        """Records cannot be kept, which stops no run; one with a name says why it cannot have it."""
        for spoil in (lambda: os.chmod(self.runtime, 0o500), lambda: os.rmdir(self.runtime), lambda: self.write(self.runtime, "")):
            spoil()
            for options in EVERY_KIND:
                self.assert_status(self.run_short(options, ["true"]), 0)
            self.assert_status(self.run_short([], ["sleep", "0.2"]), 0)
        os.unlink(self.runtime)
        os.mkdir(self.runtime, 0o700)
        self.check_nothing_is_left()


if __name__ == "__main__":
    snugtest.main()
