"""What is visible where: every kind of entry a profile can ask for, and what the host does meanwhile."""
import json
import os
import subprocess
import unittest

import snugtest
from snugtest import Case, HOME, quoted


class Default(Case):
    def test_the_system_is_read_only(self):
        facts = self.probe("paths", "/", "/usr", "/usr/bin/env", "/etc", "/proc", "/sys", "/dev")
        for path in ("/", "/usr", "/etc", "/sys", "/dev"):
            self.assertIn(facts.path(path)[2], ("EROFS", "EACCES", "EPERM"), path)
        self.assertEqual(facts.path("/usr/bin/env")[:2], ("file", "ok"))

    def test_the_project_is_writable_and_the_same_path(self):
        self.assertEqual(self.shell("pwd; echo made inside > new").strip(), self.project)
        with open(os.path.join(self.project, "new")) as file:
            self.assertEqual(file.read(), "made inside\n")

    def test_nothing_else_of_the_home_is_there(self):
        other = self.folder("other")
        secret = self.write(os.path.join(HOME, ".netrc"), "secret")
        self.addCleanup(os.unlink, secret)
        facts = self.probe("paths", other, secret, HOME)
        self.assertEqual(facts.path(other)[0], "ENOENT")
        self.assertEqual(facts.path(secret)[0], "ENOENT")
        self.assertEqual(facts.path(HOME), ("directory", "ok", "ok"))
        control = self.probe_outside("paths", other, secret)
        self.assertEqual(control.path(other), ("directory", "ok", "ok"))
        self.assertEqual(control.path(secret), ("file", "ok", "ok"))

    def test_fresh_writable_folders(self):
        marker = f"/tmp/snug-view-{os.getpid()}"
        self.write(marker, "outside")
        self.addCleanup(os.unlink, marker)
        runtime = f"/run/user/{os.getuid()}"
        facts = self.probe("paths", marker, "/tmp", "/var/tmp", "/dev/shm", runtime)
        self.assertEqual(facts.path(marker)[0], "ENOENT")
        for path in ("/tmp", "/var/tmp", "/dev/shm", runtime):
            self.assertEqual(facts.path(path), ("directory", "ok", "ok"), path)

    def test_devices(self):
        names = set(self.probe("list", "/dev").all("entry"))
        self.assertTrue({"null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr", "pts",
                         "ptmx", "shm"} <= names, names)
        self.assertFalse(names & {"kmsg", "mem", "sda", "vda", "kvm", "fuse", "input"}, names)
        self.assertEqual(self.shell("head -c 3 /dev/zero | od -An -tx1; echo x > /dev/null").strip(), "00 00 00")
        self.assertNotEqual(self.inside("sh", "-c", "echo x > /dev/full").returncode, 0)

    def test_names_of_the_user_and_host_resolve(self):
        output = self.shell("id -un; getent hosts localhost | head -n 1; cat /etc/hostname; hostname")
        lines = output.split("\n")
        self.assertTrue(lines[0])
        self.assertIn("localhost", lines[1])
        self.assertEqual(lines[2], lines[3])

    def test_etc_holds_no_shadow_and_only_own_accounts(self):
        facts = self.probe("paths", "/etc/shadow", "/etc/passwd", "/etc/machine-id")
        self.assertEqual(facts.path("/etc/shadow")[0], "ENOENT")
        accounts = self.shell("cut -d: -f1 /etc/passwd").split()
        self.assertNotIn("daemon", accounts)
        seen = self.shell("cat /etc/machine-id").strip()
        self.assertRegex(seen, "^[0-9a-f]{32}$")
        if os.path.exists("/etc/machine-id"):  # containers have none
            with open("/etc/machine-id") as file:
                self.assertNotEqual(seen, file.read().strip())

    def test_nothing_is_setuid_or_a_device_file(self):
        options = self.shell("cut -d' ' -f5,6 /proc/self/mountinfo")
        for line in options.strip().split("\n"):
            self.assertIn("nosuid", line)
            if not line.startswith("/dev"):
                self.assertIn("nodev", line)

    def test_every_tmpfs_has_limits(self):
        for line in self.shell("grep ' - tmpfs ' /proc/self/mountinfo").strip().split("\n"):
            self.assertRegex(line, r"[ ,]size=\d+k.*nr_inodes=\d+", line)


class Lists(Case):
    def setUp(self):
        super().setUp()
        self.data = self.folder("data")
        self.write(os.path.join(self.data, "file"), "from the host\n")

    def filesystem(self, text):
        return "[filesystem]\n" + text

    def test_read(self):
        file = os.path.join(self.data, "file")
        facts = self.probe("paths", self.data, file, profile=self.filesystem(f"read = [{quoted(self.data)}]"))
        self.assertEqual(facts.path(self.data)[:2], ("directory", "ok"))
        self.assertEqual(facts.path(self.data)[2], "EROFS")
        self.assertEqual(facts.path(file)[:2], ("file", "ok"))
        self.assertIn(facts.path(file)[2], ("EROFS", "EACCES"))

    def test_write(self):
        self.shell(f"echo inside >> {self.data}/file", profile=self.filesystem(f"write = [{quoted(self.data)}]"))
        with open(os.path.join(self.data, "file")) as file:
            self.assertEqual(file.read(), "from the host\ninside\n")

    def test_a_single_file(self):
        file = os.path.join(self.data, "file")
        facts = self.probe("paths", file, "--", "list", self.data, profile=self.filesystem(f"write = [{quoted(file)}]"))
        self.assertEqual(facts.path(file), ("file", "ok", "ok"))
        self.assertEqual(facts.all("entry"), ["file"])

    def test_options_are_the_same_keys(self):
        facts = self.probe("paths", self.data, options=["--read", self.data])
        self.assertEqual(facts.path(self.data)[1:], ("ok", "EROFS"))
        facts = self.probe("paths", self.data, options=["--write", self.data])
        self.assertEqual(facts.path(self.data)[1:], ("ok", "ok"))

    def test_overlay_keeps_the_host_as_it_was(self):
        script = f"cd {self.data}; echo changed > file; echo new > new; mkdir d; rmdir d; cat file"
        output = self.shell(script, profile=self.filesystem(f"overlay = [{quoted(self.data)}]"))
        self.assertEqual(output, "changed\n")
        self.assertEqual(os.listdir(self.data), ["file"])
        with open(os.path.join(self.data, "file")) as file:
            self.assertEqual(file.read(), "from the host\n")

    def test_tmpfs_with_a_size(self):
        text = self.filesystem('tmpfs = ["/scratch", { path = "/small", size = "1M" }]')
        self.shell("echo x > /scratch/x; head -c 500000 /dev/zero > /small/x", profile=text)
        full = self.inside("sh", "-c", "head -c 3000000 /dev/zero > /small/x", profile=text)
        self.assertNotEqual(full.returncode, 0)
        self.assertIn(b"No space left", full.stderr)

    def test_optional_ones_are_skipped_and_others_are_refused(self):
        missing = os.path.join(self.data, "missing")
        facts = self.probe("paths", missing, profile=self.filesystem(f"read = [{quoted(missing + '?')}]"))
        self.assertEqual(facts.path(missing)[0], "ENOENT")
        result = self.inside("true", profile=self.filesystem(f"read = [{quoted(missing)}]"))
        self.assert_refused(result, "missing", r"test\.toml:3", r"\?")

    def test_hide(self):
        self.write(".env", "TOKEN=secret")
        self.write("private/key", "secret")
        hidden = [os.path.join(self.project, name) for name in (".env", "private", "private/key")]
        text = self.filesystem(f"hide = [{quoted(hidden[0])}, {quoted(hidden[1])}]")
        facts = self.probe("paths", *hidden, profile=text)
        for path in hidden:
            self.assertNotEqual(facts.path(path)[1], "ok", path)
            self.assertNotEqual(facts.path(path)[2], "ok", path)
        self.assertNotIn("secret", self.inside("sh", "-c", "cat .env private/key; ls -R", profile=text).stdout.decode())
        self.assertEqual(self.probe("paths", *hidden).path(hidden[0]), ("file", "ok", "ok"))

    def test_protect(self):
        envrc = self.write(".envrc", "use nix\n")
        text = self.filesystem(f"protect = [{quoted(envrc)}]")
        facts = self.probe("paths", envrc, profile=text)
        self.assertEqual(facts.path(envrc)[:2], ("file", "ok"))
        self.assertNotEqual(facts.path(envrc)[2], "ok")
        self.assertNotEqual(self.inside("sh", "-c", f"mv {envrc} x || rm -f {envrc}", profile=text).returncode, 0)
        self.assertEqual(self.probe("paths", envrc).path(envrc), ("file", "ok", "ok"))

    def test_project_modes(self):
        for mode, write in (("read", "EROFS"), ("write", "ok")):
            facts = self.probe("paths", self.project, profile=self.filesystem(f"project = \"{mode}\""))
            self.assertEqual(facts.path(self.project), ("directory", "ok", write), mode)

    def test_project_none(self):
        text = self.filesystem('project = "none"')
        result = self.inside("ls", self.project, profile="workdir = \"/tmp\"\n" + text)
        self.assertNotEqual(result.returncode, 0)

    def test_home_modes(self):
        result = self.inside("sh", "-c", "echo x > ~/kept && ls ~", profile=self.filesystem('home = "tmpfs"'))
        self.assertIn(b"kept", result.stdout, self.story(result))
        again = self.inside("sh", "-c", "ls ~", profile=self.filesystem('home = "tmpfs"'))
        self.assertNotIn(b"kept", again.stdout)
        self.inside("sh", "-c", "echo x > ~/kept", profile=self.filesystem('home = "none"'))
        again = self.inside("sh", "-c", "ls -A ~", profile=self.filesystem('home = "none"'))
        self.assertEqual(again.stdout.split(), [os.path.basename(self.project).encode()], self.story(again))

    def test_etc_host(self):
        facts = self.probe("paths", "/etc/passwd", "/etc", profile=self.filesystem('etc = "host"'))
        self.assertEqual(facts.path("/etc/passwd")[1], "ok")
        self.assertNotEqual(facts.path("/etc")[2], "ok")
        self.assertIn("daemon", self.shell("cut -d: -f1 /etc/passwd", profile=self.filesystem('etc = "host"')))

    def test_root_empty(self):
        text = self.filesystem('root = "empty"')
        probe = os.path.join(self.project, "probe")
        result = self.inside(probe, "list", "/", "--", "paths", "/usr", profile=text)
        self.assertEqual(result.returncode, 0, self.story(result))
        self.assertIn("path /usr ENOENT", result.stdout.decode())


class Mounts(Case):
    """[[filesystem.mount]]"""

    def mount(self, **keys):
        values = {key: ("true" if value is True else "false" if value is False else quoted(value)) for key, value in keys.items()}
        return "[[filesystem.mount]]\n" + "\n".join(f"{key} = {value}" for key, value in values.items()) + "\n"

    def test_bind_at_another_path(self):
        source = self.folder("source")
        self.write(os.path.join(source, "tool"), "#!/bin/sh\necho ran\n", 0o755)
        text = self.mount(type="bind", source=source, target="/data/deep/inside", access="read")
        facts = self.probe("paths", "/data/deep/inside", "/data", profile=text)
        self.assertEqual(facts.path("/data/deep/inside"), ("directory", "ok", "EROFS"))
        self.assertEqual(self.inside("/data/deep/inside/tool", profile=text).stdout, b"ran\n")

    def test_exec_false(self):
        source = self.folder("source")
        self.write(os.path.join(source, "tool"), "#!/bin/sh\necho ran\n", 0o755)
        text = self.mount(type="bind", source=source, target="/data", access="read", exec=False)
        self.assert_status(self.inside("/data/tool", profile=text), 126)

    def test_symlink_file_directory_tmpfs(self):
        text = (self.mount(type="symlink", source="/usr/bin/env", target="/extra/bin/the-env") +
                self.mount(type="file", content="made of words\n", target="/extra/etc/words") +
                self.mount(type="directory", target="/extra/empty") +
                self.mount(type="tmpfs", target="/extra/scratch", size="1M"))
        facts = self.probe("paths", "/extra/bin/the-env", "/extra/etc/words", "/extra/empty", "/extra/scratch", profile=text)
        self.assertEqual(facts.path("/extra/bin/the-env")[0], "link")
        self.assertEqual(facts.path("/extra/etc/words")[:2], ("file", "ok"))
        self.assertEqual(facts.path("/extra/empty")[0], "directory")
        self.assertEqual(facts.path("/extra/scratch"), ("directory", "ok", "ok"))
        self.assertEqual(self.shell("cat /extra/etc/words", profile=text), "made of words\n")

    def test_device(self):
        text = self.mount(type="device", source="/dev/zero", target="/dev/my-zero")
        self.assertEqual(self.shell("head -c 2 /dev/my-zero | od -An -tx1", profile=text).strip(), "00 00")

    def test_overlay(self):
        source = self.folder("source")
        self.write(os.path.join(source, "x"), "x")
        text = self.mount(type="overlay", source=source, target="/layer")
        self.assertEqual(self.shell("echo y > /layer/y; ls /layer", profile=text).split(), ["x", "y"])
        self.assertEqual(os.listdir(source), ["x"])


class Sources(Case):
    def test_a_symlink_is_followed_once_and_both_names_work(self):
        real = self.folder("real")
        self.write(os.path.join(real, "file"), "through a link\n")
        link = os.path.join(self.folder("links"), "link")
        os.symlink(real, link)
        output = self.shell(f"cat {link}/file", profile=f"[filesystem]\nread = [{quoted(link)}]\n")
        self.assertEqual(output, "through a link\n")

    def test_a_dangling_symlink_is_an_absent_source(self):
        link = os.path.join(self.folder("links"), "link")
        os.symlink("/nonexistent/snug", link)
        self.assert_refused(self.inside("true", profile=f"[filesystem]\nread = [{quoted(link)}]\n"), "link")
        self.assert_status(self.inside("true", profile=f"[filesystem]\nread = [{quoted(link + '?')}]\n"), 0)

    def test_a_read_only_bind_stays_read_only_for_nested_mounts(self):
        # An outer mount namespace whose data/inner is a file system of its own, writable.
        data = self.folder("data")
        inner = os.path.join(data, "inner")
        os.mkdir(inner)
        profile = self.profile(f"[filesystem]\nread = [{quoted(data)}]\n")
        script = (f"mount -t tmpfs inner {inner} && touch {inner}/there && {snugtest.SNUG} run -p {profile} --user self -- "
                  f"{self.project}/probe paths {data} {inner} {inner}/there")
        result = subprocess.run(["unshare", "--user", "--map-current-user", "--mount", "--keep-caps", "sh", "-c", script],
                                cwd=self.project, capture_output=True, timeout=60)
        snugtest.need(b"mount:" not in result.stderr, "a tmpfs in a user namespace of the test's own")
        self.assertEqual(result.returncode, 0, self.story(result))
        facts = snugtest.Facts(result)
        self.assertEqual(facts.path(inner)[:2], ("directory", "ok"))
        self.assertEqual(facts.path(inner)[2], "EROFS")
        self.assertEqual(facts.path(inner + "/there")[1], "ok")

    def test_sources_that_vanish_and_return_never_start_a_half_sandbox(self):
        # Meanwhile another process renames the source away and back: each run either sees it or is refused.
        data = self.folder("data")
        self.write(os.path.join(data, "x/file"), "here\n")
        source, away = os.path.join(data, "x"), os.path.join(data, "y")
        mover = subprocess.Popen(["sh", "-c", f"while :; do mv {source} {away}; mv {away} {source}; done"],
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(mover.wait)
        self.addCleanup(mover.kill)
        seen = set()
        for _ in range(25):
            result = self.inside("cat", source + "/file", profile=f"[filesystem]\nread = [{quoted(source)}]\n")
            self.assertIn(result.returncode, (0, 125), self.story(result))
            self.assertEqual(result.stdout, b"here\n" if result.returncode == 0 else b"")
            seen.add(result.returncode)
        self.assertIn(0, seen)


class Space(Case):
    def test_paths_with_spaces_newlines_and_other_bytes(self):
        for name in (b"with space", b"with\nnewline", b"quote\"'\\back", b"\xff\xfe not utf-8", "ünïcödé ✓".encode()):
            project = os.path.join(self.project.encode(), name)
            os.mkdir(project)
            result = self.snug("run", "--", "sh", "-c", "pwd > made; pwd", cwd=project)
            self.assertEqual(result.returncode, 0, (name, self.story(result)))
            self.assertEqual(result.stdout, project + b"\n")
            with open(os.path.join(project, b"made"), "rb") as file:
                self.assertEqual(file.read(), project + b"\n")

    def test_such_paths_in_options(self):
        for name in (b"with space", b"with\nnewline", b"\xff\xfe not utf-8", b"end?"):
            data = os.path.join(self.folder().encode(), name)
            os.mkdir(data)
            with open(os.path.join(data, b"f"), "wb") as file:
                file.write(b"seen\n")
            optional = b"?" if name.endswith(b"?") else b""
            result = self.snug("run", "--read", data + optional, "--", "cat", data + b"/f")
            self.assertEqual((result.returncode, result.stdout), (0, b"seen\n"), (name, self.story(result)))

    def test_a_thousand_binds(self):
        root = self.folder("many")
        names = []
        for number in range(1000):
            path = os.path.join(root, f"d{number}")
            os.mkdir(path)
            self.write(os.path.join(path, "n"), str(number))
            names.append(path)
        profile = f"[filesystem]\nread = [{', '.join(quoted(name) for name in names)}]\n"
        output = self.shell(f"cat {root}/d*/n | wc -c; cat {root}/d999/n; echo; ls {root} | wc -l", profile=profile)
        self.assertEqual(output.split(), ["2890", "999", "1000"])

    def test_two_megabytes_of_arguments(self):
        words = ["x" * 99] * 18000
        facts = self.probe("arguments", *words)
        self.assertEqual(facts.one("arguments"), f"18000 {18000 * 99}")


class Places(Case):
    def test_working_directory_deleted_under_it(self):
        gone = os.path.join(self.project, "gone")
        os.mkdir(gone)
        script = f'cd "$1" && rmdir "$1" && exec "$2" run -- true'
        result = subprocess.run(["sh", "-c", script, "sh", gone, snugtest.SNUG], capture_output=True, timeout=60)
        self.assert_refused(result, "directory")

    def test_working_directory_deleted_while_it_runs(self):
        sub = os.path.join(self.project, "sub")
        os.mkdir(sub)
        process = self.start("sh", "-c", "cd sub; echo ready; read x; ls /usr >/dev/null && echo still alive")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        os.rmdir(sub)
        output, _ = process.communicate(b"\n", timeout=20)
        self.assertEqual(output, b"still alive\n")

    def test_a_subdirectory_of_the_project_is_the_working_directory(self):
        subprocess.run(["git", "init", "-q", self.project], check=True)
        sub = os.path.join(self.project, "a/b")
        os.makedirs(sub)
        result = self.snug("run", "--", "sh", "-c", "pwd; ls -a ../..", cwd=sub)
        self.assertEqual(result.stdout.decode().split("\n")[0], sub, self.story(result))
        self.assertIn(b".git", result.stdout)

    def test_the_home_is_no_project(self):
        for words in (["run", "--", "true"], ["shell"], []):
            self.assert_refused(self.snug(*words, cwd=HOME), "home", "project", "-p")

    def test_system_directories_are_no_project(self):
        for place in ("/", "/usr", "/etc", "/tmp", "/usr/share"):
            self.assert_refused(self.snug("run", "--", "true", cwd=place), "project")

    def test_project_none_works_anywhere(self):
        result = self.snug("run", "--project", "none", "--", "sh", "-c", "ls ~", cwd=HOME)
        self.assertEqual(result.returncode, 0, self.story(result))
        self.assertNotIn(b"project-", result.stdout)

    def test_state_and_configuration_are_no_project(self):
        self.assert_status(self.inside("true"), 0)
        for place in (snugtest.STATE, os.path.join(HOME, ".local/state")):
            self.assert_refused(self.snug("run", "--", "true", cwd=place), "project")


class Info(snugtest.Case):
    """/run/snug/info.json: what a program inside may know of its sandbox."""

    def info(self, **more):
        return json.loads(self.shell("cat /run/snug/info.json", **more))

    def test_what_it_says(self):
        info = self.info(options=["-p", "default"])
        self.assertEqual((info["schema"], info["profile"], info["project"], info["project_mode"], info["home"]),
                         (1, "default", os.path.realpath(self.project), "write", "stored"))
        self.assertEqual(info["network"], {"mode": "none", "allow": [], "deny": []})
        self.assertEqual(info["ask"]["host"], "snug allow HOST[:PORT]")
        info = self.info(profile='[network]\nmode = "filtered"\nallow = ["example.com:22"]\ndeny = ["x.example.com"]\n')
        self.assertEqual(info["network"], {"mode": "filtered", "allow": ["example.com:22"], "deny": ["x.example.com"]})
        self.assertIsNone(self.info(profile='[filesystem]\nproject = "none"\n')["project"])

    def test_nothing_secret_in_it(self):
        self.write(".env", "PASSWORD=hidden-value")
        profile = '[filesystem]\nhide = [".env"]\n[environment]\nset = { TOKEN = "hidden-value" }\n'
        text = self.shell("cat /run/snug/info.json", profile=profile)
        for word in ("hidden-value", "TOKEN", ".env"):
            self.assertNotIn(word, text)

    def test_it_cannot_be_changed(self):
        for script in ("echo x >/run/snug/info.json", "rm -f /run/snug/info.json", "mv /run/snug/info.json /run/x", "chmod 666 /run/snug/info.json",
                       "echo x >/run/x; mv /run/x /run/snug/info.json"):
            self.assertNotEqual(self.inside("sh", "-c", script).returncode, 0, script)


if __name__ == "__main__":
    snugtest.main()
