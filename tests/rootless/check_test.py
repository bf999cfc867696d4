"""snug check: advice on this machine, what a profile comes to, how two differ, and the exit statuses."""
import json
import os

import snugtest
from snugtest import HOME


class Check(snugtest.Case):
    def advice(self, text):
        file = self.profile(text)
        result = self.snug("check", "--json", file)
        self.assert_status(result, 0)
        return json.loads(result.stdout)["advice"]

    def test_the_default_gets_no_advice(self):
        result = self.snug("check", "--strict", "default")
        self.assert_status(result, 0)
        self.assertEqual(result.stdout, b"default: no mistakes\n")
        self.assertEqual(result.stderr, b"")

    def test_advice_names_the_line_the_reason_and_the_fix(self):
        file = self.profile('[network]\nmode = "host"\n')
        result = self.snug("check", file)
        self.assert_status(result, 0)
        self.assertRegex(result.stderr.decode(), r"test\.toml:3(:\d+)? \(network\.mode\): advice: .*\n  why: .*\n  fix: .*")
        self.assert_status(self.snug("check", "--strict", file), 1)
        [found] = self.advice('[network]\nmode = "host"\n')
        self.assertEqual((found["id"], found["line"]), ("host-network", 3))

    def test_a_token_of_git_is_found_and_not_printed(self):
        self.write(os.path.join(HOME, ".gitconfig"), "[github]\n\toauth = ghp_SECRET\n")
        self.addCleanup(os.unlink, os.path.join(HOME, ".gitconfig"))
        shown = self.snug("check", self.profile('[filesystem]\nread = ["~/.gitconfig"]\n'))
        self.assertIn(b"~/.gitconfig", shown.stderr)
        self.assertNotIn(b"SECRET", shown.stderr + shown.stdout)

    def test_mistakes_come_without_advice(self):
        result = self.snug("check", self.profile('[network]\nmode = "host"\nallow = [1]\n'))
        self.assert_status(result, 1)
        self.assertNotIn(b"advice", result.stderr)

    def test_what_cannot_run_here_is_no_mistake(self):
        result = self.snug("check", self.profile('[filesystem]\nread = ["/nowhere/at/all"]\n'))
        self.assert_status(result, 0)
        self.assertIn(b"would not run here", result.stderr)

    def test_show_reads_back_as_the_same_profile(self):
        file = self.profile('extends = ["node"]\n[vars]\nx = "/opt"\n[filesystem]\nread = ["${vars.x}?", "./beside?"]\n')
        shown = self.snug("check", "--show", file)
        self.assert_status(shown, 0)
        self.assertIn(b'"/opt?",  # ' + file.encode(), shown.stdout)
        again = self.write(os.path.join(self.folder(), "again.toml"), shown.stdout)
        self.assertEqual(self.snug("check", "--diff", file, again).stdout, b"")
        self.assert_status(self.snug("check", "--diff", file, again), 0)

    def test_every_shipped_profile_can_be_shown_and_read_back(self):
        for profile in json.loads(self.snug("check", "--list", "--json").stdout)["profiles"]:
            with self.subTest(profile["name"]):
                shown = self.snug("check", "--show", profile["name"])
                self.assert_status(shown, 0)
                again = self.write(os.path.join(self.folder(), "again.toml"), shown.stdout)
                self.assert_status(self.snug("check", "--diff", profile["name"], again), 0)

    def test_diff_says_what_becomes_wider(self):
        result = self.snug("check", "--diff", "default", self.profile('[network]\nmode = "host"\n'))
        self.assert_status(result, 1)
        self.assertEqual(result.stdout, b'wider     network.mode is "host", was "none"\n')
        self.assert_status(self.snug("check", "--diff", "default"), 2)
        self.assert_status(self.snug("check", "--diff", "default", "nothing-of-that-name"), 2)


class Fix(snugtest.Case):
    """Every repair takes something away, and only what it says."""

    def setUp(self):
        super().setUp()
        self.tools = self.folder("tools")
        self.write(os.path.join(HOME, ".netrc"), "machine x password y", 0o600)
        self.addCleanup(os.unlink, os.path.join(HOME, ".netrc"))

    def fix(self, *words, status=0, **more):
        result = self.snug("check", "--fix", *words, **more)
        self.assert_status(result, status)
        return result.stdout.decode() + result.stderr.decode()

    def text(self, file):
        with open(file) as opened:
            return opened.read()

    def advice(self, file, **more):
        return [one["id"] for one in json.loads(self.snug("check", "--json", file, **more).stdout)["advice"]]

    def test_all_that_can_be_mended_is_and_the_rest_of_the_file_stays(self):
        path = {"PATH": f"{self.tools}:{os.environ['PATH']}", "MY_TOKEN": "x"}
        text = f'version = 1\n# first\n[environment]\npass = ["TERM", "MY_TOKEN", "EDITOR"]  # tools\n[filesystem]\n' \
               f'write = [{snugtest.quoted(self.tools)}]\nread = ["~/.netrc"]\n# last\n'
        file = self.write(os.path.join(self.folder("profiles"), "mine.toml"), text, 0o640)
        self.assertEqual(sorted(self.advice(file, env=path)), ["passed-secret", "shown-credentials", "writable-path"])
        said = self.fix(file, env=path)
        self.assertEqual(self.text(file), f'version = 1\n# first\n[environment]\npass = ["TERM", "EDITOR"]  # tools\n'
                         f'[filesystem]\nwrite = [{snugtest.quoted(self.tools)}]\nread = ["~/.netrc"]\n'
                         f'protect = [{snugtest.quoted(self.tools)}]\nhide = ["~/.netrc"]\n# last\n')
        self.assertIn('-pass = ["TERM", "MY_TOKEN", "EDITOR"]', said)
        self.assertIn('took out environment.pass = ["MY_TOKEN"]', said)
        self.assertEqual(os.stat(file).st_mode & 0o7777, 0o640)
        self.assertEqual(self.advice(file, env=path), [])
        before = os.stat(file).st_ino
        self.fix(file, env=path)  # nothing more to do
        self.assertEqual(os.stat(file).st_ino, before)
        self.assertEqual(os.listdir(os.path.dirname(file)), ["mine.toml"])

    def test_what_was_mended_holds(self):
        file = self.profile('[environment]\npass = ["MY_TOKEN"]\n[filesystem]\nread = ["~/.netrc"]\n')
        self.fix(file, env={"MY_TOKEN": "x"})
        out = self.snug("run", "-p", file, "--", "sh", "-c", "echo .$MY_TOKEN.; cat ~/.netrc", env={"MY_TOKEN": "x"}).stdout
        self.assertEqual(out, b"..\n")

    def test_what_another_profile_says_is_taken_out_here(self):
        base = self.profile('[environment]\npass = ["MY_TOKEN"]\n', "base")
        file = self.write(os.path.join(os.path.dirname(base), "top.toml"), 'version = 1\nextends = ["./base.toml"]\n')
        self.assertEqual(self.advice(file), ["passed-secret"])
        before = self.text(base)
        self.fix(file)
        self.assertEqual(self.text(base), before)
        self.assertIn('pass = ["!MY_TOKEN"]', self.text(file))
        self.assertEqual(self.advice(file), [])

    def test_your_own_file_for_the_project_is_mended_where_it_says_it(self):
        project = self.write("snug.toml", "version = 1\n")
        self.assert_status(self.snug("allow", "MY_TOKEN", env={"MY_TOKEN": "x"}), 0)
        said = self.fix(env={"MY_TOKEN": "x"})
        self.assertIn("projects/", said)
        self.assertEqual(self.text(project), "version = 1\n")
        self.assert_status(self.snug("why", "MY_TOKEN", env={"MY_TOKEN": "x"}), 1)

    def test_what_was_approved_stays_so_and_what_was_not_does_not(self):
        project = self.write("snug.toml", 'version = 1\n[environment]\npass = ["MY_TOKEN", "OTHER"]\n')
        self.assert_status(self.snug("trust"), 0)
        self.fix(env={"MY_TOKEN": "x"})
        self.assertIn('pass = ["OTHER"]', self.text(project))
        self.assert_status(self.inside("true"), 0)
        self.write("snug.toml", 'version = 1\n[environment]\npass = ["MY_TOKEN", "MORE"]\n')
        self.fix(env={"MY_TOKEN": "x"})
        self.assertIn('pass = ["MORE"]', self.text(project))
        self.assert_refused(self.inside("true"), "has changed since you approved it")

    def test_what_is_never_changed(self):
        self.assertIn("default: no mistakes", self.fix("default"))
        file = self.profile('[environment]\npass = ["MY_TOKEN"]\n')
        os.link(file, file + ".other")
        self.assertIn("more names than this one", self.fix(file, status=2))
        os.unlink(file + ".other")
        mistaken = self.profile('[environment]\npass = ["MY_TOKEN", 7]\n')
        before = self.text(mistaken)
        self.fix(mistaken, status=1)
        self.assertEqual(self.text(mistaken), before)
        host = self.profile('[network]\nmode = "host"\n')
        before = self.text(host)
        self.assertIn("advice: ", self.fix(host))
        self.assertEqual(self.text(host), before)

    def test_a_list_that_only_people_can_change_is_left_with_the_reason(self):
        file = self.profile('environment = { pass = ["MY_TOKEN"] }\n')
        before = self.text(file)
        self.assertIn("left as it is: ", self.fix(file))
        self.assertEqual(self.text(file), before)

    def test_a_link_stays_one(self):
        file = self.profile('[environment]\npass = ["MY_TOKEN", "X"]\n')
        link = file + "-link.toml"
        os.symlink(file, link)
        self.fix(link)
        self.assertTrue(os.path.islink(link))
        self.assertIn('pass = ["X"]', self.text(file))


snugtest.main()
