"""What bounds a run as a whole. Where a cgroup can be had it is asserted that the cgroup holds; where not, what each
process is held to. Each run says which of the two it was; neither is ever skipped."""
import json
import os
import resource
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

    def test_what_is_only_reserved_does_not_count(self):
        # As node and Go do: address space without rights, which RLIMIT_AS would count.
        script = "import mmap; m = mmap.mmap(-1, 8 << 30, prot=0); print(len(m))"
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

    BOUNDS = {"memory": "128M", "processes": 40, "cpus": 1, "disk": "16M", "timeout": "8s"}

    def answer_time(self):
        began = time.monotonic()
        os.spawnv(os.P_WAIT, "/bin/true", ["true"])
        with open(os.path.join(self.project, "alive"), "w") as file:
            file.write("x")
        return time.monotonic() - began

    def explode(self, script, **bounds):
        """Runs it to its end; the host answers all the while."""
        word = "bomb" + os.urandom(4).hex()
        profile = '[filesystem]\nproject = "overlay"\nhome = "tmpfs"\n' + limits(**{**self.BOUNDS, **bounds})
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

    def test_descriptor_hog(self):
        status, out, err = self.explode("import os\ntry:\n  while True: os.dup(0)\nexcept OSError as e: print(e.errno)")
        self.assertEqual((status, out.strip()), (0, b"24"), err)


if __name__ == "__main__":
    snugtest.main()
