"""A capture of everything where directories of the user's lie below root's, in the home and in the system."""
import os
import shutil
import subprocess
import tempfile
import unittest

import snugtest
from snugtest import SNUG

USER = 4242


class Below(unittest.TestCase):
    def setUp(self):
        self.home = self.folder(None, USER)
        self.opt = self.folder("/opt", 0)
        for top in (self.home, self.opt):
            self.made(top + "/roots", 0)
            self.made(top + "/roots/mine", USER)
            self.made(top + "/roots/mine/deep", USER)
            for name in ("kept", "gone", "deep/f"):
                with open(f"{top}/roots/mine/{name}", "w") as file:
                    file.write("old\n")
                os.chown(file.name, USER, USER)
            with open(top + "/roots/theirs", "w") as file:
                file.write("old\n")

    def folder(self, where, owner):
        folder = tempfile.mkdtemp(prefix="snug-test-", dir=where)
        self.addCleanup(shutil.rmtree, folder)
        os.chown(folder, owner, owner)
        os.chmod(folder, 0o755)
        return folder

    def made(self, path, owner):
        os.mkdir(path)
        os.chown(path, owner, owner)

    def snug(self, *words, cwd=None, status=0):
        result = subprocess.run(["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", "--", SNUG, *words],
                                cwd=cwd or self.home, env={**os.environ, "HOME": self.home}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def check(self, *options, cwd=None, left=0):
        script = ("echo new > kept; rm gone; echo new >> deep/f; mkdir made; echo 1 > made/f; chmod 700 deep;"
                  "! sh -c 'echo evil > ../theirs' 2> /dev/null; touch ../more 2> /dev/null || true;")
        self.snug("run", "--capture", *options, "--", "sh", "-euc",
                  "".join(f"cd {top}/roots/mine; {script}" for top in (self.home, self.opt)), cwd=cwd)
        for top in (self.home, self.opt):
            self.assertEqual(sorted(os.listdir(top + "/roots/mine")), ["deep", "gone", "kept"])
        names = self.snug("diff", "--name-only", cwd=cwd).stdout.split()
        wanted = [f"{top}/roots/mine/{name}"[1:] for top in (self.home, self.opt) for name in ("deep", "deep/f", "gone", "kept", "made", "made/f")]
        self.assertEqual(sorted(name for name in names if not name.endswith("/more")), sorted(wanted))
        said = self.snug("apply", "--yes", cwd=cwd, status=left).stderr
        self.assertIn("applied: 12", said)
        for top in (self.home, self.opt):
            self.assertEqual(sorted(os.listdir(top + "/roots/mine")), ["deep", "kept", "made"])
            with open(top + "/roots/mine/deep/f") as file:
                self.assertEqual(file.read(), "old\nnew\n")
            self.assertEqual(os.stat(top + "/roots/mine/deep").st_mode & 0o777, 0o700)
            self.assertFalse(os.path.exists(top + "/roots/more"))
        if left:
            self.assertIn('you may not write to "/opt"', said)
            self.snug("discard", "--yes", cwd=cwd)

    def test_from_the_home(self):
        self.check()

    def test_with_such_a_directory_as_the_project(self):
        self.check(cwd=self.home + "/roots/mine")

    def test_where_the_command_is_root(self):
        self.check("--user", "root", left=1)

    def test_what_an_overlay_cannot_copy_is_named_before_the_run(self):
        project = self.folder(self.home, USER)
        with open(project + "/roots", "w") as file:
            file.write("old\n")
        os.chmod(project + "/roots", 0o666)
        said = self.snug("run", "--verbose", "--project", "overlay", "--", "sh", "-c", "! echo new > roots", cwd=project)
        self.assertRegex(said.stderr, '/roots": another user or group owns it, so that inside it cannot be changed')
        with open(project + "/roots") as file:
            self.assertEqual(file.read(), "old\n")


class MountedInTheSystem(unittest.TestCase):
    """A directory with mounts in it is no lower directory of an overlay (EINVAL): Windows' subsystem has some below /usr."""

    def test_root_inside_installs_around_it(self):
        home = tempfile.mkdtemp(prefix="snug-test-")
        self.addCleanup(shutil.rmtree, home)
        os.chown(home, USER, USER)
        place = next(path for path in ("/usr/lib/tmpfiles.d", "/usr/lib/mime", "/usr/lib/apt") if os.path.isdir(path))
        script = (f"echo a > /usr/bin/snug-test; echo b > /usr/lib/snug-test; mkdir /usr/lib/snug-dir; mv /usr/lib/snug-test /usr/lib/snug-dir; "
                  f"cat {place}/there; ! touch {place}/x 2> /dev/null; echo d > /usr/share/doc/snug-test")
        user = f"setpriv --reuid {USER} --regid {USER} --clear-groups -- "
        both = (f"mount --make-rprivate /; mount -t tmpfs none {place}; echo hello > {place}/there; cd {home}; "
                f"{user} {SNUG} run --capture --user root -- sh -euc '{script}'; {user} {SNUG} diff --name-only; {user} {SNUG} discard --yes")
        for _ in range(2):  # the second one finds what the first has made of the system's directories
            result = subprocess.run(["unshare", "--mount", "sh", "-euc", both], env={**os.environ, "HOME": home}, stdin=subprocess.DEVNULL,
                                    capture_output=True, text=True)
            self.assertEqual(result.stdout.split(), ["hello", "usr/bin/snug-test", "usr/lib/snug-dir", "usr/lib/snug-dir/snug-test",
                                                     "usr/share/doc/snug-test"], result.stderr)


if __name__ == "__main__":
    snugtest.main()
