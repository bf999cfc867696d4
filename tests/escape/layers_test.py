"""Attempts in and around overlays: what is written in them, what a project's author planted below them, what a run before
left in a layer that is kept, and what changes while they are mounted."""
import os
import shutil
import subprocess
import unittest

import escaping
from escaping import Escape, NESTED, OVERLAY, ROOT, content_of
from snugtest import HOME, STATE, quoted

PLANT = """
import os, sys
for path, value in (("opaque", b"y"), ("redirected", b"/secrets"), ("redirected2", b"secrets"), ("meta", b"")):
    os.makedirs(path, exist_ok=True)
    name = {"opaque": "opaque", "meta": "metacopy"}.get(path, "redirect")
    for prefix in ("user.overlay.", "user.overlay.overlay.", "trusted.overlay."):
        try:
            os.setxattr(path, prefix + name, value)
            print("planted", path, prefix)
        except OSError as problem:
            print("refused", path, prefix, problem)
"""


@unittest.skipIf(ROOT, "root's stand-in has no overlays")
class Layers(Escape):
    def secrets(self, top):
        return self.write(os.path.join(top, "secrets/key"), "the secret\n")

    def shared(self):
        """A directory of the host whose overlay is kept between runs, and a profile that names it."""
        top = self.folder("shared")
        return top, self.profile(f"filesystem.overlay = [{quoted(top)}]\n")

    def run_with(self, profile, *command):
        return self.snug("run", "-p", profile, "--", *command)

    def test_every_way_to_change_a_file(self):
        for name in ("a", "b", "c", "d", "e", "f", "folder/g"):
            self.write(name, "ours\n")
        ways = ["echo evil >a", "echo evil >>b", "rm c", "mv d moved", "ln e linked; echo evil >>linked", "chmod 777 f; touch -d 2001-01-01 f",
                "rm -r folder; mkdir folder; echo evil >folder/g", "ln -sf /etc/passwd a", "truncate -s 0 b",
                "exec 3<>f; echo evil >&3", "mkfifo pipe", "rm -rf ./* .git"]
        before = content_of(self.project)
        for way in ways:
            with self.subTest(way):
                self.assert_status(self.inside("sh", "-c", way, profile=OVERLAY), 0)
                self.assertEqual(content_of(self.project), before)
                self.assertEqual(os.stat(os.path.join(self.project, "e")).st_nlink, 1)
        self.assert_status(self.inside("sh", "-c", ways[0]), 0)  # the control
        self.assertNotEqual(content_of(self.project), before)

    def test_links_planted_in_a_layer_that_is_kept(self):
        secret = self.secret()
        top, profile = self.shared()
        planted = self.run_with(profile, "sh", "-c", f"cd {top}; ln -s {secret} file; ln -s {os.path.dirname(secret)} folder;"
                                                     f"ln -s /proc/1/root root; ln -s {STATE} state; ls -l")
        self.assertIn(b"folder", planted.stdout)
        for name in ("file", "folder/secret", f"root{secret}", "state/homes"):
            self.assertNotEqual(self.run_with(profile, "test", "-e", os.path.join(top, name)).returncode, 0, name)
        self.run_with(profile, "sh", "-c", f"echo evil >>{top}/file; echo evil >{top}/folder/made")
        self.assertEqual(os.listdir(os.path.dirname(secret)), ["secret"])
        with open(secret) as file:
            self.assertEqual(file.read(), "the secret\n")
        self.assertEqual(os.listdir(top), [])
        os.symlink(secret, os.path.join(top, "outside"))
        self.assertIn("the secret", subprocess.run(["cat", os.path.join(top, "outside")], capture_output=True, text=True).stdout)

    def test_what_removes_a_layer_follows_nothing(self):
        victim = self.secret()
        script = (f"ln -s {os.path.dirname(victim)} link; mkdir locked; ln -s {os.path.dirname(victim)} locked/link; chmod 0 locked;"
                  "d=deep; for i in $(seq 60); do d=$d/d; done; mkdir -p $d; chmod 0 deep/d; mkfifo pipe; touch 'a\nb'")
        self.assert_status(self.inside("sh", "-c", script, profile=OVERLAY), 0)
        self.assertTrue(os.path.exists(victim))
        scratch = os.path.join(STATE, "scratch")
        self.assertEqual(os.listdir(scratch) if os.path.isdir(scratch) else [], [])

    def assert_hidden(self, run, top):
        script = f"cd {top} && find . -type f -exec cat {{}} + 2>/dev/null; cat opaque/* */key */*/key redirected/* gone 2>/dev/null; true"
        result = run("sh", "-c", script)
        self.assert_status(result, 0)
        self.assertNotIn(b"the secret", result.stdout)

    def test_marks_of_overlays_planted_in_the_project(self):
        # By its author: an overlay's own marks, in the directory it is laid over.
        self.secrets(self.project)
        said = subprocess.run(["python3", "-c", PLANT], cwd=self.project, capture_output=True, text=True)
        if not NESTED:
            self.assertIn("planted redirected user.overlay.", said.stdout)
        self.assert_works_outside("node", os.path.join(self.project, "gone"), "0", "0")
        hide = 'filesystem.hide = ["secrets"]\n'
        self.assert_hidden(lambda *command: self.inside(*command, profile=OVERLAY + hide), self.project)
        self.assertIn(b"the secret", self.inside("cat", "secrets/key", profile=OVERLAY).stdout)  # the control
        self.assertNotEqual(self.inside("ls", os.path.join(self.project, "gone"), profile=OVERLAY).returncode, 0)

    def test_marks_of_overlays_planted_in_a_layer_that_is_kept(self):
        # By a run before: the marks an overlay would obey in its own upper directory.
        top = self.folder("shared")
        self.secrets(top)
        profile = self.profile(f"filesystem.overlay = [{quoted(top)}]\n")
        hidden = self.profile(f"filesystem.overlay = [{quoted(top)}]\nfilesystem.hide = [{quoted(top + '/secrets')}]\n", name="hidden")
        run = lambda *command: self.run_with(hidden, *command)
        self.assertIn(b"the secret", self.run_with(profile, "cat", f"{top}/secrets/key").stdout)  # the control
        for _ in range(2):
            self.assert_status(run("sh", "-c", f"cd {top} && python3 -c '{PLANT}'"), 0)
            self.assert_hidden(run, top)

    def test_whiteouts_and_devices_without_the_filter(self):
        for numbers in (("0", "0"), ("1", "3"), ("8", "0")):
            for profile in (OVERLAY, OVERLAY + 'seccomp.policy = "off"\n'):
                self.assert_contained("node", os.path.join(self.project, "node"), *numbers, profile=profile)

    def test_a_mask_in_an_overlay(self):
        secret = self.secrets(self.project)
        profile = OVERLAY + 'filesystem.hide = ["secrets/key"]\n'
        for script in ("mv secrets moved; cat moved/key", "cp -r secrets copied; cat copied/key", "ln secrets/key linked; cat linked",
                       "rm -rf secrets; mkdir secrets; cat secrets/key", "mv secrets/key out; cat out",
                       "mkdir x; mv --exchange secrets x; cat x/key", f"cat /proc/self/root{secret} /proc/self/cwd/secrets/key"):
            with self.subTest(script):
                result = self.inside("sh", "-c", script + "; find . -type f -name key -exec cat {} +; true", profile=profile)
                self.assertNotIn(b"the secret", result.stdout)

    def test_flags_of_the_mount(self):
        line = next(line for line in self.shell("cat /proc/self/mountinfo", profile=OVERLAY).splitlines() if " - overlay " in line)
        for flag in ("nosuid", "nodev"):
            self.assertIn(flag, line.split()[5].split(","))
        # What its options tell: descriptors' names, not where snug keeps the layers.
        self.assertNotIn(STATE, line)

    def test_what_it_is_laid_over_becomes_a_link(self):
        secret = self.secret()
        self.write("data/secret", "harmless\n")
        os.symlink(os.path.dirname(secret), os.path.join(self.project, "link"))
        swap = ("import ctypes, sys\nlibc = ctypes.CDLL(None)\nprint('ready', flush=True)\n"
                "while True: libc.renameat2(-100, b'data', -100, b'link', 2)\n")
        process = subprocess.Popen(["python3", "-c", swap], cwd=self.project, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        profile = self.profile('[[filesystem.mount]]\ntype = "overlay"\nsource = "${project}/data"\ntarget = "/data"\n')
        statuses = set()
        for _ in range(80):
            result = self.run_with(profile, "sh", "-c", "cat /data/secret; echo pwned >/data/secret")
            self.assertNotIn(b"the secret", result.stdout)
            statuses.add(result.returncode)
        self.assertLessEqual(statuses, {0, 1, 125})
        with open(secret) as file:
            self.assertEqual(file.read(), "the secret\n")


@unittest.skipIf(ROOT, "root's stand-in has no overlays")
class CaptureOfEverything(Escape):
    """--capture: what it must not reach is the host's files, snug's state and what is hidden."""

    def captured(self, script, *options):
        self.addCleanup(self.snug, "clean", "captures", "left", "--yes")
        return self.snug("run", "--capture", *options, "--", "sh", "-c", script)

    def test_nothing_of_the_host_changes(self):
        self.write("a", "ours\n")
        rc = self.write(os.path.join(HOME, ".profile"), "ours\n")
        before = content_of(self.project)
        self.assert_status(self.captured(f"echo evil >>a; echo evil >>{rc}; rm -rf ./* ~/.profile; mkdir -p ~/.config/autostart;"
                                         "echo evil >~/.config/autostart/x; true"), 0)
        self.assertEqual(content_of(self.project), before)
        with open(rc) as file:
            self.assertEqual(file.read(), "ours\n")
        self.assertFalse(os.path.exists(os.path.join(HOME, ".config/autostart")))

    def test_its_own_layers_and_those_of_others_are_out_of_reach(self):
        secret = self.write(os.path.join(STATE, "homes/other/files/secret"), "the secret\n")
        self.addCleanup(shutil.rmtree, os.path.join(STATE, "homes/other"))
        looks = (f"cat {secret}; ls -la {STATE} {os.path.dirname(STATE)}; mkdir -p {STATE}/homes/other/files; cat {secret};"
                 f"rmdir {STATE}; ls -R {STATE}; mv {os.path.dirname(STATE)} ~/moved; cat ~/moved/snug/homes/other/files/secret;"
                 f"cp -r {os.path.dirname(STATE)} ~/copied; cat ~/copied/snug/homes/other/files/secret;"
                 "cat /proc/self/root/proc/*/upper 2>/dev/null; grep -rs 'the secret' ~ ; true")
        result = self.captured(looks)
        self.assertNotIn(b"the secret", result.stdout)
        self.assertNotIn(b"captures", result.stdout)
        self.assertIn("the secret", subprocess.run(["cat", secret], capture_output=True, text=True).stdout)  # the control

    def test_marks_cannot_bring_back_what_is_hidden(self):
        secret = self.write(os.path.join(HOME, ".netrc"), "the secret\n")
        self.addCleanup(os.remove, secret)
        plant = PLANT + ("\nfor name in ('.', 'x'):\n  os.makedirs(name, exist_ok=True)\n  for key in ('redirect', 'origin', 'metacopy', 'impure'):\n"
                         "    try: os.setxattr(name, 'user.overlay.' + key, b'/.netrc')\n    except OSError: pass\n")
        for _ in range(2):
            result = self.snug("run", "--capture", *(["--onto", "1"] if _ else []), "--", "sh", "-c",
                               f"cd ~; python3 -c \"$0\" >/dev/null; cat .netrc x/* */.netrc redirected/* opaque/*; ln .netrc n; cat n; true", plant)
            self.assertNotIn(b"the secret", result.stdout)
        self.snug("discard", "--yes", "--from", "1")

    def test_a_layer_named_by_the_project_gains_nothing(self):
        # A directory laid below the changes that holds an overlay's marks: read, not obeyed as more than "nothing is here".
        secret = self.write("secrets/key", "the secret\n")
        lower = self.folder("lower")
        subprocess.run(["python3", "-c", PLANT], cwd=lower, capture_output=True)
        result = self.snug("run", "--project", "overlay", "--lower", lower, "--hide", os.path.dirname(secret), "--", "sh", "-c",
                           "cat redirected/* redirected2/* meta/* */key secrets/key; true")
        self.assertNotIn(b"the secret", result.stdout)

    def test_links_in_a_kept_capture_lead_nowhere(self):
        victim = self.secret()
        self.addCleanup(self.snug, "clean", "captures", "--yes")
        folder = os.path.dirname(victim)
        self.assert_status(self.snug("run", "--project", "overlay", "--", "sh", "-c",
                                     f"ln -s {folder} out; mkdir d; ln -s {folder} d/out; rm -rf d/x; ln -s {victim} file"), 0)
        self.snug("run", "--project", "overlay", "--onto", "1", "--", "sh", "-c", f"echo evil >file; echo evil >out/secret; echo evil >d/out/new")
        self.snug("apply", "--yes", "--reviewed")
        self.snug("clean", "captures", "--yes")
        with open(victim) as file:
            self.assertEqual(file.read(), "the secret\n")
        self.assertEqual(os.listdir(folder), ["secret"])

    def test_a_capture_that_others_could_have_written(self):
        place = self.folder("changes")
        os.makedirs(os.path.join(place, "upper"))
        with open(os.path.join(place, "record"), "wb") as file:
            file.write(b"snug capture 1\0project=" + self.project.encode() + b"\0began=1\0")
        self.write(os.path.join(place, "upper/evil"), "evil\n")
        os.chmod(place, 0o777)
        self.assertEqual(self.snug("apply", "--yes", "--from", place + "/").returncode, 2)
        self.assertFalse(os.path.exists(os.path.join(self.project, "evil")))
        os.chmod(place, 0o700)
        self.assertEqual(self.snug("diff", "--stat", "--from", place + "/").returncode, 0)  # the control

    def test_a_record_does_not_lead_out_of_its_directory(self):
        secret = self.secret()
        place = self.folder("changes")
        os.chmod(place, 0o700)
        for upper in ("../../" + os.path.basename(os.path.dirname(secret)), os.path.dirname(secret)):
            with open(os.path.join(place, "record"), "wb") as file:
                file.write(b"snug capture 1\0project=/\0began=1\0part=" + self.project.encode() + b"\0part-upper=" + upper.encode() + b"\0")
            self.assertEqual(self.snug("diff", "--from", place + "/").returncode, 2)


@unittest.skipUnless(ROOT, "as root only: without an overlay nothing weaker takes its place")
class RootHasNone(Escape):
    def test_the_run_is_refused(self):
        kept = self.write("kept", "ours\n")
        self.assert_refused(self.inside("sh", "-c", f"echo evil >{kept}", profile=OVERLAY), "cannot lay an overlay", "fix:")
        with open(kept) as file:
            self.assertEqual(file.read(), "ours\n")


if __name__ == "__main__":
    escaping.main()
