"""`snug allow` writes the line that lets the next run do it, refuses what it must not, and takes it back."""
import glob
import json
import os
import socket
import stat
import subprocess
import unittest

import snugtest
from snugtest import HOME, STATE, Case

CONFIG = os.path.join(HOME, ".config/snug")


class Allow(Case):
    def setUp(self):
        super().setUp()
        self.data = self.folder("data")
        self.file = self.write(os.path.join(self.data, "file"), "from the host\n")

    def allow(self, *words, status=0, **more):
        result = self.snug("allow", *words, **more)
        self.assert_status(result, status)
        return result.stderr.decode()

    def users_file(self):
        found = glob.glob(f"{CONFIG}/projects/{os.path.basename(self.project)}-*.toml")
        self.assertEqual(len(found), 1, found)
        return found[0]

    def text(self):
        with open(self.users_file()) as file:
            return file.read()

    def test_a_path_for_reading_then_writing_then_no_more(self):
        self.assertNotEqual(self.inside("cat", self.file).returncode, 0)
        self.allow(self.file)
        self.assertEqual(self.shell(f"cat {self.file}"), "from the host\n")
        self.assertNotEqual(self.inside("sh", "-c", f"echo x >> {self.file}").returncode, 0)
        self.assertIn("filesystem.write", self.allow("--write", self.data))
        self.shell(f"echo inside > {self.data}/new")
        with open(os.path.join(self.data, "new")) as file:
            self.assertEqual(file.read(), "inside\n")
        self.assertIn("filesystem.write", self.allow("--undo"))
        self.allow("--undo")
        self.assertNotEqual(self.inside("cat", self.file).returncode, 0)
        self.assertIn("no change to take back", self.allow("--undo", status=1))

    def test_why_names_the_line_that_allow_has_written(self):
        self.allow(self.file)
        answer = json.loads(self.snug("why", "--json", self.file).stdout)
        self.assertTrue(answer["allowed"])
        self.assertEqual(answer["read"]["origin"]["source"], self.users_file())
        self.assertIn("allowed already", self.allow(self.file))
        self.assertEqual(self.text().count(os.path.basename(self.data)), 1)

    def test_a_system_call_and_a_variable(self):
        probe = os.path.join(self.project, "probe")
        self.assertEqual(self.probe("calls", "keyctl").one("keyctl"), "EPERM")
        self.assertIn("warning: seccomp.allow", self.allow("keyctl"))
        self.assertNotEqual(self.probe("calls", "keyctl").one("keyctl"), "EPERM")
        self.allow("MY_SETTING")
        output = self.inside("sh", "-c", 'echo "$MY_SETTING"', env={"MY_SETTING": "42"}).stdout
        self.assertEqual(output, b"42\n")
        self.assertIn("secret", self.allow("MY_TOKEN"))
        self.assertTrue(os.path.exists(probe))

    def test_the_line_of_a_refusal_works_when_pasted(self):
        refused = self.inside("unshare", "-U", "true").stderr.decode()
        line = next(line for line in refused.split("\n") if "allow it: " in line).split("allow it: ")[1]
        binaries = os.path.dirname(snugtest.SNUG)
        done = subprocess.run(["sh", "-c", line], cwd=self.project, env={**os.environ, "PATH": f"{binaries}:/usr/bin:/bin"})
        self.assertEqual(done.returncode, 0)
        self.assertNotIn(b"blocked the system call", self.inside("unshare", "-U", "true").stderr)

    def test_every_line_that_why_names_works(self):
        tool = self.write(os.path.join(self.data, "tool"), "#!/bin/sh\necho ran\n", 0o755)
        answer = json.loads(self.snug("why", "--json", "--exec", tool).stdout)
        self.assertFalse(answer["allowed"])
        add = answer["execute"]["add"]
        self.assertEqual(self.inside(tool, options=["--set", f"{add['key']}=[{json.dumps(add['element'])}]"]).stdout, b"ran\n")
        self.allow("--exec", tool)
        self.assertEqual(self.inside(tool).stdout, b"ran\n")

    def test_what_keeps_every_run_from_starting_can_be_taken_back(self):
        self.allow(self.file)
        os.unlink(self.file)
        self.assert_refused(self.inside("true"), "there is nothing")
        self.allow("--undo")
        self.assert_status(self.inside("true"), 0)

    def test_the_file_is_the_same_without_the_project(self):
        self.allow("--project", "none", self.file)
        result = self.inside("cat", self.file, options=["--project", "none", "--workdir", "/tmp"])
        self.assertEqual(result.stdout, b"from the host\n", self.story(result))

    def test_show_writes_nothing(self):
        result = self.snug("allow", "--show", self.file)
        self.assert_status(result, 0)
        self.assertIn(b"+read = [", result.stdout)
        self.assertEqual(glob.glob(f"{CONFIG}/projects/{os.path.basename(self.project)}-*"), [])

    def test_comments_and_order_stay_and_nobody_else_may_read(self):
        self.allow(self.file)
        path = self.users_file()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.write(path, 'version = 1\n\n[environment]  # mine\npass = [\n  "A",  # because\n]\n', 0o600)
        self.allow("B_VARIABLE", self.file)
        self.assertTrue(self.text().startswith(
            'version = 1\n\n[environment]  # mine\npass = [\n  "A",  # because\n  "B_VARIABLE",\n]\n\n[filesystem]\n'), self.text())

    def test_two_at_once_lose_nothing(self):
        names = [f"VARIABLE_{i}" for i in range(8)]
        running = [subprocess.Popen([snugtest.SNUG, "allow", name], cwd=self.project, stderr=subprocess.DEVNULL) for name in names]
        self.assertEqual([process.wait(30) for process in running], [0] * len(names))
        for name in names:
            self.assertIn(f'"{name}"', self.text())

    # --- refused ---------------------------------------------------------------------------------------------

    def test_whole_homes_and_snugs_own_files_never(self):
        os.makedirs(STATE, exist_ok=True)
        os.makedirs(f"{CONFIG}/projects", exist_ok=True)
        os.symlink(HOME, os.path.join(self.project, "home"))
        os.symlink(CONFIG, os.path.join(self.project, "config"))
        for path in ("~", "/", os.path.dirname(HOME), "./home", "./config", STATE, f"{STATE}/homes", CONFIG,
                     f"{CONFIG}/projects", f"{HOME}/.local", f"{HOME}/.config"):
            for option in ("--read", "--write"):
                self.assertIn("cannot allow", self.allow(option, path, status=1), path)
        self.assertEqual(glob.glob(f"{CONFIG}/projects/{os.path.basename(self.project)}-*"), [])

    def test_keys_are_warned_of(self):
        self.write(os.path.join(HOME, ".ssh/id_ed25519"), "secret", 0o600)
        self.addCleanup(os.unlink, os.path.join(HOME, ".ssh/id_ed25519"))
        self.assertIn("the keys with which you sign in", self.allow("--show", "~/.ssh/id_ed25519"))

    def test_control_sockets_need_more_than_a_line(self):
        path = os.path.join(self.data, "docker.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            self.assertIn("i-know", self.allow(path, status=1))

    def test_what_no_line_can_allow(self):
        closed = self.write(os.path.join(self.data, "closed"), "x", 0o000)
        for words, reason in ((["registry.npmjs.org:443"], "network.mode"), ([os.path.join(self.data, "absent")], "nothing is there"),
                              ([closed], "does not let you"), (["/etc/shadow"], "does not let you"),
                              (["--write", "/usr/bin"], "host would not let you"), (["TMPDIR"], "environment.set"),
                              (["--syscall", "no_such_call"], "no_such_call"), (["--session", self.file], "running sandbox")):
            status = 2 if words[0] == "--session" else 1
            self.assertIn(reason, self.allow(*words, status=status), words)
        self.assertEqual(glob.glob(f"{CONFIG}/projects/{os.path.basename(self.project)}-*"), [])

    def test_all_or_nothing(self):
        self.allow(self.file, os.path.join(self.data, "absent"), status=1)
        self.assertEqual(glob.glob(f"{CONFIG}/projects/{os.path.basename(self.project)}-*"), [])

    def test_what_a_users_own_line_hides_stays_hidden(self):
        self.write(".env", "secret")
        profile = self.profile('[filesystem]\nhide = [".env"]\n')
        error = self.allow("-p", profile, "./.env", status=1)
        self.assertIn("take it out of", error)


if __name__ == "__main__":
    snugtest.main()
