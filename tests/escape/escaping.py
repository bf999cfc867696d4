"""What the attempts to get out share: each runs inside, where something must stop it, and outside, where it works.

SNUG_TEST_MODE says who tries: an ordinary user, root (whose commands run under another user id), a user inside an
outer sandbox with nested = true ("outside" is that sandbox then, whose own walls stop some of the controls), or a user of a
kernel without Landlock ("mounts"), where the other walls must hold alone. That Landlock holds alone is
support/landlock_checks.py.
"""
import hashlib
import os
import shutil
import subprocess

import snugtest
from snugtest import Case, show

ATTEMPT = os.environ["ATTEMPT"]
LACKING = os.environ["LACKING"]  # becomes a command that finds no Landlock
MODE = os.environ.get("SNUG_TEST_MODE") or "user"
NESTED, ROOT, MOUNTS_ALONE = MODE == "nested", MODE == "root", MODE == "mounts"
# What an ordinary user may do to have every capability over namespaces of his own.
PRIVILEGED = ["unshare", "--user", "--map-root-user", "--mount", "--net", "--ipc", "--uts"]
# Changes of the project are thrown away.
OVERLAY = 'filesystem.project = "overlay"\nchanges.on-success = "discard"\nchanges.on-failure = "discard"\n'
WITHOUT_FILTER = '[seccomp]\npolicy = "off"\n'


def content_of(top):
    """A digest of every name, mode and byte below a directory."""
    digest = hashlib.sha256()
    for directory, names, files in os.walk(top):
        names.sort()
        for name in sorted(names + files):
            path = os.path.join(directory, name)
            digest.update(repr((os.path.relpath(path, top), os.lstat(path).st_mode)).encode())
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    digest.update(file.read())
    return digest.hexdigest()


class Escape(Case):
    def setUp(self):
        super().setUp()
        self.tool = os.path.join(self.project, "attempt")
        shutil.copy(ATTEMPT, self.tool)

    def secret(self, name="secret"):
        """A file of the user's outside of the project; its path."""
        return self.write(os.path.join(self.folder("elsewhere"), name), "the secret\n")

    def try_inside(self, *words, **more):
        return self.inside(self.tool, *words, **more)

    def assert_contained(self, *words, **more):
        """The attempt runs in a sandbox and is stopped; returns what it said."""
        result = self.try_inside(*words, **more)
        text = show(result.stdout)
        if result.returncode < 128:  # a filter may kill it
            self.assertEqual(result.returncode, 1, f"{words} was not stopped: {self.story(result)}")
            self.assertIn(": stopped ", text, self.story(result))
        else:
            self.assertNotIn(result.returncode, (128 + 6, 128 + 11), self.story(result))
        return text

    def assert_works_inside(self, *words, **more):
        """Control: the same in a sandbox that has one wall less."""
        result = self.try_inside(*words, **more)
        self.assertEqual(result.returncode, 0, f"the control {words} is stopped too: {self.story(result)}")

    def try_outside(self, *words, before=(), **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([*before, ATTEMPT, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.project,
                              timeout=60, **more)

    def assert_works_outside(self, *words, before=(), nested=True, root=True, **more):
        """Control: the same outside. nested=False: an outer sandbox stops it; root=False: not with the machine's root."""
        if (NESTED and not nested) or (ROOT and not root):
            return
        result = self.try_outside(*words, before=before, **more)
        self.assertEqual(result.returncode, 0, f"the control {words} is stopped too: {self.story(result)}")


def main():
    snugtest.main()
