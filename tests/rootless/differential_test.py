"""After apply a tree is what the same operations make of it on the host: thousands of short sequences, each in a directory
of its own, in one sandbox. What a sequence is, is decided by its number alone."""
import json
import os
import random
import stat
import subprocess

import snugtest
from snugtest import Case
from trees import described

# Run on the host and inside. Each operation may fail, for the same reason on both sides. A directory is moved as mv
# moves it where rename cannot: on the host, too.
PLAYER = r"""
import json, os, shutil, stat, sys

def opened(path, flags):
    # Of a fifo without a reader nobody waits for one.
    return os.fdopen(os.open(path, flags | os.O_CREAT | os.O_NONBLOCK, 0o666), "wb")
def write(path, text):
    with opened(path, os.O_WRONLY | os.O_TRUNC) as file: file.write(text.encode())
def append(path, text):
    with opened(path, os.O_WRONLY | os.O_APPEND) as file: file.write(text.encode())
def poke(path, at, text):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(text.encode())
def replace(path, text):
    write(path + ".new", text)
    os.rename(path + ".new", path)
def outside(a, b):
    # Of a directory into itself there is no end.
    if (os.path.realpath(b) + "/").startswith(os.path.realpath(a) + "/"): raise OSError("within itself")
def move(a, b):
    outside(a, b)
    if os.path.isdir(a) and not os.path.islink(a):
        os.mkdir(b, 0o700)
        for name in sorted(os.listdir(a)): move(a + "/" + name, b + "/" + name)
        os.chmod(b, stat.S_IMODE(os.stat(a).st_mode))
        for key in os.listxattr(a): os.setxattr(b, key, os.getxattr(a, key))
        os.rmdir(a)
    else:
        os.rename(a, b)
def copy(a, b):
    outside(a, b)
    shutil.copytree(a, b, symlinks=True) if os.path.isdir(a) else shutil.copy2(a, b)
def remove(path):
    if os.path.isdir(path) and not os.path.islink(path): shutil.rmtree(path)
    else: os.unlink(path)
def remake(path):
    remove(path)
    os.mkdir(path)
    write(path + "/fresh", "fresh")
def swap_kind(path):
    was_directory = os.path.isdir(path)
    remove(path)
    write(path, "file") if was_directory else os.mkdir(path)
def link_over(a, b):
    os.link(a, b + ".l")
    os.rename(b + ".l", b)
def note(path, value): os.setxattr(path, "user.note", value.encode(), follow_symlinks=True)
def unnote(path): os.removexattr(path, "user.note")
def start():
    os.makedirs("d/e")
    for name, text in (("a", "a"), ("b", "b"), ("d/a", "da"), ("d/e/f", "def"), ("pair", "pair")): write(name, text)
    os.symlink("b", "d/b")
    os.link("pair", "twin")
    os.chmod("b", 0o640)
    note("a", "first")
actions = {f.__name__: f for f in (write, append, poke, replace, move, copy, remove, remake, swap_kind, link_over, note, unnote)}
actions |= {"mkdir": os.mkdir, "makedirs": os.makedirs, "rmdir": os.rmdir, "chmod": os.chmod, "symlink": os.symlink, "link": os.link,
            "fifo": os.mkfifo, "truncate": os.truncate, "touch": lambda path: append(path, "")}
top = os.getcwd()
os.umask(0o022)
for number, operations in enumerate(json.load(sys.stdin)):
    os.chdir(top)
    if sys.argv[1] == "start":
        os.mkdir(f"s{number}")
        os.chdir(f"s{number}")
        start()
        continue
    os.chdir(f"s{number}")
    for name, *words in operations:
        try:
            actions[name](*words)
        except (OSError, shutil.Error):
            pass
"""
NAMES = ("a", "b", "d", "d/a", "d/b", "d/e", "d/e/f", "x y", "d/e/a", "n\nl")
MODES = (0o600, 0o644, 0o755, 0o500, 0o000, 0o700)


def sequence(seed):
    chance = random.Random(seed)
    name = lambda: chance.choice(NAMES)
    text = lambda: chance.choice(("", "x", "text\n" * 40, "y" * 70000))
    kinds = (
        lambda: ("write", name(), text()), lambda: ("append", name(), text()), lambda: ("replace", name(), text()),
        lambda: ("poke", name(), chance.choice((0, 5000, 3 << 20)), "poked"), lambda: ("truncate", name(), chance.choice((0, 1, 1 << 20))),
        lambda: ("move", name(), name()), lambda: ("move", name(), name()), lambda: ("copy", name(), name()), lambda: ("remove", name()),
        lambda: ("remake", name()), lambda: ("swap_kind", name()), lambda: ("mkdir", name()), lambda: ("makedirs", name()),
        lambda: ("rmdir", name()), lambda: ("chmod", name(), chance.choice(MODES)), lambda: ("symlink", name(), name()),
        lambda: ("link", name(), name()), lambda: ("link_over", name(), name()), lambda: ("fifo", name()), lambda: ("touch", name()),
        lambda: ("note", name(), chance.choice("12")), lambda: ("unnote", name()),
        # Of a file with two names on the host, once and by one name: each name shows its own file inside from then on.
        lambda: ("write", "pair", "once\n"))
    operations = [chance.choice(kinds)() for _ in range(chance.randint(1, 9))]
    written = [one for one in operations if "pair" in one]
    return [one for one in operations if one not in written[1:]] if written else operations


class DifferentialTest(Case):
    def play(self, what, sequences, top, before=()):
        return subprocess.run([*before, "/usr/bin/python3", "-c", PLAYER, what], cwd=top, input=json.dumps(sequences).encode(),
                              capture_output=True, env=self.environment(), timeout=100)

    def check(self, seeds):
        sequences = [sequence(seed) for seed in seeds]
        native, captured = self.folder("native"), self.folder("captured")
        for top in (native, captured):
            self.assertEqual(self.play("start", sequences, top).returncode, 0)
        self.assertEqual(self.play("play", sequences, native).returncode, 0)
        run = self.play("play", sequences, captured, [snugtest.SNUG, "run", "--project", "overlay", "--"])
        self.assertEqual(run.returncode, 0, self.story(run))
        applied = self.snug("apply", "--yes", "--reviewed", cwd=captured, timeout=100)
        self.assertEqual(applied.returncode, 0, self.story(applied)[-2000:])
        (made, one_file), (wanted, wanted_one_file) = described(captured), described(native)
        wrong = {path for path in made.keys() | wanted.keys() if made.get(path) != wanted.get(path)}
        wrong |= {path for group in one_file ^ wanted_one_file for path in group}
        story = ""
        for directory in sorted({path.split("/")[0] for path in wrong})[:5]:
            story += f"\nseed {seeds[int(directory[1:])]}: {sequences[int(directory[1:])]}"
            story += "".join(f"\n  {path}: {made.get(path)} instead of {wanted.get(path)}" for path in sorted(wrong)
                             if path.split("/")[0] == directory)
        self.assertFalse(wrong, story)

    def test_thousands_of_sequences(self):
        count = int(os.environ.get("SNUG_SEEDS", "2000"))
        first = int(os.environ.get("SNUG_FIRST_SEED", "0"))
        self.check(range(first, first + count))


if __name__ == "__main__":
    snugtest.main()
