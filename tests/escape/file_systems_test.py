"""Attempts by what one kind of file system can do besides: snapshots, keys of its own. That they work without the filter
shows on such a file system, which real root makes for the time of the test.
"""
import os
import shutil
import subprocess

import escaping
from escaping import Escape, NESTED, ROOT

WITHOUT_WALL = '[seccomp]\nallow = ["ioctl"]\n'


class Commands(Escape):
    def test_never_reach_a_file_system(self):
        for words in (("snapshot", ".", ".", "copy"), ("file-system-key", ".")):
            for profile in ("", '[seccomp]\npolicy = "strict"\n', "nested = true\n"):
                with self.subTest(f"{words[0]} with {profile!r}"):
                    if NESTED and "nested" in profile:
                        continue
                    self.assertIn("stopped EPERM", self.assert_contained(*words, profile=profile))
        if not NESTED:
            control = self.try_inside("file-system-key", ".", profile=WITHOUT_WALL)
            self.assertNotIn(b"EPERM", control.stdout, self.story(control))


class FileSystems(Escape):
    def mounted(self, *maker):
        """The top of a new file system."""
        kind = maker[0].removeprefix("mkfs.")
        with open("/proc/filesystems") as known:
            if not shutil.which(maker[0]) or f"\t{kind}\n" not in known.read():
                self.skipTest(f"needs {maker[0]} and a kernel with {kind}")
        image = os.path.join(self.folder("images"), kind)
        with open(image, "wb") as file:
            file.truncate(160 << 20)
        subprocess.run([*maker, image], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        place = self.folder(kind)
        if subprocess.run(["mount", "-o", "loop", image, place], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest(f"needs a loop device and {kind}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", place], check=True)
        return place

    def project_in(self, place):
        """A git work tree there, the attempt and a hidden file in it."""
        project = os.path.join(place, "project")
        os.makedirs(project, exist_ok=True)
        shutil.copy(self.tool, os.path.join(project, "attempt"))
        self.write(os.path.join(project, "secrets"), "the secret\n")
        subprocess.run(["git", "init", "-q", project], check=True)
        return project

    def try_there(self, project, *words, profile=""):
        text = '[filesystem]\nhide = ["secrets"]\n' + profile
        return self.snug(*self.words(["./attempt", *words], text), cwd=project)

    def test_a_snapshot_of_the_project_shows_what_is_hidden(self):
        place = self.mounted("mkfs.btrfs", "--quiet")
        subprocess.run(["btrfs", "subvolume", "create", os.path.join(place, "project")], check=True,
                       stdout=subprocess.DEVNULL)
        project = self.project_in(place)
        for profile in ("", '[seccomp]\npolicy = "strict"\n'):
            result = self.try_there(project, "snapshot", ".", ".", "copy", profile=profile)
            self.assertEqual(result.stdout, b"snapshot: stopped EPERM\n", self.story(result))
            self.assertFalse(os.path.exists(os.path.join(project, "copy")))
        control = self.try_there(project, "snapshot", ".", ".", "copy", profile=WITHOUT_WALL)
        self.assertEqual(control.returncode, 0, self.story(control))
        shown = self.try_there(project, "read", "copy/secrets", profile=WITHOUT_WALL)
        self.assertIn(b"got it the secret", shown.stdout, self.story(shown))

    def test_a_key_left_in_the_file_system(self):
        project = self.project_in(self.mounted("mkfs.ext4", "-q", "-O", "encrypt"))
        result = self.try_there(project, "file-system-key", ".")
        self.assertEqual(result.stdout, b"file-system-key: stopped EPERM\n", self.story(result))
        control = self.try_there(project, "file-system-key", ".", profile=WITHOUT_WALL)
        if b"EOPNOTSUPP" in control.stdout:
            self.skipTest("needs a kernel with CONFIG_FS_ENCRYPTION")
        self.assertEqual(control.returncode, 0, self.story(control))


if not ROOT:
    del FileSystems  # mounting a file system takes root


if __name__ == "__main__":
    escaping.main()
