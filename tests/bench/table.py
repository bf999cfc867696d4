"""The benchmark's table. Started by tests/bench/run as an ordinary user; prints, and never fails on time."""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

import record
import snugtest
from snugtest import HOME, SNUG, STAGE, Terminal

QUICK = "--quick" in sys.argv
SOURCE = os.path.join(STAGE, "bench")
WORK = tempfile.mkdtemp(prefix="bench-", dir=HOME)
# Outside the home: a project inside it has a mount point in the stored home only while it runs, which floor_full does not make.
OUTSIDE = tempfile.mkdtemp(prefix="snug-bench-", dir="/var/tmp")
PROJECT = os.path.join(OUTSIDE, "project")
DEFAULT_ROUNDS = 60 if QUICK else 300
ROW = "{:<46} {:>12} {:>12} {:>8} {:>8}  {}"


# --- measuring ------------------------------------------------------------------------------------------------------------


def compile_c(name, *options):
    program = os.path.join(WORK, name)
    subprocess.run(["gcc", "-O2", *options, "-o", program, os.path.join(SOURCE, name + ".c")], check=True)
    return program


def pairs(rounds, *commands, jobs=0, env=None):
    """Runs the commands in turn; returns one list of milliseconds per command, or starts per second."""
    words = [PAIRS, *(["-j", str(jobs)] if jobs else []), str(rounds)]
    for command in commands:
        words += ["--", *command]
    output = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, cwd=PROJECT, env=env).stdout
    lines = [[float(word) for word in line.split()] for line in output.splitlines()]
    return lines[0] if jobs else [[value / 1e6 for value in column] for column in zip(*lines)]


def ratio(ours, theirs):
    """Median of the paired ratios."""
    return statistics.median(a / b for a, b in zip(ours, theirs))


def row(what, ours, theirs, relation, budget, remark=""):
    print(ROW.format(what, ours, theirs, relation, budget, remark), flush=True)


def row_of_times(what, ours, theirs, budget, remark=""):
    row(what, f"{statistics.median(ours):.2f} ms", f"{statistics.median(theirs):.2f} ms", f"{ratio(ours, theirs):.2f}", budget, remark)


# --- what is compared -----------------------------------------------------------------------------------------------------


def snug(*command, profile=None):
    return [SNUG, "run", *(["-p", profile] if profile else []), *command]


def plan():
    output = subprocess.run([SNUG, "plan", "--json"], cwd=PROJECT, check=True, capture_output=True).stdout
    return json.loads(output)


def bubblewrap(*command):
    """bubblewrap with the same view and namespaces: /etc by the same number of binds and files, no seccomp, no Landlock."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "snug", "--chdir", PROJECT,
             "--dev", "/dev"]
    after = []
    for entry in plan()["view"]:
        words += bubblewrap_entry(entry, after)
    return words + after + list(command)


def bubblewrap_entry(entry, after):
    target, kind = entry["target"], entry["type"]
    if kind == "special" or target.startswith("/dev/"):
        return {"/proc": ["--proc", "/proc"], "/dev/mqueue": ["--mqueue", "/dev/mqueue"],
                "/dev/shm": ["--tmpfs", "/dev/shm"]}.get(target, [])
    if kind == "bind":
        return ["--ro-bind" if entry["access"] == "read" else "--bind", entry["source"], target]
    if kind == "copy":
        return ["--ro-bind", entry["source"], target]
    if kind == "file":
        return ["--ro-bind", "/dev/null" if not os.path.exists(target) else target, target]
    if kind == "tmpfs" and target != "/":
        return ["--tmpfs", target]
    if kind == "symlink":
        return ["--symlink", entry["to"], target]
    if kind == "directory":
        return ["--dir", target]
    if kind == "mask" and os.path.isdir(target):
        after += ["--tmpfs", target]
    elif kind == "mask" and os.path.exists(target):
        after += ["--ro-bind", "/dev/null", target]
    elif kind == "seal" and os.path.exists(target):
        after += ["--ro-bind", target, target]
    return []


# --- the table ------------------------------------------------------------------------------------------------------------


def starts():
    true = [shutil.which("true")]
    ours, bwrap, floor, nothing = pairs(DEFAULT_ROUNDS, snug(*true), bubblewrap(*true), [FLOOR, *true], true)
    row_of_times("run -- true / bubblewrap, same view", ours, bwrap, "<= 0.70")
    row_of_times("run -- true / floor_full", ours, floor, "<= 1.25", f"true alone {statistics.median(nothing):.2f} ms")
    ours, bwrap, floor = pairs(DEFAULT_ROUNDS, snug(*true), bubblewrap(*true), [FLOOR, *true], jobs=8)
    row("8 launchers at once, starts/s / bubblewrap", f"{ours:.0f}/s", f"{bwrap:.0f}/s", f"{ours / bwrap:.2f}", ">= 2.5", f"floor_full {floor:.0f}/s")


def binds():
    true = [shutil.which("true")]
    folders = []
    for number in range(1000):
        folders.append(os.path.join(OUTSIDE, "many", f"d{number}"))
        os.makedirs(folders[-1])
    rounds = max(10, DEFAULT_ROUNDS // 10)
    medians = {}
    for count in (1, 10, 100, 1000):
        profile = os.path.join(WORK, f"binds{count}.toml")
        with open(profile, "w") as file:
            file.write("version = 1\n[filesystem]\nread = [" + ", ".join(snugtest.quoted(name) for name in folders[:count]) + "]\n")
        floor = record.build(SNUG, ["run", "-p", profile, "--", *true], SOURCE, os.path.join(WORK, f"floor{count}"))
        ours, theirs = pairs(rounds, snug(*true, profile=profile), [floor, *true])
        medians[count] = statistics.median(ours)
        row_of_times(f"{count} binds / floor_full with them", ours, theirs, "<= 1.2" if count == 1000 else "")
    each = (medians[1000] - medians[100]) / 0.9, (medians[100] - medians[1]) / 0.099
    row("one more bind, 100-1000 / 1-100", f"{each[0]:.1f} us", f"{each[1]:.1f} us", f"{each[0] / each[1]:.2f}", "linear")


def first_prompt():
    def once(argv):
        begin = time.monotonic()
        terminal = Terminal(argv, PROJECT, {**os.environ, "PS1": "prompt> "})
        terminal.expect(r"[>$#] ")
        took = (time.monotonic() - begin) * 1000
        terminal.line("exit")
        terminal.status()
        terminal.close()
        return took

    rounds = 5 if QUICK else 25
    ours, theirs = zip(*[(once([SNUG]), once(["/bin/bash", "--norc"])) for _ in range(rounds)])
    row_of_times("first prompt / bash --norc outside", ours, theirs, "<= 60 ms")


OVERLAY = ["--project", "overlay", "--set", "changes.on-success=discard", "--set", "changes.on-failure=discard"]
CAPTURE = ["--project", "overlay", "--set", "changes.on-success=keep"]


def captured_starts():
    true = [shutil.which("true")]
    without = [SNUG, "run", "--set", "changes.on-success=keep", *true]
    captured, everything, ours = pairs(DEFAULT_ROUNDS, [SNUG, "run", *CAPTURE, *true], [SNUG, "run", "--capture", *true], without)
    row_of_times("run -- true with a capture / without", captured, ours, "<= 1.25")
    row_of_times("run --capture -- true / without", everything, ours, "")


def captured_files():
    """Written over, added and removed, 10,000 of each, and kept: with what brings them to the disk."""
    folder = os.path.join(PROJECT, "files")

    def prepare():
        for number in range(20000):
            os.makedirs(os.path.join(folder, f"d{number // 100}"), exist_ok=True)
            with open(os.path.join(folder, f"d{number // 100}", f"f{number}"), "w") as file:
                file.write("old\n")
        os.sync()

    script = ("import os\nfor n in range(10000):\n  d = f'files/d{n // 100}/'\n  open(d + f'f{n}', 'a').write('new\\n')\n"
              "  open(d + f'n{n}', 'w').write('new\\n')\n  os.remove(f'files/d{(n + 10000) // 100}/f{n + 10000}')\n")

    def once(words, after=()):
        prepare()
        begin = time.monotonic()
        subprocess.run(words, cwd=PROJECT, check=True, stderr=subprocess.DEVNULL)
        took = (time.monotonic() - begin) * 1000
        subprocess.run([SNUG, "clean", "captures", "--yes"], cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(folder)
        return took

    rounds = 2 if QUICK else 7
    outside = ["sh", "-c", "python3 -c \"$1\" && sync -f .", "sh", script]
    ours, theirs = zip(*[(once([SNUG, "run", *CAPTURE, "python3", "-c", script]), once(outside)) for _ in range(rounds)])
    row_of_times("capture 30,000 changes / write them, sync -f", ours, theirs, "<= 1.5", f"{rounds} rounds; ends with the list of changes")


def make_files(folder, count):
    for number in range(count):
        directory = os.path.join(folder, f"d{number // 100}")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, f"f{number}"), "w") as file:
            file.write("old\n" * (1 + number % 7))


def in_turn(rounds, ours, theirs):
    """Milliseconds of both, each run once before."""
    def once(step):
        begin = time.monotonic()
        step()
        return (time.monotonic() - begin) * 1000

    ours(), theirs()
    return zip(*[(once(ours), once(theirs)) for _ in range(rounds)])


def quiet(*words):
    subprocess.run(words, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def change_and_keep(script):
    """A capture of what the script changes in the project; returns its upper directory."""
    quiet(SNUG, "run", *CAPTURE, "python3", "-c", script)
    [capture] = json.loads(subprocess.run([SNUG, "diff", "--list", "--json"], cwd=PROJECT, check=True, capture_output=True).stdout)["captures"]
    [upper] = [os.path.join(top, "upper") for top, names, _ in os.walk(os.path.join(HOME, ".local/state/snug/captures"))
               if os.path.basename(top) == capture["name"] and "upper" in names]
    return upper


def listed_changes():
    """Two fifths written to, two fifths new, one fifth deleted."""
    part = 2000 if QUICK else 20000
    make_files(os.path.join(PROJECT, "many"), 3 * part)
    upper = change_and_keep(f"import os\nfor n in range({2 * part}):\n  d = f'many/d{{n // 100}}/'\n  open(d + f'f{{n}}', 'a').write('new\\n')\n"
                            f"  open(d + f'n{{n}}', 'w').write('new\\n')\n"
                            f"for n in range({2 * part}, {3 * part}): os.remove(f'many/d{{n // 100}}/f{{n}}')\n")
    rounds = 5 if QUICK else 15
    find = lambda: quiet("find", upper, "-printf", "%s\n")
    for option in ("--name-only", "--stat"):
        ours, theirs = in_turn(rounds, lambda: quiet(SNUG, "diff", option), find)
        row_of_times(f"diff {option} of {5 * part:,} changes / find -printf %s", ours, theirs, "<= 1.5", f"{rounds} rounds")
    quiet(SNUG, "clean", "captures", "--yes")
    shutil.rmtree(os.path.join(PROJECT, "many"))


def applied_changes():
    count = 1000 if QUICK else 10000
    files, copy = os.path.join(PROJECT, "many"), os.path.join(OUTSIDE, "copy")

    def once():
        make_files(files, count)
        upper = change_and_keep(f"for n in range({count}): open(f'many/d{{n // 100}}/f{{n}}', 'a').write('new\\n')")
        shutil.copytree(files, copy)
        os.sync()
        begin = time.monotonic()
        quiet("cp", "-a", os.path.join(upper, "many", "."), copy)
        copied = time.monotonic()
        quiet("sync", "-f", copy)
        synced = time.monotonic()
        quiet(SNUG, "apply", "--yes")
        applied = time.monotonic()
        shutil.rmtree(files)
        shutil.rmtree(copy)
        return (applied - synced) * 1000, (copied - begin) * 1000, (synced - begin) * 1000

    rounds = 3 if QUICK else 7
    ours, theirs, synced = zip(*[once() for _ in range(rounds)])
    row_of_times(f"apply --yes of {count:,} files / cp -a", ours, theirs, "<= 2",
                 f"{rounds} rounds; cp -a and sync -f {statistics.median(synced):.0f} ms")


def compile_project():
    folder = os.path.join(PROJECT, "lua")
    with tarfile.open(os.path.join(STAGE, "downloads/lua5.4_5.4.4.orig.tar.gz")) as tar:
        tar.extractall(folder)
    folder = os.path.join(folder, os.listdir(folder)[0])
    script = f"make -s -C {folder} clean; make -s -C {folder} linux >/dev/null 2>&1; times"

    def cpu_time(words):
        output = subprocess.run(words, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
        minutes = re.findall(r"(\d+)m([\d.]+)s", output)[2:4]
        return sum(60 * float(m) + float(s) for m, s in minutes) * 1000

    rounds = 3 if QUICK else 15
    command = ["bash", "-c", script]
    inside, outside = zip(*[(cpu_time(snug(*command)), cpu_time(command)) for _ in range(rounds)])
    row_of_times("compile lua, CPU time / outside", inside, outside, "<= 1.03", f"{rounds} rounds")
    inside, outside = zip(*[(cpu_time([SNUG, "run", *OVERLAY, *command]), cpu_time(command)) for _ in range(rounds)])
    row_of_times("the same in a capture / outside", inside, outside, "<= 1.08", f"{rounds} rounds")


def loops():
    def measure(words):
        output = subprocess.run(words, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
        return {name: float(value) for name, value in (line.split() for line in output.splitlines())}

    rounds = 5 if QUICK else 15
    results = [(measure(snug(LOOPS)), measure([FLOOR, LOOPS]), measure([LOOPS])) for _ in range(rounds)]
    for name in ("getppid", "stat", "open"):
        inside, floor, outside = ([result[i][name] for result in results] for i in range(3))
        row(f"{name}{'+close' if name == 'open' else ''} / inside floor_full", f"{statistics.median(inside):.0f} ns", f"{statistics.median(floor):.0f} ns",
            f"{ratio(inside, floor):.2f}", "<= 1.05", f"outside {statistics.median(outside):.0f} ns")


def memory():
    process = subprocess.Popen(snug("sh", "-c", "echo ready; read x"), cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(0.5)  # snug settles down 200 ms after the start
    with open(f"/proc/{process.pid}/smaps_rollup") as file:
        sizes = {name: int(value) for name, value in re.findall(r"(\w+): +(\d+) kB", file.read())}
    before = switches(process.pid)
    time.sleep(1 if QUICK else 5)
    wakeups = switches(process.pid) - before
    process.communicate(b"\n")
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    row("private memory of the outside process", f"{private / 1024:.2f} MiB", "", "", "<= 3 MiB",
        f"written {sizes['Private_Dirty'] / 1024:.2f} MiB, the rest is the program's file; Pss {sizes['Pss'] / 1024:.2f} MiB")
    row("its wake-ups while idle", str(wakeups), "", "", "0")


def switches(pid):
    with open(f"/proc/{pid}/status") as file:
        return sum(int(value) for value in re.findall(r"ctxt_switches:\s+(\d+)", file.read()))


def steps():
    """Which system calls the time goes to, as strace sees it: each call costs more under it, so only the order counts."""
    for name, words in (("set-up child and init", snug("true")),):
        prefix = os.path.join(WORK, "steps")
        subprocess.run(["strace", "-ff", "-T", "-o", prefix, *words], check=True, cwd=PROJECT, stdin=subprocess.DEVNULL)
        spent = {}
        for file in os.listdir(WORK):
            if not file.startswith("steps."):
                continue
            for line in open(os.path.join(WORK, file), encoding="latin-1"):
                match = re.match(r"(\w+)\(.*<([\d.]+)>$", line)
                if match and match.group(1) not in ("wait4", "waitid", "read", "poll", "ppoll", "epoll_wait", "epoll_pwait", "recvmsg", "select"):
                    total, count = spent.get(match.group(1), (0.0, 0))
                    spent[match.group(1)] = total + float(match.group(2)) * 1e6, count + 1
        print("\nWhere a start's time goes, microseconds in the kernel as strace counts them (about 20 a call are its own):")
        for call, (total, count) in sorted(spent.items(), key=lambda item: -item[1][0])[:14]:
            print(f"  {call:<24} {count:>5} calls {total:>8.0f} us")


def main():
    os.mkdir(PROJECT)
    subprocess.run(snug("true"), cwd=PROJECT, check=True)  # the stored home is made once
    global PAIRS, LOOPS, FLOOR
    PAIRS, LOOPS = compile_c("pairs"), compile_c("loops", "-static")
    shutil.copy(LOOPS, PROJECT)
    LOOPS = os.path.join(PROJECT, "loops")
    os.chdir(PROJECT)
    FLOOR = record.build(SNUG, ["run", "--", shutil.which("true")], SOURCE, os.path.join(WORK, "floor"))
    print(f"{os.uname().release}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {'quick' if QUICK else 'full'}\n")
    row("what", "snug", "other", "ratio", "budget", "")
    for part in (starts, binds, first_prompt, loops, memory, compile_project, captured_starts, captured_files, listed_changes, applied_changes, steps):
        part()


try:
    main()
finally:
    for folder in (WORK, OUTSIDE):
        shutil.rmtree(folder, ignore_errors=True)
