"""`snug allow` writes the line that lets the next run do it, refuses what it must not, and takes it back."""
import glob
import json
import os
import shutil
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
        [add] = answer["execute"]["add"]
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
        for words, reason in ((["udp://ntp.test"], "no usual ports"), ([os.path.join(self.data, "absent")], "nothing is there"),
                              ([closed], "does not let you"), (["/etc/shadow"], "does not let you"),
                              (["--write", "/usr/bin"], "host would not let you"), (["TMPDIR"], "environment.set"),
                              (["--syscall", "no_such_call"], "no_such_call")):
            self.assertIn(reason, self.allow(*words, status=1), words)
        self.assertEqual(glob.glob(f"{CONFIG}/projects/{os.path.basename(self.project)}-*"), [])

    def test_all_or_nothing(self):
        self.allow(self.file, os.path.join(self.data, "absent"), status=1)
        self.assertEqual(glob.glob(f"{CONFIG}/projects/{os.path.basename(self.project)}-*"), [])

    # --- what a list of a profile is against -----------------------------------------------------------------

    def test_a_hidden_file_is_taken_out_of_the_list(self):
        secret = self.write(".env", "secret")
        for line in (".env", "./.env", secret):
            profile = self.write("snug.toml", f'version = 1\n[filesystem]\nhide = ["{line}"]\n')
            self.assertNotEqual(self.inside("cat", ".env").stdout, b"secret")
            self.allow("./.env")
            self.assertIn('hide = ["!', self.text())
            self.assertEqual(self.inside("cat", ".env").stdout, b"secret", line)
            self.allow("--undo")
            self.assertNotEqual(self.inside("cat", ".env").stdout, b"secret")
            os.unlink(profile)

    def test_hidden_outside_the_project_takes_two_lines(self):
        self.write("snug.toml", f'version = 1\n[filesystem]\nhide = ["{self.file}"]\n')
        self.allow(self.file)
        self.assertEqual(self.inside("cat", self.file).stdout, b"from the host\n")

    def test_no_more_is_shown_than_what_was_asked_for(self):
        self.write("private/a.key", "a")
        self.write("private/b.key", "b")
        self.write("snug.toml", 'version = 1\n[filesystem]\nhide = ["private/*.key"]\n')
        self.allow("private/a.key")
        self.assertEqual(self.inside("cat", "private/a.key").stdout, b"a")
        self.assertNotEqual(self.inside("cat", "private/b.key").stdout, b"b")

    def test_what_is_denied_and_unset(self):
        self.write("snug.toml", 'version = 1\n[seccomp]\ndeny = ["ptrace"]\n[environment]\nunset = ["LANG"]\n[network]\n'
                   'deny = ["a.test", "*.b.test"]\n')
        self.allow("ptrace", "LANG", "a.test", env={"LANG": "C.UTF-8"})
        for line in ('deny = ["!ptrace"]', 'unset = ["!LANG"]', 'deny = ["!a.test"]', 'allow = ["a.test"]'):
            self.assertIn(line, self.text())
        self.assertEqual(self.snug("why", "a.test").returncode, 0)
        self.assertEqual(self.inside("sh", "-c", "echo $LANG", env={"LANG": "C.UTF-8"}).stdout, b"C.UTF-8\n")
        self.assertIn("network.deny", self.allow("x.b.test", status=1))  # it would open the others, too

    def test_protected_is_writable_again(self):
        self.write("tools/a", "old")
        self.write("snug.toml", 'version = 1\n[filesystem]\nprotect = ["tools/a"]\n')
        self.assertNotEqual(self.inside("sh", "-c", "echo new > tools/a").returncode, 0)
        self.allow("--write", "tools/a")
        self.assertEqual(self.inside("sh", "-c", "echo new > tools/a").returncode, 0)

    # --- hosts -------------------------------------------------------------------------------------------------

    def test_a_host_gives_the_project_a_filtered_network(self):
        self.assert_status(self.snug("why", "web.test:443"), 1)
        said = self.allow("web.test:443", "*.below.test", "10.1.0.0/16:5432", "@pypi")
        self.assertIn('network.mode = "filtered"', said)
        self.assertIn("a private address", said)
        for word in ("web.test:443", "*.below.test", "10.1.2.3:5432", "pypi.org"):
            self.assert_status(self.snug("why", word), 0)
        self.assert_status(self.snug("why", "web.test:22"), 1)
        self.assertEqual(self.text().count("filtered"), 1)
        for _ in range(2):
            self.snug("allow", "--undo")
        self.assertNotIn("network", self.text())
        self.assert_status(self.snug("why", "web.test:443"), 1)

    def test_an_unreachable_mode_says_why(self):
        profile = self.profile('[filesystem]\netc = "host"\n')
        said = self.allow("-p", profile, "web.test", status=1)
        self.assertIn("cannot filter names", said)

    def test_a_host_that_could_be_something_else(self):
        self.assertIn('+allow = ["buildhost"]', self.snug("allow", "--show", "--host", "buildhost").stdout.decode())

    # --- for this session --------------------------------------------------------------------------------------

    def test_for_this_session_alone(self):
        runtime = self.folder("runtime")
        os.chmod(runtime, 0o700)
        here = {"XDG_RUNTIME_DIR": runtime}
        self.assertIn("until you log out", self.allow("--session", self.file, env=here))
        self.assertEqual(glob.glob(f"{CONFIG}/projects/{os.path.basename(self.project)}-*"), [])
        [written] = glob.glob(f"{runtime}/snug/projects/*.toml")
        self.assertEqual(stat.S_IMODE(os.stat(written).st_mode), 0o600)
        self.assertEqual(self.inside("cat", self.file, env=here).stdout, b"from the host\n")
        self.assertIn(f"{written}", self.snug("plan", env=here).stdout.decode())
        self.assertIn("until you log out", self.snug("plan", env=here).stdout.decode())
        self.assertNotEqual(self.inside("cat", self.file).returncode, 0)  # another session
        shutil.rmtree(f"{runtime}/snug")  # as logging out does
        self.assertNotEqual(self.inside("cat", self.file, env=here).returncode, 0)

    def test_a_session_is_taken_back_and_shown_by_itself(self):
        runtime = self.folder("runtime")
        os.chmod(runtime, 0o700)
        here = {"XDG_RUNTIME_DIR": runtime}
        self.allow(self.file, env=here)
        self.assertIn("allowed already", self.allow("--session", self.file, env=here))
        self.allow("--session", "MY_SETTING", env=here)
        shown = self.snug("allow", "--session", "--show", "OTHER_SETTING", env=here).stdout.decode()
        self.assertIn(runtime, shown)
        self.assertIn("MY_SETTING", self.allow("--session", "--undo", env=here))
        self.assertIn("no change to take back", self.allow("--session", "--undo", status=1, env=here))
        self.assertIn("read", self.text())

    def test_without_a_runtime_directory_it_lasts_until_the_next_boot(self):
        self.allow("--session", self.file)
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot = file.read().strip()
        [written] = glob.glob(f"{STATE}/boot-{boot}/projects/{os.path.basename(self.project)}-*.toml")
        self.assertEqual(self.inside("cat", self.file).stdout, b"from the host\n")
        os.rename(f"{STATE}/boot-{boot}", f"{STATE}/boot-00000000")
        self.addCleanup(shutil.rmtree, f"{STATE}/boot-00000000")
        self.assertNotEqual(self.inside("cat", self.file).returncode, 0)
        self.assertTrue(written)

    def test_nothing_inside_may_write_what_lasts_for_the_session(self):
        runtime = os.path.join(self.project, "runtime")
        os.mkdir(runtime, 0o700)
        here = {"XDG_RUNTIME_DIR": runtime}
        self.assert_refused(self.inside("true", env=here), "snug's own state")
        other = self.folder("runtime")
        here = {"XDG_RUNTIME_DIR": other}
        self.assert_refused(self.inside("true", env=here, options=["--write", other]), "snug's own")
        self.assertIn("cannot allow", self.allow("--write", other, status=1, env=here))

    def test_a_session_file_of_somebody_else_is_not_used(self):
        runtime = self.folder("runtime")
        os.chmod(runtime, 0o777)
        here = {"XDG_RUNTIME_DIR": runtime}
        self.allow("--session", self.file, env=here)
        [written] = glob.glob(f"{runtime}/snug/projects/*.toml")
        os.chmod(written, 0o666)
        self.assert_refused(self.inside("true", env=here), "anyone may write it")


if __name__ == "__main__":
    snugtest.main()
