"""The command line: what belongs to whom, what goes to which stream, and what snug says of itself."""
import hashlib
import json
import os
import pwd
import re
import subprocess

import snugtest
from snugtest import SNUG, Case


class Words(Case):
    def test_options_end_at_the_command(self):
        self.assertEqual(self.snug("run", "echo", "-n", "--net", "host", "--", "-v").stdout, b"--net host -- -v")
        self.assertEqual(self.snug("run", "--", "echo", "-n", "x").stdout, b"x")

    def test_a_command_that_looks_like_an_option(self):
        self.write("-odd", "#!/bin/sh\necho odd \"$@\"\n", 0o755)
        result = self.snug("run", "--set", f'environment.path=["{self.project}"]', "--", "-odd", "-v")
        self.assertEqual(result.stdout, b"odd -v\n", self.story(result))

    def test_relative_paths_are_the_callers(self):
        beside = self.folder("beside")
        self.write(os.path.join(beside, "fact"), "seen\n")
        relative = os.path.relpath(beside, self.project)
        result = self.inside("cat", os.path.join(beside, "fact"), options=["--read", relative])
        self.assertEqual(result.stdout, b"seen\n", self.story(result))

    def test_variables_with_any_value(self):
        value = "a=b \"c\" ${HOME} $x\\n\té"
        result = self.inside("printenv", "V", options=["--env", "V=" + value])
        self.assertEqual(result.stdout.decode(), value + "\n", self.story(result))


class Streams(Case):
    def test_messages_go_to_stderr_and_data_to_stdout(self):
        for words in (["plan", "--nope"], ["plan", "-p", "nope"], ["check", "nope.toml"]):
            result = self.snug(*words)
            self.assertEqual(result.stdout, b"")
            self.assertRegex(result.stderr, b"^snug: ")
        for words in (["plan"], ["plan", "--json"], ["doctor", "--json"], ["--version"], ["--help"], ["run", "--help"]):
            result = self.snug(*words)
            self.assertEqual(result.stderr, b"")
            self.assertNotEqual(result.stdout, b"")

    def test_json_carries_its_schema(self):
        self.write("snug.toml", "version = 1\nhostnam = 1\n")
        for words in (["plan", "--json", "-p", "default"], ["doctor", "--json"], ["check", "--json"]):
            self.assertEqual(json.loads(self.snug(*words).stdout)["schema"], 1)

    def test_no_colour_off_a_terminal(self):
        for words in (["plan"], ["doctor"], ["run", "-v", "true"], ["nope"]):
            result = self.snug(*words)
            self.assertNotIn(b"\x1b", result.stdout + result.stderr)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full:
            result = self.snug("plan", stdout=full)
        self.assertEqual(result.returncode, 125)
        self.assertIn(b"cannot write the output: No space left", result.stderr)

    def test_verbose_says_each_decision(self):
        said = self.snug("run", "-v", "--hostname", "box", "true").stderr
        self.assertRegex(said, rb"debug .*profile default")
        self.assertRegex(said, rb"debug .*--hostname sets hostname")
        self.assertRegex(said, rb"debug .*exit status 0")
        self.assertEqual(self.snug("run", "true").stderr, b"")

    def test_a_terminal_cannot_be_obeyed_through_a_file_name(self):
        result = self.snug("check", "\x1b]0;title\x07.toml")
        self.assertNotIn(b"\x1b", result.stderr)
        self.assertIn(b"\\x1b]0;title\\x07.toml", result.stderr)


class Profiles(Case):
    def test_the_projects_profile_is_used_and_its_directory_is_the_project(self):
        self.write("snug.toml", 'version = 1\nhostname = "found"\n[environment]\nset = { P = "${project}" }\n')
        below = os.path.join(self.project, "below")
        os.mkdir(below)
        result = self.snug("run", "sh", "-c", "hostname; echo $P", cwd=below)
        self.assertEqual((result.stdout.decode(), result.stderr), (f"found\n{self.project}\n", b""))
        self.assertEqual(self.snug("run", "-p", "default", "hostname", cwd=below).stdout, b"snug\n")

    def test_the_users_own_file_lies_on_top_and_below_the_options(self):
        self.write("snug.toml", 'version = 1\nhostname = "project"\n')
        plan = json.loads(self.snug("plan", "--json").stdout)
        self.assertEqual(plan["hostname"]["origin"]["source"], os.path.join(self.project, "snug.toml"))
        digest = hashlib.sha256(self.project.encode()).hexdigest()[:16]
        own = os.path.join(snugtest.HOME, ".config/snug/projects", f"{os.path.basename(self.project)}-{digest}.toml")
        self.write(own, 'version = 1\nhostname = "own"\n[network]\nmode = "host"\n')
        self.addCleanup(os.unlink, own)
        plan = json.loads(self.snug("plan", "--json").stdout)
        self.assertEqual((plan["hostname"]["value"], plan["hostname"]["origin"]["source"]), ("own", own))
        plan = json.loads(self.snug("plan", "--json", "--hostname", "typed").stdout)
        self.assertEqual((plan["hostname"]["value"], plan["hostname"]["origin"]["source"]), ("typed", "--hostname"))

    def test_check_reports_every_mistake_with_its_place(self):
        self.write("snug.toml", 'version = 1\nhostnam = "x"\n[network]\nmode = "hots"\n')
        result = self.snug("check")
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        said = result.stderr.decode()
        self.assertRegex(said, r'snug\.toml:2:1: unknown key "hostnam"; did you mean "hostname"\?')
        self.assertRegex(said, r"snug\.toml:4:\d+: .*hots")
        mistakes = json.loads(self.snug("check", "--json").stdout)["mistakes"]
        self.assertEqual([m["line"] for m in mistakes], [2, 4])

    def test_check_of_a_sound_profile(self):
        self.write("snug.toml", 'version = 1\nhostname = "x"\n')
        os.mkdir(os.path.join(self.project, "below"))
        result = self.snug("check", cwd=os.path.join(self.project, "below"))
        self.assertEqual((result.returncode, result.stderr), (0, b""), self.story(result))

    def test_check_without_a_profile(self):
        result = self.snug("check")
        self.assertEqual((result.returncode, result.stdout), (2, b""))

    def test_a_profile_anyone_may_write_is_refused(self):
        path = self.write("open.toml", "version = 1\n", 0o666)
        self.assert_refused(self.snug("run", "-p", path, "true"), "anyone may write it")

    def test_a_fifo_as_profile_does_not_hang(self):
        path = os.path.join(self.folder(), "pipe.toml")
        os.mkfifo(path)
        self.assert_refused(self.snug("run", "-p", path, "true", timeout=10), "not a regular file")


class Surroundings(Case):
    def test_a_current_directory_that_is_gone(self):
        gone = self.folder("gone")
        script = f'cd "{gone}" && rmdir "{gone}" && exec "{SNUG}" run true'
        result = subprocess.run(["sh", "-c", script], env=self.environment(), capture_output=True, timeout=60)
        self.assert_refused(result, "cannot tell the current directory: it no longer exists")

    def test_a_home_that_cannot_be_told(self):
        try:
            account = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            account = None
        for home in ("relative", "", "/a/../b"):
            result = self.snug("run", "sh", "-c", "echo $HOME", env={"HOME": home})
            if account:
                self.assertEqual(result.stdout, account.encode() + b"\n", self.story(result))
            else:
                self.assert_refused(result, "cannot tell the home directory", "HOME=")

    def test_root_of_a_user_namespace_is_an_ordinary_user(self):
        result = subprocess.run(["unshare", "-Ur", SNUG, "run", "id", "-u"], cwd=self.project, env=self.environment(),
                                capture_output=True, timeout=60)
        self.assertEqual((result.returncode, result.stdout), (0, b"0\n"), self.story(result))

    def test_inside_a_sandbox_there_is_no_second(self):
        result = self.inside(SNUG, "run", "true", options=["--read", SNUG])
        self.assert_refused(result, r"already inside snug \(profile default\)", "nested = true")

    def test_doctor_inside_a_sandbox_says_where_it_is(self):
        report = json.loads(self.inside(SNUG, "doctor", "--json", options=["--read", SNUG]).stdout)
        self.assertEqual((report["ok"], report["surroundings"]), (False, "snug"))
        checks = {check["id"]: check for check in report["checks"]}
        self.assertIn("inside of a snug sandbox", checks["user-namespace"]["detail"])

    def test_a_plan_that_fails_leaves_no_process(self):
        word = f"snug-{os.getpid()}.toml"
        result = self.snug("run", "-p", f"./{word}", "true")
        self.assertEqual(result.returncode, 125)
        self.wait_until(lambda: not snugtest.processes_with(word), "the end of the early child", 2)


class Usage(Case):
    def test_statuses(self):
        for words, status in ((["run"], 125), (["run", "--nope"], 125), (["plan", "--nope"], 125), (["--nope"], 125),
                              (["nope"], 125), (["doctor", "--nope"], 2), (["check", "a", "b"], 2), (["help", "nope"], 2)):
            result = self.snug(*words)
            self.assertEqual(result.returncode, status, self.story(result))

    def test_help_and_version(self):
        self.assertRegex(self.snug("--version").stdout, rb"^snug \d+\.\d+\.\d+\n$")
        for command in ("run", "plan", "check", "doctor", "shell"):
            text = self.snug(command, "--help").stdout.decode()
            self.assertEqual(text, self.snug("help", command).stdout.decode())
            self.assertTrue(re.search(r"(?m)^examples:", text), text)


snugtest.main()
