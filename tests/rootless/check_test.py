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


snugtest.main()
