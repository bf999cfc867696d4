"""What bounds a run as a whole. Where a cgroup can be had it is asserted that the cgroup holds; where not, what each
process is held to. Each run says which of the two it was; neither is ever skipped."""
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time

import snugtest


def limits(**values):
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "[limits]\n" + "\n".join(lines) + "\n"


class Limits(snugtest.Case):
    def plan(self, profile):
        result = self.snug("plan", "--json", "-p", self.profile(profile), "--", "true")
        self.assert_status(result, 0)
        return json.loads(result.stdout)

    def by(self, key, value):
        """Who holds this limit here: "cgroup" or "process"."""
        held = self.plan(limits(**{key: value}))["limits"][key]["by"]
        print(f"{self.id()}: limits.{key} is held by the {held}", file=sys.stderr)
        return held

    def python(self, script, **more):
        return self.inside("/usr/bin/python3", "-c", script, **more)


class PlanTest(Limits):
    def test_the_plan_says_who_holds_each_limit(self):
        plan = self.plan(limits(memory="256M", processes=50, cpus=1))
        for key in ("memory", "processes", "cpus"):
            held = plan["limits"][key]
            self.assertIn(held["by"], ("cgroup", "process"))
            self.assertEqual("cgroup" in plan["limits"], any(plan["limits"][k]["by"] == "cgroup" for k in ("memory", "processes", "cpus")))
        if plan["limits"]["memory"]["by"] == "process":
            self.assertIn({"name": "data", "soft": 256 << 20, "hard": 256 << 20},
                          [{k: one[k] for k in ("name", "soft", "hard")} for one in plan["rlimits"]])
            self.assertTrue(any("bounds the memory of each process" in note["text"] for note in plan["notes"]))

    def test_a_promise_is_kept_or_nothing_runs(self):
        profile = 'require = ["limits.memory"]\n' + limits(memory="256M")
        result = self.inside("echo", "ran", profile=profile)
        if self.by("memory", "256M") == "cgroup":
            self.assertEqual(result.stdout, b"ran\n", self.story(result))
        else:
            self.assert_refused(result, "cannot promise limits.memory for all processes together", "fix: ")


class MemoryTest(Limits):
    def test_a_process_cannot_have_more_than_the_limit(self):
        result = self.python("print('began', flush=True); x = bytearray(400 << 20); print('had', len(x))",
                             profile=limits(memory="200M"))
        self.assertIn(b"began", result.stdout, self.story(result))
        self.assertNotIn(b"had", result.stdout)
        self.assertNotEqual(result.returncode, 0)
        if self.by("memory", "200M") == "process":
            self.assertIn(b"MemoryError", result.stderr)
        else:
            self.assert_status(result, 137)
            self.assertRegex(result.stderr, rb"killed: memory limit 200M, \S+test.toml:3 \(limits.memory\); to allow more: --memory 400M")

    def test_a_process_that_comes_close_is_told_of(self):
        script = "x = []\ntry:\n  while True: x.append(bytearray(1 << 20))\nexcept MemoryError: raise SystemExit(3)"
        result = self.python(script, profile=limits(memory="200M"))
        if self.by("memory", "200M") == "process":
            self.assert_status(result, 3)
            self.assertRegex(result.stderr, rb"memory limit 200M, \S+test.toml:3 .*may have been refused more; to allow more: --memory 400M")
        else:
            self.assert_status(result, 137)

    def test_a_process_that_doubles_what_it_has_is_told_of(self):
        result = self.inside("sh", "-c", "set -e; head -c 300M /dev/zero | tail -c 290M >/dev/null", profile=limits(memory="200M"))
        if self.by("memory", "200M") == "process":
            self.assertEqual(result.returncode, 1, self.story(result))
            self.assertRegex(result.stderr, rb"memory limit 200M, .*may have been refused more; to allow more: --memory 400M")
        else:
            self.assertIn(b"memory limit 200M", result.stderr)

    def test_a_small_process_that_fails_is_not_said_to_be_large(self):
        # snug itself has some MiB when it starts it.
        result = self.inside("false", profile=limits(memory="8M"))
        self.assertEqual((result.returncode, result.stderr), (1, b""))

    def test_all_together_have_no_more(self):
        """Four processes of 60M each, none of them too large by itself."""
        if self.by("memory", "128M") == "process":
            notes = " ".join(note["text"] for note in self.plan(limits(memory="128M"))["notes"])
            return self.assertIn("not of all together", notes)
        script = ("import os, time\nfor i in range(4):\n  if os.fork() == 0:\n    x = bytearray(60 << 20); time.sleep(30); os._exit(0)\n"
                  "died = [os.waitstatus_to_exitcode(os.wait()[1]) for i in range(1)]\nprint(died)")
        result = self.python(script, profile=limits(memory="128M"))
        self.assertIn(b"-9", result.stdout, self.story(result))
        self.assertRegex(result.stderr, rb"memory limit 128M, .*reached: the kernel has killed a process")

    def test_what_is_only_reserved_does_not_count(self):
        # As node and Go do: address space without rights, which RLIMIT_AS would count.
        script = "import mmap; m = mmap.mmap(-1, 8 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 0); print(len(m))"
        result = self.python(script, profile=limits(memory="200M"))
        self.assertEqual(result.stdout.strip(), str(8 << 30).encode(), self.story(result))

    def test_a_tmpfs_holds_half_of_it(self):
        out = self.shell("df -k --output=size /tmp | tail -1; head -c 60M /dev/zero > /tmp/x || echo full",
                         profile=limits(memory="100M"))
        self.assertEqual(out.split(), ["51200", "full"])


class ProcessesTest(Limits):
    FORKS = """
import os, time, sys
n = 0
try:
    while n < 200:
        if os.fork() == 0:
            time.sleep(60); os._exit(0)
        n += 1
except BlockingIOError:
    pass
print(n, flush=True)
os._exit(0)
"""

    def test_so_many_processes_and_no_more(self):
        out = self.python(self.FORKS, profile=limits(processes=20))
        self.assertEqual(out.stdout.strip(), b"19", self.story(out))  # and the command itself
        self.by("processes", 20)

    def test_reaching_it_is_told_while_it_runs(self):
        process = self.start("/usr/bin/python3", "-c", "import os, time\n" + self.FORKS.replace("os._exit(0)\n", "", 1).rsplit("os._exit", 1)[0] + "time.sleep(120)",
                             profile=limits(processes=12))
        self.assertRegex(process.stderr.readline(), rb"processes limit 12, \S+test.toml:3 .*, reached: no more can be started; to allow more: --processes 24")
        self.assertIsNone(process.poll())

    def test_reaching_it_is_told_of_a_command_that_gives_up_at_once(self):
        result = self.inside("sh", "-c", "for i in $(seq 30); do sleep 60 & done", profile=limits(processes=12))
        self.assertEqual(result.returncode, 2, self.story(result))
        self.assertRegex(result.stderr, rb"processes limit 12, \S+test.toml:3 .*, reached: .*to allow more: --processes 24")

    def test_what_comes_nowhere_near_it_is_told_nothing(self):
        result = self.inside("sh", "-c", "for i in $(seq 5); do sleep 60 & done; exit 3", profile=limits(processes=12))
        self.assertEqual((result.returncode, result.stderr), (3, b""))

    def test_a_lower_bound_outside_stays(self):
        if self.by("processes", 50) == "cgroup":
            return
        result = self.snug(*self.words(["sh", "-c", "ulimit -H -d"], limits(memory="2G")),
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30)))
        self.assertEqual(result.stdout.strip(), str(1 << 20).encode(), self.story(result))

    def test_two_sandboxes_do_not_count_for_each_other(self):
        one = self.start("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 60 & done; echo ready; wait",
                         profile=limits(processes=10))
        self.assertEqual(one.stdout.readline(), b"ready\n")
        out = self.python(self.FORKS, profile=limits(processes=10))
        self.assertEqual(out.stdout.strip(), b"9", self.story(out))


class GroupTest(Limits):
    def test_the_run_sees_its_own_cgroup_and_cannot_change_it(self):
        if self.by("memory", "64M") == "process":
            self.assertNotIn("cgroup", self.plan(limits(memory="64M"))["limits"])
            return
        out = self.shell("cat /proc/self/cgroup /sys/fs/cgroup/memory.max; "
                         "echo 1 > /sys/fs/cgroup/memory.max || echo kept; mkdir /sys/fs/cgroup/x || echo none",
                         profile=limits(memory="64M"))
        self.assertEqual(out.split(), ["0::/", str(64 << 20), "kept", "none"])

    def test_nothing_is_left(self):
        def left():
            return [path for path, _, _ in os.walk("/sys/fs/cgroup") if "/snug-" in path]
        before = set(left())
        profile = limits(memory="64M", processes=20)
        self.assert_status(self.inside("true", profile=profile), 0)
        killed = self.start("sh", "-c", "echo ready; sleep 60", profile=profile)
        self.assertEqual(killed.stdout.readline(), b"ready\n")
        killed.kill()
        self.wait_until(lambda: not set(left()) - before, "the cgroups of both runs are gone", 60)


class DelegatedTest(Limits):
    """In a group that systemd has given away. Where no cgroup can be had there is none to give either."""

    def in_scope(self, *command):
        given = ["systemd-run", "--user", "--scope", "--quiet", "-p", "Delegate=yes", "--"]
        environment = self.environment({"XDG_RUNTIME_DIR": f"/run/user/{os.getuid()}"})
        result = subprocess.run([*given, *command], cwd=self.project, env=environment, stdin=subprocess.DEVNULL,
                                capture_output=True, timeout=120)
        self.assert_status(result, 0)
        return result.stdout.decode()

    def test_it_is_divided_where_nobody_else_is_in_it(self):
        if self.by("memory", "64M") == "process":
            return self.assertNotIn("cgroup", self.plan(limits(memory="64M"))["limits"])
        profile = limits(memory="64M", processes=20)
        plan = json.loads(self.in_scope(snugtest.SNUG, "plan", "--json", "-p", self.profile(profile), "--", "true"))
        self.assertEqual(plan["limits"]["cgroup"]["from"], "below", plan["limits"])
        script = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; grep -c . /sys/fs/cgroup/cgroup.procs"
        out = self.in_scope(snugtest.SNUG, *self.words(["sh", "-c", script], profile))
        self.assertEqual(out.split()[:2], [str(64 << 20), "21"])
        groups = self.in_scope("sh", "-c", 'exec "$@"', "sh", snugtest.SNUG, *self.words(["cat", "/proc/self/cgroup"], profile))
        self.assertEqual(groups.strip(), "0::/")

    def test_nobody_else_is_moved_out_of_it(self):
        if self.by("memory", "64M") == "process":
            return self.assertNotIn("cgroup", self.plan(limits(memory="64M"))["limits"])
        profile = self.profile(limits(memory="64M"))
        script = 'before=$(cat /proc/self/cgroup); "$1" plan --json -p "$2" -- true; "$1" run -p "$2" -- true; test "$before" = "$(cat /proc/self/cgroup)"'
        plan = json.loads(self.in_scope("sh", "-ec", script, "sh", snugtest.SNUG, profile))
        self.assertEqual(plan["limits"]["cgroup"]["from"], "systemd")


class EachProcessTest(Limits):
    def test_rlimits_are_those_of_the_profile(self):
        out = self.shell("ulimit -Sn; ulimit -Hn; ulimit -Hc; ulimit -Ht; ulimit -Hf",
                         profile='[limits]\nrlimit = { nofile = 77, core = 0, cpu = "10m", fsize = "2M" }\n')
        self.assertEqual(out.split(), ["77", "77", "0", "601", "4096"])


    def test_a_death_at_one_is_told_with_its_line(self):
        result = self.inside("sh", "-c", "while :; do :; done", profile='[limits]\nrlimit.cpu = "1s"\n')
        self.assertEqual(result.returncode, 152, self.story(result))
        self.assertRegex(result.stderr, rb"killed: a process may have 1s of processor time at most, \S+test.toml:3 "
                                        rb".*; to allow more: --set limits.rlimit.cpu=2s")
        write = "exec head -c 3M /dev/zero >/tmp/big"
        for script, status in ((write, 153), (f"({write}); exit $?", 153)):
            result = self.inside("sh", "-c", script, profile=limits(disk="2M"))
            self.assertEqual(result.returncode, status, self.story(result))
            self.assertRegex(result.stderr, rb"killed: a file may have 2M at most, \S+test.toml:3 \(limits.disk\); "
                                            rb"to allow more: --set limits.disk=4M")
        self.assertEqual(self.inside("sh", "-c", "exit 153").stderr, b"")

    def test_what_cannot_be_is_refused_with_its_line(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        for name, value, fix in (("nofile", hard + 1, f"write {hard} or less"), ("nofile", 3, "write 24 or more"),
                                 ("nproc", 1, "write 2 or more")):
            result = self.inside("true", profile=f"[limits]\nrlimit = {{ {name} = {value} }}\n")
            self.assert_refused(result, f"limits.rlimit.{name}", r"needed by: \S+test.toml:3", f"fix: {fix}")

    def test_with_the_fewest_files_a_command_runs_and_another_enters(self):
        profile = "[limits]\nrlimit = { nofile = 24, nproc = 8 }\n"
        process = self.start("sh", "-c", "echo ready; sleep 60", profile=profile, options=["--name", "narrow"])
        self.assertEqual(process.stdout.readline(), b"ready\n")
        result = self.snug("exec", "narrow", "sh", "-c", "ulimit -n")
        self.assertEqual((result.returncode, result.stdout), (0, b"24\n"), self.story(result))

    def test_a_lower_bound_outside_holds_where_the_disk_is_limited(self):
        result = self.snug(*self.words(["sh", "-c", "ulimit -H -f"], limits(disk="1G")),
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 29, 1 << 29)))
        self.assertEqual(result.stdout.strip(), str(1 << 20).encode(), self.story(result))


class TimeoutTest(Limits):
    def test_a_command_that_minds_no_term_is_killed_after_a_grace(self):
        result = self.python("import signal, time; signal.signal(signal.SIGTERM, lambda *a: print('told', flush=True))\n"
                             "while True: time.sleep(1)", profile=limits(timeout="1s"))
        self.assertEqual((result.returncode, result.stdout), (124, b"told\n"), self.story(result))
        self.assertRegex(result.stderr, rb"timed out after 1s, \S+test.toml:3 \(limits.timeout\)")

    def test_a_command_that_stops_snug_does_not_stop_the_time(self):
        # On a terminal snug stops with its command; what the command has left running goes on.
        word = "outlast" + os.urandom(4).hex()
        self.write("outlast.py", "import os, signal, time\nfor s in (signal.SIGTERM, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\n"
                                 "if os.fork() == 0:\n  os.setsid(); open('begun', 'w').close(); time.sleep(1000)\n"
                                 "os.kill(os.getpid(), signal.SIGSTOP)\n")
        terminal = snugtest.Terminal(["/bin/sh", "-c", f"{snugtest.SNUG} run --timeout 1s -- python3 outlast.py {word}; echo status $?"],
                                     self.project)
        self.addCleanup(terminal.close)
        self.wait_until(lambda: os.path.exists(os.path.join(self.project, "begun")), "the command runs", 20)
        # snug and its caller have the word among their arguments, too
        self.wait_until(lambda: len(snugtest.processes_with(word)) <= 1, "what the command left is gone", 60)
        for pid in snugtest.children_of(terminal.pid):
            os.kill(pid, signal.SIGCONT)
        terminal.expect("status 124", 20)


class StatsTest(Limits):
    SCRIPT = ("for i in 1 2 3 4 5; do /bin/true; done; head -c 3000000 /dev/zero > big; sync big; "
              "python3 -c 'x = bytearray(50 << 20); a = sum(range(3000000))'; sleep 0.3")

    def used(self, *options, profile=None):
        read, write = os.pipe()
        result = self.inside("sh", "-c", self.SCRIPT, profile=profile, options=["--stats", "--status-fd", str(write), *options], pass_fds=[write])
        os.close(write)
        with open(read) as lines:
            return result, json.loads(lines.readlines()[-1])["used"]

    def test_it_says_what_was_used(self):
        result, used = self.used()
        self.assert_status(result, 0)
        text = result.stderr.decode()
        for line in (r"wall +\d+\.\d{3} s", r"cpu +\d+\.\d{3} s", r"memory +\d+M at the most, of the largest process",
                     r"processes +\d+ started", r"written +[\d.]+[KM] to disks", r"network +0K? sent, 0K? received"):
            self.assertRegex(text, line)
        self.assertGreaterEqual(used["wall_ms"], 300)
        self.assertGreater(used["cpu_us"], 20000)
        self.assertGreater(used["memory"], 50 << 20)
        self.assertGreaterEqual(used["processes_started"], 10)
        self.assertLess(used["processes_started"], 40)
        if os.stat(self.project).st_dev in (os.stat("/").st_dev,):
            self.assertGreaterEqual(used["written"], 3000000)

    def test_a_small_command_is_measured_small(self):
        # snug itself has some MiB when it starts it.
        result = self.inside("true", options=["--stats"])
        size, unit = re.search(rb"memory +([\d.]+)([KM]) at the most, of the largest", result.stderr).groups()
        self.assertLess(float(size) * {b"K": 1, b"M": 1024}[unit], 4096, result.stderr)

    def test_of_a_cgroup_it_is_all_together(self):
        _, used = self.used(profile=limits(memory="512M", processes=50))
        self.assertEqual(used["memory_together"], self.by("memory", "512M") == "cgroup")

    def test_the_hosts_network_is_not_counted(self):
        result, used = self.used("--net", "host")
        self.assertIsNone(used["sent"])
        self.assertIn(b"the host's, not counted", result.stderr)

    def test_without_being_asked_nothing_is_said(self):
        self.assertEqual(self.inside("true").stderr, b"")


class ProcessorsTest(Limits):
    def test_the_command_starts_on_so_many(self):
        if self.by("cpus", 1) == "cgroup":
            script = "import time; a = time.process_time(); b = time.monotonic()\nwhile time.process_time() - a < 1: pass\nprint((time.monotonic() - b) >= 1.5)"
            out = self.python(script, profile=limits(cpus=0.5))
            self.assertEqual(out.stdout.strip(), b"True", self.story(out))
        else:
            self.assertEqual(self.shell("nproc", profile=limits(cpus=0.5)), "1\n")


class BombTest(Limits):
    """The host answers while they go off, and nothing is left behind."""

    BOUNDS = {"memory": "128M", "processes": 40, "cpus": 1, "disk": "16M", "timeout": f"{snugtest.patient(8):.0f}s"}

    def answer_time(self):
        began = time.monotonic()
        os.spawnv(os.P_WAIT, "/bin/true", ["true"])
        with open(os.path.join(self.project, "alive"), "w") as file:
            file.write("x")
        return time.monotonic() - began

    def explode(self, script, **bounds):
        """Runs it to its end; the host answers all the while."""
        word = "bomb" + os.urandom(4).hex()
        thrown_away = '[changes]\non-success = "discard"\non-failure = "discard"\n'
        profile = '[filesystem]\nproject = "overlay"\nhome = "tmpfs"\n' + thrown_away + limits(**{**self.BOUNDS, **bounds})
        process = self.start("/usr/bin/python3", "-c", script, word, profile=profile)
        slowest = 0
        while process.poll() is None:
            slowest = max(slowest, self.answer_time())
            time.sleep(0.05)
        self.assertLess(slowest, 5)
        self.wait_until(lambda: not snugtest.processes_with(word), "the bomb's processes are gone")
        return process.returncode, process.stdout.read(), process.stderr.read()

    def test_fork_bomb(self):
        status, _, err = self.explode("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", timeout="2s")
        self.assertEqual(status, 124, err)

    def test_memory_bomb(self):
        status, _, err = self.explode("x = []\nwhile True: x.append(bytearray(1 << 20))")
        self.assertIn(status, (1, 137), err)

    def test_disk_filler(self):
        status, _, err = self.explode("with open('big', 'wb') as f:\n  for n in range(2000):\n    f.write(bytes(1 << 20)); f.flush()")
        self.assertNotIn(status, (0, 124), err)

    def test_inode_filler_of_a_tmpfs(self):
        status, out, err = self.explode(
            "n = 0\ntry:\n  while True: open('/dev/shm/%d' % n, 'w').close(); n += 1\nexcept OSError as e: print(e.errno)")
        self.assertEqual((status, out.strip()), (0, b"28"), err)

    def test_inode_filler_of_a_layer(self):
        status, _, err = self.explode("n = 0\nwhile True: open('%d' % n, 'w').close(); n += 1", disk="4M", timeout="120s")
        self.assertEqual(status, 137, err)
        self.assertIn(b"limits.disk = 4M", err)

    def test_files_removed_and_kept(self):
        # No directory shows them: open, by a process that nobody may look at, by a thread with descriptors of its own, mapped.
        fill = ("import ctypes, mmap, os, threading, time\nlibc, kept = ctypes.CDLL(None), []\n"
                "def fill(keep):\n  for n in range(40):\n    f = open('big', 'w+b'); f.write(bytes(3 << 20)); f.flush()\n"
                "    os.unlink('big'); kept.append(keep(f)); time.sleep(0.02)\n  time.sleep(1000)\n")
        ways = {"open": "fill(lambda f: f)",
                "undumpable": "libc.prctl(4, 0, 0, 0, 0); fill(lambda f: f)",
                "thread": "t = threading.Thread(target=lambda: (libc.unshare(0x400), fill(lambda f: f))); t.start(); t.join()",
                "mapped": "fill(lambda f: mmap.mmap(f.fileno(), 3 << 20))"}
        for way, line in ways.items():
            with self.subTest(way):
                status, _, err = self.explode(fill + line, timeout="60s", memory="512M")
                self.assertEqual(status, 137, err)
                self.assertIn(b"limits.disk = 16M", err)

    def test_descriptor_hog(self):
        status, out, err = self.explode("import os\ntry:\n  while True: os.dup(0)\nexcept OSError as e: print(e.errno)")
        self.assertEqual((status, out.strip()), (0, b"24"), err)


if __name__ == "__main__":
    snugtest.main()
