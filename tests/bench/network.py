"""The filtered network beside the host's own over a link, and beside slirp4netns. Started by tests/bench/run as an
ordinary user; prints, and never fails on time.

The "internet" is a network namespace behind a link (support/networks.py). "host" is a client at this end of the link.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import networks

networks.enter()
from snugtest import HOME, SNUG, STAGE

QUICK = "--quick" in sys.argv
ROW = "{:<46} {:>12} {:>12} {:>8} {:>8}  {}"
PORT = "90"
PROFILE = 'version = 1\n[network]\nmode = "filtered"\nallow = ["web.test:90"]\n[filesystem]\nhome = "tmpfs"\n'


def row(what, ours, theirs, relation, budget, remark=""):
    print(ROW.format(what, ours, theirs, relation, budget, remark), flush=True)


def start(words, line, **more):
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more)
    if process.stdout.readline().strip() != line:
        raise RuntimeError(f"{words} did not start")
    return process


class Slirp:
    """A network namespace whose packets slirp4netns carries."""

    @staticmethod
    def start():
        """None where it is not installed or may not run."""
        usable = shutil.which("slirp4netns") and os.access("/dev/net/tun", os.R_OK | os.W_OK)
        return Slirp() if usable else None

    def __init__(self):
        self.inside = start(["unshare", "--net", sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()"], "here")
        read, write = os.pipe()
        self.process = subprocess.Popen(["slirp4netns", "--configure", "--mtu=65520", "--disable-dns", f"--ready-fd={write}",
                                         str(self.inside.pid), "tap0"], pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        os.read(read, 1)
        os.close(read)

    def words(self, *command):
        return ["nsenter", f"--net=/proc/{self.inside.pid}/ns/net", *command]

    def close(self):
        for process in (self.process, self.inside):
            process.kill()
            process.wait()


class Bench:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="bench-net-", dir=HOME)
        self.project = os.path.join(self.folder, "project")
        os.mkdir(self.project)
        self.program = os.path.join(self.project, "streams")
        subprocess.run(["gcc", "-O2", "-pthread", "-o", self.program, os.path.join(STAGE, "bench/streams.c")], check=True)
        self.profile = os.path.join(self.folder, "net.toml")  # outside the project: it needs no approval
        with open(self.profile, "w") as file:
            file.write(PROFILE)
        self.snug = networks.without_rights(SNUG)
        self.net = networks.Internet()
        self.server = start([*self.net.there(), self.program, "serve", "0.0.0.0", PORT], "ready")
        self.slirp = Slirp.start()

    def close(self):
        if self.slirp:
            self.slirp.close()
        self.server.kill()
        self.server.wait()
        self.net.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def inside(self, *command):
        return [self.snug, "run", "-p", self.profile, "--", *command]

    def numbers(self, words):
        output = subprocess.run(words, cwd=self.project, check=True, stdout=subprocess.PIPE, text=True).stdout
        return [float(word) for word in output.split()]

    def compare(self, what, count, *more, rounds=None):
        """Medians of what the client prints: host, snug, slirp4netns."""
        measured = {"host": [], "snug": [], "slirp": []}
        client = [self.program, what]
        for _ in range(rounds or (3 if QUICK else 9)):
            measured["host"].append(self.numbers([*client, networks.WEB, PORT, count, *more]))
            measured["snug"].append(self.numbers(self.inside(*client, "web.test", PORT, count, *more)))
            if self.slirp:
                measured["slirp"].append(self.numbers(self.slirp.words(*client, networks.WEB, PORT, count, *more)))
        return {who: [statistics.median(column) for column in zip(*rows)] for who, rows in measured.items()}

    def throughput(self):
        size = "512" if QUICK else "2048"
        for what, name in (("up", "one stream up"), ("down", "one stream down")):
            found = self.compare(what, size)
            self.row_of_rates(f"{name} / host over a link", found, "MiB/s", ">= 0.75")
        found = self.compare("down", str(int(size) // 8), "8")
        self.row_of_rates("8 streams down / host over a link", found, "MiB/s", "")

    def row_of_rates(self, what, found, unit, budget):
        ours, host = found["snug"][0], found["host"][0]
        remark = f"{ours / found['slirp'][0]:.1f} times slirp4netns" if found["slirp"] else "no slirp4netns here"
        row(what, f"{ours:.0f} {unit}", f"{host:.0f} {unit}", f"{ours / host:.2f}", budget, remark)

    def connections(self):
        found = self.compare("connect", "1000" if QUICK else "5000")
        self.row_of_rates("connections one after another / host", found, "/s", ">= 0.55")
        for i, name in ((1, "median of one"), (2, "p99 of one")):
            ours, host = found["snug"][i], found["host"][i]
            row(f"  {name}", f"{ours:.0f} us", f"{host:.0f} us", f"{ours / host:.2f}", "")
        found = self.compare("request", "5000" if QUICK else "20000")
        self.row_of_rates("requests in one connection / host", found, "/s", "")

    def starts(self):
        """What a network costs a start, in pairs."""
        profiles = {}
        for name, text in (("filtered", PROFILE), ("none", PROFILE.replace("filtered", "none").replace("allow", "#"))):
            profiles[name] = os.path.join(self.folder, name + ".toml")
            with open(profiles[name], "w") as file:
                file.write(text)
        times = {name: [] for name in profiles}
        for _ in range(20 if QUICK else 200):
            for name, path in profiles.items():
                begin = time.monotonic()
                subprocess.run([self.snug, "run", "-p", path, "--", "/bin/true"], cwd=self.project, check=True)
                times[name].append((time.monotonic() - begin) * 1000)
        cost = statistics.median(a - b for a, b in zip(times["filtered"], times["none"]))
        row("start, filtered - none", f"{statistics.median(times['filtered']):.2f} ms", f"{statistics.median(times['none']):.2f} ms",
            f"+{cost:.2f}", "<= 2.5 ms")

    def held(self):
        process = start(self.inside(self.program, "hold", "web.test", PORT, "1000"), "held", cwd=self.project)
        outside = process.pid  # sh and setpriv became snug
        time.sleep(0.3)
        before = switches(outside)
        time.sleep(1 if QUICK else 5)
        wakeups = switches(outside) - before
        row("private memory with 1,000 connections", f"{private_memory(outside) / 1024:.2f} MiB", "", "", "")
        row("wake-ups with 1,000 idle connections", str(wakeups), "", "", "0")
        process.communicate("")


def private_memory(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def switches(pid):
    with open(f"/proc/{pid}/status") as file:
        return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)


def main():
    bench = Bench()
    try:
        row("network", "snug", "other", "ratio", "budget", "")
        for part in (bench.throughput, bench.connections, bench.starts, bench.held):
            part()
    finally:
        bench.close()


main()
