"""Masks and read-only mounts in a host directory: what the host replaces comes loose, and snug says so at once."""
import os
import subprocess
import time

import snugtest

SECRET = "filesystem.hide = [\".env\"]\n"


class ComingLoose(snugtest.Case):
    def replace(self, name, text):
        """As an editor saves: a new file moved over the old one."""
        fresh = self.write(name + ".new", text)
        os.rename(fresh, os.path.join(self.project, name))

    def started(self, profile, script="echo ready; read line; cat .env || true"):
        process = self.start("sh", "-c", script, profile=profile)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def ended(self, process):
        out, err = process.communicate(b"\n", timeout=30)
        return out, snugtest.show(err)

    def test_a_hidden_file_that_the_host_replaces_is_told_while_the_command_runs(self):
        for mode in ("write", "read"):
            with self.subTest(mode=mode):
                self.write(".env", "old secret")
                process = self.started(SECRET + f'filesystem.project = "{mode}"\n')
                self.replace(".env", "new secret")
                os.set_blocking(process.stderr.fileno(), False)
                told = []
                self.wait_until(lambda: told.append(process.stderr.read()) or b"no longer hidden" in (told[-1] or b""),
                                "the line about .env")
                self.assertIsNone(process.poll())
                out, rest = self.ended(process)
                self.assertEqual(out, b"new secret")  # the reason for the line: the mask is gone
                self.assertNotIn("no longer hidden", rest)  # once

    def test_a_protected_file_that_is_replaced_is_told(self):
        self.write("settings.json", "{}")
        process = self.started('filesystem.protect = ["settings.json"]')
        self.replace("settings.json", "{1}")
        _, err = self.ended(process)
        self.assertIn("no longer read-only", err)
        self.assertEqual(err.count("settings.json"), 1)

    def test_what_is_removed_is_told_when_it_comes_back(self):
        self.write(".env", "old secret")
        process = self.started(SECRET)
        os.unlink(os.path.join(self.project, ".env"))
        time.sleep(0.05)
        self.write(".env", "new secret")
        _, err = self.ended(process)
        self.assertIn("no longer hidden", err)

    def test_changes_that_leave_the_mask_in_place_are_not_told(self):
        path = self.write(".env", "old secret")
        process = self.started(SECRET)
        os.chmod(path, 0o600)
        self.write(".env", "written in place")
        os.rename(path, path + ".away")
        os.rename(path + ".away", path)
        out, err = self.ended(process)
        self.assertEqual(out, b"")
        self.assertNotIn(".env was", err)

    def test_an_overlay_does_not_come_loose(self):
        self.write(".env", "old secret")
        process = self.started(SECRET + 'filesystem.project = "overlay"\nchanges.on-success = "discard"\n'
                                        'changes.on-failure = "discard"\n')
        self.replace(".env", "new secret")
        out, err = self.ended(process)
        self.assertNotIn(b"new secret", out)
        self.assertNotIn("no longer", err)

    def test_a_promise_of_the_view_refuses_single_files_and_names_the_way_out(self):
        self.write(".env", "secret")
        refused = self.inside("true", profile='require = ["filesystem"]\n' + SECRET)
        self.assert_refused(refused, r'cannot promise that .*\.env" stays hidden', 'project = "overlay"')
        kept = self.inside("true", profile='require = ["filesystem"]\n' + SECRET +
                           'filesystem.project = "overlay"\nchanges.on-success = "discard"\n'
                           'changes.on-failure = "discard"\n')
        self.assert_status(kept, 0)

    def test_the_directories_above_what_is_protected_cannot_be_moved_inside(self):
        self.write(".github/workflows/ci.yml", "on: push")
        profile = 'filesystem.protect = [".github/workflows/**"]'
        moved = "mv .github away && mkdir -p .github/workflows && echo evil > .github/workflows/ci.yml"
        result = self.inside("sh", "-c", moved, profile=profile)
        self.assertNotEqual(result.returncode, 0, self.story(result))
        with open(os.path.join(self.project, ".github/workflows/ci.yml")) as file:
            self.assertEqual(file.read(), "on: push")
        control = self.inside("sh", "-c", moved)
        self.assert_status(control, 0)

    PROTECT = 'filesystem.protect = [".vscode/deep/settings.json"]\n'
    MAKE = "mkdir -p .vscode/deep; echo evil > .vscode/deep/settings.json"

    def test_a_protected_file_that_was_absent_is_told_when_it_is_made(self):
        process = self.started(self.PROTECT, f"echo ready; sleep 0.6; {self.MAKE}; read line")
        os.set_blocking(process.stderr.fileno(), False)
        told = []
        self.wait_until(lambda: told.append(process.stderr.read()) or b"was made while" in (told[-1] or b""), "the line")
        self.assertIn(b".vscode/deep/settings.json", told[-1])
        self.assertIsNone(process.poll())
        self.assertNotIn("was made while", self.ended(process)[1])  # once

    def test_the_same_in_a_run_of_a_moment(self):
        result = self.inside("sh", "-c", self.MAKE, profile=self.PROTECT)
        self.assertIn('/.vscode/deep/settings.json" was made while the command ran', snugtest.show(result.stderr))
        quiet = self.inside("sh", "-c", "mkdir -p .vscode/other; echo more >>.vscode/deep/settings.json", profile=self.PROTECT)
        self.assertNotIn("made while", snugtest.show(quiet.stderr))
        with open(os.path.join(self.project, ".vscode/deep/settings.json")) as file:
            self.assertEqual(file.read(), "evil\n")  # once it is there, it is read-only

    def test_the_same_by_a_run_that_was_killed(self):
        path = self.profile(self.PROTECT)
        process = subprocess.Popen([snugtest.SNUG, "run", "-p", path, "--", "sh", "-c", self.MAKE + "; echo made; sleep 60"],
                                   cwd=self.project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(process.stdout.readline(), b"made\n")
        process.kill()
        process.wait()
        process.stdout.close()
        told = snugtest.show(self.snug("run", "-p", path, "--", "true").stderr)
        self.assertIn('settings.json", which the profile protects: made or changed since a run here that was killed', told)
        self.assertNotIn("settings.json", snugtest.show(self.snug("run", "-p", path, "--", "true").stderr))

    def test_a_promise_refuses_what_is_absent(self):
        refused = self.inside("true", profile='require = ["filesystem"]\n' + self.PROTECT)
        self.assert_refused(refused, "cannot promise that .* is not made inside")

    def test_the_plan_names_what_is_watched(self):
        self.write(".env", "secret")
        text = self.snug("plan", "-p", self.profile(SECRET)).stdout.decode()
        self.assertRegex(text, r"(?m)^  \S+/\.env +hidden until the host replaces it")

    def test_nothing_wakes_snug_while_nothing_happens(self):
        self.write(".env", "secret")
        process = self.started(SECRET)
        switches = f"/proc/{process.pid}/status"

        def wakes():
            with open(switches) as file:
                return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
        time.sleep(0.5)  # watching has begun
        before = wakes()
        time.sleep(0.5)
        self.write("beside", "other work")
        time.sleep(0.2)
        self.assertEqual(wakes(), before)
        self.ended(process)


snugtest.main()
