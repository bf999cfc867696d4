"""Profiles that come with a project: what they may say unapproved, `snug trust`, and attempts to get round it."""
import json
import os
import pty
import shutil
import stat
import subprocess

import snugtest
from snugtest import SNUG, STATE, Case

NARROW = 'version = 1\nhostname = "narrow"\n[filesystem]\nproject = "read"\n'
WIDE = 'version = 1\nhostname = "wide"\n[network]\nmode = "host"\n'


class Trusting(Case):
    def setUp(self):
        super().setUp()
        self.file = os.path.join(self.project, "snug.toml")
        self.addCleanup(shutil.rmtree, os.path.join(STATE, "trust"), ignore_errors=True)

    def name(self, *options, **more):
        """The host name inside, or the whole of standard error where nothing ran."""
        result = self.snug("run", *options, "hostname", **more)
        self.assertIn(result.returncode, (0, 125), self.story(result))
        return result.stdout.decode().strip() if result.returncode == 0 else result.stderr.decode()

    def trust(self, *words, status=0, **more):
        result = self.snug("trust", *words, **more)
        self.assertEqual(result.returncode, status, self.story(result))
        return result

    def refused(self, *options, **more):
        said = self.name(*options, **more)
        self.assertIn("snug trust ", said)
        self.assertIn("snug -p default", said)
        return said


class Approval(Trusting):
    def test_what_narrows_needs_no_approval(self):
        self.write("snug.toml", NARROW)
        self.assertEqual(self.name(), "narrow")
        self.assertEqual(self.snug("trust", "--show").returncode, 0)

    def test_what_widens_stops_with_the_lines_and_two_ways_on(self):
        self.write("snug.toml", WIDE)
        said = self.refused()
        self.assertIn(f'{self.file}:4:1: network.mode = "host": lets the command use the network', said)
        self.assertIn("is not approved", said)
        self.assertEqual(self.name("-p", "default"), "snug")
        self.assertEqual(self.snug("plan").returncode, 125)
        self.trust()
        self.assertEqual(self.name(), "wide")

    def test_a_change_asks_again_and_is_shown(self):
        self.write("snug.toml", WIDE)
        self.trust()
        self.write("snug.toml", WIDE + 'sockets = ["/run/x?"]\n')
        said = self.refused()
        self.assertIn("has changed since you approved it", said)
        self.assertIn('+ sockets = [\\"/run/x?\\"]', said)
        self.write("snug.toml", WIDE)
        self.assertEqual(self.name(), "wide")  # the very bytes that were approved

    def test_a_change_that_narrows_needs_no_approval(self):
        self.write("snug.toml", WIDE)
        self.trust()
        self.write("snug.toml", NARROW)
        self.assertEqual(self.name(), "narrow")

    def test_naming_the_file_of_a_project_does_not_approve_it(self):
        self.write("snug.toml", WIDE)
        self.write("ci/other.toml", WIDE)
        os.mkdir(os.path.join(self.project, ".git"))
        self.refused("-p", "snug.toml")
        self.refused("-p", "./ci/other.toml")
        self.assertEqual(self.name("-p", self.profile('hostname = "outside"\n[network]\nmode = "host"\n')), "outside")

    def test_a_link_from_outside_leads_into_the_project_all_the_same(self):
        self.write("x.toml", WIDE)
        link = os.path.join(self.folder(), "mine.toml")
        os.symlink(os.path.join(self.project, "x.toml"), link)
        self.refused("-p", link)

    def test_show_list_and_undo(self):
        self.write("snug.toml", WIDE)
        shown = json.loads(self.trust("--show", "--json", status=1).stdout)
        self.assertEqual((shown["trusted"], [f["path"] for f in shown["files"]]), (False, [self.file]))
        self.assertEqual([ask["line"] for ask in shown["asks"]], [4])
        self.refused()
        self.trust()
        self.assertIn(self.file, self.trust("--list").stdout.decode().splitlines())
        listed = json.loads(self.trust("--list", "--json").stdout)["approved"]
        self.assertEqual([one["profile"] for one in listed], [self.file])
        self.assertTrue(json.loads(self.trust("--show", "--json").stdout)["trusted"])
        os.unlink(self.file)
        self.trust("--undo", self.file)  # also where the file has gone
        self.trust("--undo", self.file, status=1)
        self.write("snug.toml", WIDE)
        self.refused()

    def test_a_profile_with_mistakes_is_not_approved(self):
        self.write("snug.toml", WIDE + "surprise = 1\n")
        self.assertEqual(self.snug("trust").returncode, 2)
        self.assertFalse(self.trust("--list").stdout)

    def test_check_says_what_needs_approval(self):
        self.write("snug.toml", WIDE)
        result = self.snug("check")
        self.assertEqual(result.returncode, 0)
        self.assertIn("lets the command use the network; needs your approval (snug trust)", result.stderr.decode())
        self.trust()
        self.assertNotIn("approval", self.snug("check").stderr.decode())

    def test_nobody_is_asked(self):
        self.write("snug.toml", WIDE)
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        result = self.snug("run", "true", stdin=slave, timeout=20)
        os.close(slave)
        self.assertEqual(result.returncode, 125)


class Shipped(Trusting):
    def test_profiles_that_come_with_snug_may_be_built_on_as_far_as_they_open_nothing(self):
        self.write("snug.toml", 'version = 1\nextends = ["node"]\nhostname = "built"\n')
        self.assertEqual(self.name(), "built")
        self.write("snug.toml", 'version = 1\nextends = ["git"]\n')
        self.assertIn("network.ssh-agent = true: lets the command use your ssh keys", self.refused())

    def test_a_profile_of_ones_own_needs_approval_where_a_project_names_it(self):
        own = os.path.join(snugtest.HOME, ".config/snug/profiles/node.toml")
        self.write(own, 'version = 1\nhostname = "own"\n[network]\nmode = "host"\n')
        self.addCleanup(os.unlink, own)
        self.write("snug.toml", 'version = 1\nextends = ["node"]\n')
        self.refused()
        self.assertEqual(self.name("-p", "node"), "own")


class Attacks(Trusting):
    def test_every_file_of_the_project_it_is_read_from_counts(self):
        self.write("snug.toml", 'version = 1\nextends = ["./a.toml"]\n')
        self.write("a.toml", 'version = 1\nextends = ["./sub/b.toml"]\n')
        self.write("sub/b.toml", 'version = 1\nhostname = "b"\n')
        self.refused()
        self.trust()
        self.assertEqual(self.name(), "b")
        self.write("sub/b.toml", 'version = 1\nhostname = "evil"\n')
        self.assertIn("sub/b.toml", self.refused())

    def test_a_file_outside_that_the_project_leads_to_counts_too(self):
        outside = self.write(os.path.join(self.folder(), "o.toml"), 'version = 1\nhostname = "o"\n')
        self.write("snug.toml", f'version = 1\nextends = ["{outside}"]\n')
        self.trust()
        self.assertEqual(self.name(), "o")
        self.write(outside, 'version = 1\nhostname = "p"\n')
        self.refused()

    def test_a_link_that_is_turned_round_after_approval(self):
        other = self.write(os.path.join(self.folder(), "o.toml"), 'version = 1\nhostname = "o"\n[network]\nmode = "host"\n')
        self.write("tame.toml", 'version = 1\nhostname = "tame"\n')
        link = os.path.join(self.project, "link.toml")
        os.symlink("tame.toml", link)
        self.write("snug.toml", 'version = 1\nextends = ["./link.toml"]\n')
        self.trust()
        self.assertEqual(self.name(), "tame")
        os.unlink(link)
        os.symlink(other, link)
        self.refused()

    def test_an_approval_is_for_one_path(self):
        self.write("snug.toml", WIDE)
        self.trust()
        other = self.folder("copy")
        shutil.copy(self.file, other)
        self.refused(cwd=other)
        os.unlink(os.path.join(other, "snug.toml"))
        os.link(self.file, os.path.join(other, "snug.toml"))
        self.refused(cwd=other)
        os.unlink(os.path.join(other, "snug.toml"))
        os.symlink(self.file, os.path.join(other, "snug.toml"))
        self.assertIn("it is a symbolic link", self.name(cwd=other))
        self.refused("-p", "./snug.toml", cwd=other)

    def test_writers_besides_the_owner(self):
        self.write("snug.toml", WIDE)
        self.trust()
        os.chmod(self.file, 0o666)
        self.assertIn("anyone may write it", self.name())
        os.chmod(self.file, 0o644)
        os.chmod(self.project, 0o777)
        self.assertIn("anyone may write its directory", self.name())

    def test_texts_that_are_no_profile(self):
        for text in (b"version = 1\nhostname = \"a\0b\"\n", b"version = 1\nhostname = \"\xff\"\n", b"\xef\xbb\xbf\0",
                     b"#" * (1 << 20) + b"\n", b"version = 1\nextends = [" + b'"./snug.toml",' * 5000 + b"]\n",
                     b"version = 1\nextends = [\"./" + b"x" * 5000 + b".toml\"]\n"):
            with self.subTest(text[:40]):
                self.write("snug.toml", text)
                result = self.snug("run", "true", timeout=20)
                self.assertEqual(result.returncode, 125, self.story(result))
                self.assertNotIn(b"\0", result.stderr)
                self.assertNotEqual(self.snug("trust", timeout=20).returncode, 0)

    def test_the_command_cannot_change_what_it_runs_under(self):
        self.write("snug.toml", 'version = 1\nextends = ["./sub/base.toml"]\n')
        base = self.write("sub/base.toml", 'version = 1\nhostname = "base"\n')
        self.trust()
        said = self.shell("""
            for file in snug.toml sub/base.toml; do
              ! (echo x >>$file) 2>/dev/null && ! rm -f $file 2>/dev/null && ! mv $file gone 2>/dev/null
            done
            ! mv sub elsewhere 2>/dev/null
            ln snug.toml hard 2>/dev/null && echo x >>hard || true
            hostname""")
        self.assertEqual(said, "base\n")
        self.assertEqual(self.name(), "base")
        # Nor under another profile.
        self.inside("sh", "-c", "echo >>snug.toml", options=["-p", "default"])
        self.assertEqual(self.name(), "base")

    def test_a_profile_that_the_command_leaves_behind_opens_nothing(self):
        self.shell(f"printf '%s' '{WIDE}' >snug.toml")
        self.refused()

    def test_the_store_is_the_users_alone(self):
        self.write("snug.toml", WIDE)
        self.trust()
        store = os.path.join(STATE, "trust")
        self.assertEqual(stat.S_IMODE(os.stat(store).st_mode), 0o700)
        (record,) = os.listdir(store)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(store, record)).st_mode), 0o600)
        os.chmod(store, 0o777)
        self.assertIn("others may write it", self.name())
        os.chmod(store, 0o700)
        with open(os.path.join(store, record), "r+b") as file:
            file.truncate(40)
        self.refused()
        with open(os.path.join(store, record), "wb") as file:
            file.write(b"snug-trust-2\0")
        self.assertIn("a newer snug has written it", self.name())

    def test_many_at_once_leave_whole_approvals(self):
        self.write("snug.toml", WIDE)
        running = [subprocess.Popen([SNUG, "trust"], cwd=self.project, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE) for _ in range(8)]
        for process in running:
            self.assertEqual((process.wait(30), process.stderr.read() and 0), (0, 0))
            process.stderr.close()
        self.assertEqual(self.name(), "wide")
        self.assertEqual(len(os.listdir(os.path.join(STATE, "trust"))), 1)

    def test_limits_cannot_be_raised(self):
        self.write("snug.toml", "version = 1\n[limits]\nrlimit = { nofile = 64 }\n")
        self.assertEqual(self.name(), "snug")
        self.write("snug.toml", "version = 1\n[limits]\nrlimit = { nofile = 1000000000 }\n")
        self.assertIn("limits.rlimit.nofile is higher than what holds", self.refused())


snugtest.main()
