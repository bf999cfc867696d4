"""What makes captures: of everything, over others, in a directory of the user's, over further layers; their limits, what
a killed run leaves, and snug clean."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import snugtest
from snugtest import HOME, SNUG, STATE, Case, need_program

OVERLAY = ["--project", "overlay"]


class Layers(Case):
    def setUp(self):
        super().setUp()
        self.write("kept", "old\n")
        self.addCleanup(self.snug, "clean", "captures", "left", "--yes")

    def run_in(self, script, *options, status=0):
        result = self.inside("sh", "-euc", script, options=options)
        self.assertEqual(result.returncode, status, self.story(result))
        return result

    def tool(self, *words, status=0, **more):
        result = self.snug(*words, **more)
        self.assertEqual(result.returncode, status, self.story(result))
        return result.stdout.decode()

    def changes(self, *words):
        found = json.loads(self.tool("diff", "--json", *words))["changes"]
        return {change["path"]: change["kind"] for change in found}

    def read(self, path):
        with open(os.path.join(self.project, path)) as file:
            return file.read()

    def in_home(self, name, text="ours\n"):
        path = self.write(os.path.join(HOME, name), text)
        self.addCleanup(lambda: os.path.lexists(path) and os.remove(path))
        return path


class EverythingTest(Layers):
    def test_an_installer_that_writes_to_the_home(self):
        rc = self.in_home(".bashrc")
        self.run_in("echo 'export A=1' >> ~/.bashrc; mkdir -p ~/.local/bin; echo '#!/bin/sh' > ~/.local/bin/tool;"
                    "chmod +x ~/.local/bin/tool; ~/.local/bin/tool; echo new >> kept", "--capture")
        with open(rc) as file:
            self.assertEqual(file.read(), "ours\n")
        self.assertFalse(os.path.exists(os.path.join(HOME, ".local/bin/tool")))
        changes = self.changes()
        self.assertEqual(changes[rc[1:]], "modified")
        self.assertEqual(changes[os.path.join(HOME, ".local/bin/tool")[1:]], "added")
        self.assertEqual(changes[os.path.join(self.project, "kept")[1:]], "modified")
        self.tool("discard", "--yes")

    def test_links_and_files_of_the_root_are_there(self):
        names = [name for name in os.listdir("/") if name not in ("lost+found", "etc")]
        listed = self.run_in("ls -A /", "--capture").stdout.decode().split()
        for name in names:
            path = os.path.join("/", name)
            if os.path.islink(path) or os.path.isfile(path) or os.path.isdir(path):
                self.assertIn(name, listed)
            if os.path.isfile(path) and not os.path.islink(path):
                mode = self.run_in(f"stat -c %a {path}", "--capture").stdout.decode().strip()
                self.assertEqual(mode, f"{os.stat(path).st_mode & 0o7777:o}")

    def test_keys_and_snugs_state_are_absent_and_hide_makes_absent(self):
        self.in_home(".netrc", "machine x\n")
        self.in_home("secret", "hidden\n")
        self.run_in("! ls ~/.netrc; ! ls ~/secret; ! ls ~/.local/state/snug; ! grep -rs hidden ~/secret", "--capture", "--hide",
                    os.path.join(HOME, "secret"))
        self.run_in("grep machine ~/.netrc", "--capture", "--read", os.path.join(HOME, ".netrc"))

    def test_it_begins_whatever_of_snugs_state_is_there(self):
        for place in ("detached", "running"):
            shutil.rmtree(os.path.join(STATE, place), ignore_errors=True)
            self.run_in("! ls ~/.local/state/snug", "--capture")
            self.run_in("! ls ~/.local/state/snug", "--capture", "--user", "root")

    def test_what_was_hidden_and_is_made_anew_waits_to_be_named(self):
        secret = self.in_home("secret", "hidden\n")
        self.run_in("echo evil > ~/secret", "--capture", "--hide", secret)
        (change,) = json.loads(self.tool("diff", "--json"))["changes"]
        self.assertEqual(change["path"], secret[1:])
        self.assertTrue(change["review"])
        self.tool("discard", "--yes")

    def test_what_others_own_cannot_be_written(self):
        for place in ("/usr", "/opt", "/etc", "/srv"):
            self.run_in(f"! touch {place}/x 2> /dev/null", "--capture")

    def test_it_runs_from_anywhere(self):
        result = self.snug("run", "--capture", "--", "sh", "-c", "pwd; echo x > made", cwd=HOME)
        self.assertEqual((result.returncode, result.stdout.decode().strip()), (0, HOME), self.story(result))
        self.assertFalse(os.path.exists(os.path.join(HOME, "made")))
        self.assertIn(os.path.join(HOME, "made")[1:], self.tool("diff", "--name-only", cwd=HOME))
        self.tool("discard", "--yes", cwd=HOME)

    def test_a_write_list_is_captured_too(self):
        data = self.folder("data")
        self.run_in(f"echo x > {data}/x", "--capture", "--write", data)
        self.assertEqual(os.listdir(data), [])
        self.tool("discard", "--yes")


class RootInsideTest(Layers):
    """With user = "root" the system's directories are the command's own."""

    def package(self):
        snugtest.need_program("dpkg-deb")
        snugtest.need_program("apt-get")
        tree = self.folder("package")
        self.write(os.path.join(tree, "DEBIAN/control"), "Package: snug-test-tool\nVersion: 1\nArchitecture: all\n"
                   "Maintainer: nobody <nobody@example.com>\nDescription: for a test\n")
        self.write(os.path.join(tree, "DEBIAN/postinst"), "#!/bin/sh\nset -e\necho configured >> /etc/snug-test-tool\n"
                   "mkdir -p /var/lib/snug-test-tool\n", 0o755)
        self.write(os.path.join(tree, "usr/bin/snug-test-tool"), "#!/bin/sh\necho it runs\n", 0o755)
        os.chmod(tree, 0o755)
        made = os.path.join(self.project, "tool.deb")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, made], check=True, capture_output=True)

    def test_a_package_is_installed_and_thrown_away(self):
        self.package()
        out = self.run_in("apt-get install -y ./tool.deb >&2; snug-test-tool; cat /etc/snug-test-tool;"
                          "dpkg -s snug-test-tool | grep Status", "--capture", "--user", "root").stdout.decode()
        self.assertEqual(out.splitlines(), ["it runs", "configured", "Status: install ok installed"])
        names = self.tool("diff", "--name-only").split()
        for name in ("usr/bin/snug-test-tool", "etc/snug-test-tool", "var/lib/dpkg/status", "var/lib/dpkg/info/snug-test-tool.list"):
            self.assertIn(name, names)
        self.assertNotIn("etc/apt/apt.conf.d/99snug", names)
        self.assertFalse(os.path.exists("/usr/bin/snug-test-tool"))
        self.tool("discard", "--yes")
        self.assertNotEqual(subprocess.run(["dpkg", "-s", "snug-test-tool"], capture_output=True).returncode, 0)

    def test_what_lies_in_the_systems_directories_is_left_and_the_rest_is_applied(self):
        made = os.path.join(HOME, "made")
        self.addCleanup(lambda: os.path.lexists(made) and os.remove(made))
        self.run_in("echo x > /etc/snug-test; mkdir /opt/snug-test; echo y > ~/made; echo z >> kept", "--capture", "--user", "root")
        result = self.snug("apply", "--yes")
        self.assertEqual(result.returncode, 1, self.story(result))
        for left in ('"etc/snug-test": you may not write to "/etc"', '"opt/snug-test": you may not write to "/opt"'):
            self.assertIn(left, result.stderr.decode())
        self.assertEqual((os.path.exists(made), self.read("kept")), (True, "old\nz\n"))
        self.assertEqual(self.tool("diff", "--name-only").split(), ["etc/snug-test", "opt/snug-test"])
        self.tool("discard", "--yes")

    def test_nothing_is_changed_by_nothing(self):
        self.assertEqual(self.run_in("true", "--capture", "--user", "root").stderr, b"")
        self.assertEqual(self.run_in("true", "--capture").stderr, b"")

    def test_what_cannot_be_read_outside_cannot_be_read_inside(self):
        self.run_in("! cat /etc/shadow; ! cat /etc/gshadow; ! ls /root", "--capture", "--user", "root")


class StackTest(Layers):
    def test_a_capture_over_another_leaves_that_as_it_was(self):
        self.run_in("echo one > a; rm kept", *OVERLAY)
        self.run_in("grep one a; ! test -e kept; echo two > a; echo b > b", *OVERLAY, "--over", "1")
        self.run_in("grep one a", *OVERLAY, "--onto", "1")
        self.run_in("grep two a; grep b b", *OVERLAY, "--onto", "2", "--over", "1")
        self.assertFalse(os.path.exists(os.path.join(self.project, "a")))

    def test_what_it_changed_is_told_by_what_it_saw(self):
        self.write("d/host", "host\n")
        self.run_in("echo one > a; echo one > same; rm kept; rm -r d; mkdir d; echo one > d/new", *OVERLAY)
        self.run_in("echo two >> a; echo one > same; echo old > kept; rm d/new; echo two > d/other; chmod 600 same", *OVERLAY, "--over", "1")
        self.assertEqual(self.changes("--from", "2"),
                         {"a": "modified", "kept": "added", "d/new": "deleted", "d/other": "added", "same": "modified"})
        patch = self.tool("diff", "--from", "2")
        self.assertIn(" one\n+two\n", patch)
        self.assertNotIn("host", patch)
        self.tool("apply", "--yes", "--from", "1")
        self.assertEqual(self.changes(), {"a": "modified", "kept": "added", "d/new": "deleted", "d/other": "added", "same": "modified"})
        self.tool("apply", "--yes")
        self.assertEqual((self.read("a"), self.read("kept"), os.listdir(os.path.join(self.project, "d"))), ("one\ntwo\n", "old\n", ["other"]))
        self.assertEqual(self.tool("diff", "--list"), "")

    def test_what_is_written_as_it_was_below_is_no_change(self):
        self.run_in("echo one > a", *OVERLAY)
        self.assertEqual(self.run_in("echo one > a; touch a; mkdir d; rmdir d", *OVERLAY, "--over", "1").stderr, b"")
        self.assertEqual(len(json.loads(self.tool("diff", "--list", "--json"))["captures"]), 1)

    def test_what_the_host_changed_after_the_lower_one_was_applied_is_a_conflict(self):
        text = "".join(f"{number}\n" for number in range(20))
        self.write("merged", text)
        self.run_in("echo one > a; echo one > b; sed -i 's/^2$/two/' merged", *OVERLAY)
        self.run_in("echo two > a; echo two > b; sed -i 's/^9$/nine/' merged", *OVERLAY, "--over", "1")
        self.tool("apply", "--yes", "--from", "1")
        self.write("b", "host\n")
        self.write("merged", self.read("merged").replace("17\n", "seventeen\n"))
        self.tool("apply", "--yes", status=1)
        self.assertEqual((self.read("a"), self.read("b")), ("two\n", "host\n"))
        self.assertEqual(self.read("merged"), text.replace("\n2\n", "\ntwo\n").replace("\n9\n", "\nnine\n").replace("17\n", "seventeen\n"))

    def test_the_lowest_comes_first_and_each_waits_for_those_below(self):
        for number in (1, 2, 3):
            self.run_in(f"echo {number} > f{number}; echo {number} >> all", *OVERLAY, *(["--over", str(number - 1)] if number > 1 else []))
        refused = self.snug("apply", "--yes", "--from", "3")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("snug apply --from 1 ", refused.stderr.decode())
        self.tool("apply", "--yes", "--from", "1", "f1", status=1)
        self.assertEqual(self.snug("apply", "--yes", "--from", "2").returncode, 2)
        for number in ("1", "2", "3"):
            self.tool("apply", "--yes", "--from", number)
        self.assertEqual(self.read("all"), "1\n2\n3\n")

    def test_without_the_lower_one_it_is_told_by_the_host(self):
        self.run_in("echo one > a; mkdir d; echo one > d/one", *OVERLAY)
        self.run_in("echo two >> a; echo two > d/two", *OVERLAY, "--over", "1")
        self.assertIn("2 lies over this one", self.snug("discard", "--yes", "--from", "1").stderr.decode())
        self.assertEqual(self.changes(), {"a": "added", "d": "added", "d/two": "added"})
        self.run_in("grep two a; echo two > d/three", *OVERLAY, "--onto", "2")
        self.tool("apply", "--yes")
        self.assertEqual((self.read("a"), sorted(os.listdir(os.path.join(self.project, "d")))), ("one\ntwo\n", ["three", "two"]))

    def test_what_is_gone_on_with_lies_over_the_same(self):
        self.run_in("echo one > a", *OVERLAY)
        self.run_in("echo two > b", *OVERLAY, "--over", "1")
        self.run_in("grep one a; grep two b", *OVERLAY, "--onto", "2")
        self.tool("apply", "--yes", "--from", "1")
        self.run_in("grep one a; grep two b; echo two > c", *OVERLAY, "--onto", "2")
        self.tool("apply", "--yes")
        self.assertEqual(self.read("c"), "two\n")

    def test_layers_of_the_users_are_not_applied_and_what_was_changed_of_them_is(self):
        layer = self.folder("layer")
        for name in ("x", "y", "d/z", "d/kept", "same"):
            self.write(os.path.join(layer, name), "lower\n")
        self.run_in("echo more >> x; rm y; echo more >> d/z; echo new > d/new; echo lower > same", *OVERLAY, "--lower", layer)
        self.assertEqual(self.changes(), {"x": "modified", "y": "deleted", "d/z": "modified", "d/new": "added"})
        self.tool("apply", "--yes", "x", status=1)
        self.assertEqual(self.changes(), {"y": "deleted", "d/z": "modified", "d/new": "added"})
        self.tool("apply", "--yes")
        self.assertEqual(sorted(os.listdir(os.path.join(self.project, "d"))), ["new", "z"])
        self.assertEqual((self.read("x"), self.read("d/z"), self.read("kept")), ("lower\nmore\n", "lower\nmore\n", "old\n"))
        self.assertEqual((self.tool("diff", "--list"), sorted(os.listdir(layer))), ("", ["d", "same", "x", "y"]))

    def test_nobody_touches_a_capture_that_a_run_lies_over(self):
        self.run_in("echo 1 > a", *OVERLAY)
        process = self.start("sh", "-c", "echo ready; read x; cat a", options=[*OVERLAY, "--over", "1"])
        self.assertEqual(process.stdout.readline(), b"ready\n")
        for words in (["apply", "--yes", "--from", "1"], ["discard", "--yes", "--from", "1"]):
            self.assertEqual(self.snug(*words).returncode, 2)
        self.assertEqual(self.inside("true", options=[*OVERLAY, "--onto", "1"]).returncode, 125)
        self.run_in("grep 1 a", *OVERLAY, "--over", "1")
        self.assertEqual(process.communicate(b"\n")[0], b"1\n")
        self.tool("apply", "--yes", "--from", "1")

    def test_nothing_is_laid_over_a_capture_whose_apply_did_not_end(self):
        self.run_in("echo 1 > a", *OVERLAY)
        (top,) = [os.path.dirname(path) for path in glob.glob(os.path.join(STATE, "captures", os.path.basename(self.project) + "-*", "1/record"))]
        with open(os.path.join(top, "journal"), "wb") as file:
            file.write(b"snug apply 2\0phase=done\0")
        result = self.inside("touch", "ran", options=[*OVERLAY, "--over", "1"])
        self.assertEqual(result.returncode, 125)
        for said in ("cannot lay a capture over", "an apply of it did not end", "snug apply --continue --from 1"):
            self.assertIn(said, result.stderr.decode())

    def test_layers_below_in_order(self):
        first, second = self.folder("first"), self.folder("second")
        for folder, names in ((first, "xy"), (second, "x")):
            for name in names:
                self.write(os.path.join(folder, name), os.path.basename(folder) + "\n")
        out = self.run_in("cat x y kept; echo w >> y", *OVERLAY, "--lower", first, "--lower", second).stdout.decode()
        self.assertEqual(out.split(), [os.path.basename(second), os.path.basename(first), "old"])
        self.assertEqual(len(os.listdir(first)), 2)
        result = self.inside("true", options=[*OVERLAY, "--lower", "/no/such"])
        self.assertEqual(result.returncode, 125)
        many = [word for _ in range(7) for word in ("--lower", first)]
        self.assertIn(b"there may be 6", self.inside("true", options=[*OVERLAY, *many]).stderr)

    def test_a_second_run_on_one_capture_is_refused_and_others_go_on(self):
        self.run_in("echo 1 > a", *OVERLAY)
        first = subprocess.Popen([SNUG, "run", *OVERLAY, "--onto", "1", "--", "sh", "-c", "echo ready; read x"], cwd=self.project,
                                 env=self.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            first.stdout.readline()
            second = self.inside("true", options=[*OVERLAY, "--onto", "1"])
            self.assertEqual(second.returncode, 125)
            self.assertIn(f"process {first.pid} is running with it", second.stderr.decode())
            self.assertEqual(self.snug("discard", "--yes", "--from", "1").returncode, 2)
            self.run_in("test ! -e a; echo 2 > b", *OVERLAY)
            listed = json.loads(self.tool("clean", "captures", "--yes", "--json"))["items"]
            self.assertEqual([item["in_use"] for item in listed if item["name"] == "1" and item["project"] == self.project], [True])
            self.assertFalse(any(item["removed"] for item in listed if item["in_use"]))
        finally:
            first.communicate(b"x\n")


class MergeTest(Layers):
    """snug diff --merge-into."""

    def place(self):
        place = self.folder("merged")
        os.chmod(place, 0o700)
        return place

    def test_layers_become_one_that_shows_the_same(self):
        # An overlay in an overlay may have such names for its own from Linux 6.7.
        mine = "user.overlay.mine" if snugtest.KERNEL >= (6, 7) else "user.mine"
        layer = self.folder("layer")
        for name in ("x", "d/lower"):
            self.write(os.path.join(layer, name), "lower\n")
        for name in ("d/host", "e/host", "f/host", "replaced"):
            self.write(name, "host\n")
        self.run_in("echo one > a; rm kept; rm -r e; mkdir e; echo one > e/new; ln a twin; mkfifo fifo; chmod 640 a; ln -s a link;"
                    "rm replaced; mkdir replaced; echo one > replaced/f; truncate -s 3M sparse; echo x >> sparse;"
                    f"/usr/bin/python3 -c 'import os; os.setxattr(\"d\", \"user.note\", b\"1\"); os.setxattr(\"a\", \"{mine}\", b\"1\")'",
                    *OVERLAY, "--lower", layer)
        self.run_in("echo two >> e/new; rm -r f; rm x; echo two > kept; rm -r d; mkdir -m 0 closed; echo 1 > f", *OVERLAY, "--over", "1")
        listing = "find . ! -name probe -printf '%p %y %m %l %T@\\n' -type f -exec md5sum {} + | grep -v '^[.] ' | sort"
        seen = self.run_in(listing, *OVERLAY, "--onto", "2").stdout
        place = self.place()
        self.tool("diff", "--from", "2", "--merge-into", place)
        self.assertEqual(self.run_in(listing, *OVERLAY, "--changes", place).stdout.decode().split("\n"), seen.decode().split("\n"))
        out = self.run_in(f"/usr/bin/python3 -c 'import os; print(os.getxattr(\"a\", \"{mine}\"))'; stat -c %i a twin", *OVERLAY, "--changes", place)
        lines = out.stdout.decode().split()
        self.assertEqual((lines[0], lines[1]), ("b'1'", lines[2]))
        self.assertLess(os.stat(os.path.join(place, "upper/sparse")).st_blocks, 200)
        self.assertEqual(len(json.loads(self.tool("diff", "--list", "--json"))["captures"]), 2)

    def test_the_merged_one_is_applied_for_all(self):
        self.run_in("echo one > a; rm kept", *OVERLAY)
        self.run_in("echo two >> a; echo two > b", *OVERLAY, "--over", "1")
        place = self.place()
        self.tool("diff", "--from", "2", "--merge-into", place)
        self.tool("apply", "--yes", "--from", place)
        self.assertEqual((self.read("a"), self.read("b"), os.path.exists(os.path.join(self.project, "kept"))), ("one\ntwo\n", "two\n", False))
        self.assertEqual(os.listdir(place), [])

    def test_what_the_host_changed_since_the_first_began_is_a_conflict(self):
        self.write("b", "old\n")
        self.run_in("echo one > a; echo one > b", *OVERLAY)
        self.write("b", "host\n")
        self.run_in("echo two > c", *OVERLAY, "--over", "1")
        place = self.place()
        self.tool("diff", "--from", "2", "--merge-into", place)
        self.tool("apply", "--yes", "--from", place, status=1)
        self.assertEqual((self.read("a"), self.read("b"), self.read("c")), ("one\n", "host\n", "two\n"))

    def test_where_it_cannot_be(self):
        self.run_in("head -c 3M /dev/urandom > big", *OVERLAY)
        place = self.place()
        self.refused(place + "/absent", "there is nothing")
        self.refused(self.write("file", ""), "no directory")
        self.write(os.path.join(place, "mine"), "")
        self.refused(place, 'it holds "mine"')
        os.remove(os.path.join(place, "mine"))
        os.chmod(place, 0o777)
        self.refused(place, "others than you")
        os.chmod(place, 0o700)
        elsewhere = self.folder("elsewhere")
        link = os.path.join(elsewhere, "link")
        os.symlink(place, link)
        self.refused(link, "no directory")
        small = subprocess.run(["bash", "-c", 'ulimit -f 1000; trap "" XFSZ; exec "$@"', "sh", SNUG, "diff", "--merge-into", place],
                               cwd=self.project, env=self.environment(), capture_output=True, timeout=60)
        self.assertEqual((small.returncode, os.listdir(place)), (2, []), self.story(small))

    def refused(self, place, reason):
        result = self.snug("diff", "--merge-into", place)
        self.assertEqual(result.returncode, 2)
        self.assertIn(reason, result.stderr.decode())


class ChangesDirectoryTest(Layers):
    def test_used_again_emptied_and_refused_where_it_is_foreign(self):
        place = self.folder("changes")
        os.chmod(place, 0o700)
        options = [*OVERLAY, "--changes", place]
        self.run_in("echo x > x; rm kept", *options)
        self.assertEqual(sorted(os.listdir(os.path.join(place, "upper"))), ["kept", "x"])
        self.run_in("grep x x; echo y > y", *options)
        self.assertEqual(self.changes("--from", place + "/"), {"x": "added", "y": "added", "kept": "deleted"})
        self.tool("apply", "--yes", "--from", place + "/")
        self.assertEqual((self.read("x"), os.listdir(place)), ("x\n", []))
        self.run_in("echo z > z", *options)
        self.tool("discard", "--yes", "--from", place + "/")
        self.assertEqual(os.listdir(place), [])
        self.write(os.path.join(place, "mine"), "")
        self.refused(options, '"mine"')
        os.remove(os.path.join(place, "mine"))
        os.chmod(place, 0o777)
        self.refused(options, "others than you")
        self.refused([*OVERLAY, "--changes", place + "/absent"], "there is nothing")

    def refused(self, options, reason):
        result = self.inside("true", options=options)
        self.assertEqual(result.returncode, 125)
        self.assertIn(reason, result.stderr.decode())


class LimitTest(Layers):
    def test_a_layer_that_grows_too_large_ends_the_run(self):
        began = time.monotonic()
        result = self.inside("sh", "-c", "while :; do head -c 3M /dev/zero >> big; sleep 0.05; done",
                             options=[*OVERLAY, "--set", "limits.disk=20M"])
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(result.returncode, 137, self.story(result))
        self.assertIn("limits.disk = 20M (option --set); to allow more: --set limits.disk=40M", result.stderr.decode())

    def test_files_in_closed_directories_count(self):
        script = "mkdir d; i=0; while [ $i -lt 40 ]; do head -c 1M /dev/zero > d/$i; i=$((i+1)); done; chmod 0 d; sleep 20"
        result = self.inside("sh", "-c", script, options=[*OVERLAY, "--set", "limits.disk=20M"])
        self.assertEqual(result.returncode, 137, self.story(result))

    def test_a_tmpfs_is_no_larger(self):
        out = self.shell("df -k --output=size /tmp | tail -1; head -c 30M /dev/zero > /tmp/x || echo full",
                         options=["--project", "read", "--home", "tmpfs", "--set", "limits.disk=20M"])
        self.assertEqual(out.split(), ["20480", "full"])


class KilledTest(Layers):
    def test_a_capture_of_a_killed_run_is_whole_and_named(self):
        process = subprocess.Popen([SNUG, "run", *OVERLAY, "--", "sh", "-c", "echo new > a; rm kept; echo ready; sleep 60"], cwd=self.project,
                                   env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        said = self.inside("true").stderr.decode()
        self.assertEqual(said.count("\n"), 1)
        self.assertIn("left by a run that was killed: capture 1;", said)
        self.assertEqual(self.changes(), {"a": "added", "kept": "deleted"})
        self.run_in("grep new a; ! test -e kept", *OVERLAY, "--onto", "1")
        self.tool("apply", "--yes")
        self.assertEqual(self.read("a"), "new\n")

    def captures(self):
        """The directories of this project's captures, by name."""
        return {name: os.path.join(top, name) for top, names, _ in os.walk(os.path.join(STATE, "captures"))
                if os.path.basename(top).startswith(os.path.basename(self.project) + "-") for name in names}

    def test_killed_at_any_instant_it_is_whole_or_named(self):
        """What was written before it was killed is there; a capture that holds anything is named by the next start."""
        script = "i=0; while [ $i -lt 400 ]; do i=$((i + 1)); echo $i > n$i; echo $i; done"
        for wait in (0, 0.002, 0.004, 0.006, 0.009, 0.013, 0.02, 0.03, 0.06):
            process = subprocess.Popen([SNUG, "run", *OVERLAY, "--", "sh", "-c", script], cwd=self.project, env=self.environment(),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            self.check_left(len(process.communicate()[0].split()))

    def test_killed_at_each_call_of_its_beginning_and_end_it_is_whole_or_named(self):
        need_program("strace")
        script = "echo 1 > n1; echo 2 > n2; echo 1; echo 2"
        for call in ("mkdir", "flock", "rename", "utimensat", "syncfs", "fsync", "rmdir", "unlink", "unlinkat", "waitid"):
            for when in range(1, 8):
                words = ["strace", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}"]
                result = subprocess.run([*words, SNUG, "run", *OVERLAY, "--", "sh", "-c", script], cwd=self.project, env=self.environment(),
                                        stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
                killed = result.returncode == -signal.SIGKILL
                self.check_left(len(result.stdout.split()), killed)
                if not killed:
                    break

    def check_left(self, written, killed=True):
        said = self.inside("true").stderr.decode()
        holding = [name for name, path in self.captures().items() if os.path.isdir(f"{path}/upper") and os.listdir(f"{path}/upper")]
        self.assertLessEqual(len(holding), 1)
        if written > 0:
            self.assertEqual(len(holding), 1, said)
        for name in holding:
            self.assertTrue(f"capture {name};" in said or not killed or self.has_status(name), said)
            changes = self.changes("--from", name)
            self.assertEqual(set(changes.values()), {"added"})
            self.assertGreaterEqual(len(changes), written)
            self.tool("apply", "--yes", "--from", name)
            for number in range(1, written + 1):
                self.assertEqual(self.read(f"n{number}"), f"{number}\n")
        for name in os.listdir(self.project):
            if name.startswith("n"):
                os.remove(os.path.join(self.project, name))
        self.snug("clean", "captures", "left", "--yes")

    def has_status(self, name):
        with open(os.path.join(self.captures()[name], "record"), "rb") as file:
            return b"\0status=" in file.read()

    def test_a_capture_without_its_record_is_named_and_not_gone_on_with(self):
        for left in (b"", None):
            self.run_in("echo new > a", *OVERLAY)
            [(name, path)] = self.captures().items()
            os.remove(f"{path}/record")
            if left is not None:
                self.write(f"{path}/record", "")
            said = self.inside("true").stderr.decode()
            self.assertIn(f"capture {name} cannot be used: the machine stopped before its record was on the disk", said)
            result = self.inside("true", options=[*OVERLAY, "--onto", name])
            self.assertEqual(result.returncode, 125)
            self.assertIn("nothing tells what they were made to", result.stderr.decode())
            self.tool("clean", "left")
            self.assertTrue(os.path.exists(f"{path}/upper/a"))
            command = re.search("throw away: (.*)", said)[1]
            subprocess.run(["sh", "-c", command], check=True)
            self.assertFalse(os.path.exists(path))

    def test_a_run_that_changes_nothing_leaves_nothing(self):
        self.run_in("cat kept; touch x; rm x", *OVERLAY, "--set", "changes.on-success=keep")
        self.run_in("true", *OVERLAY)
        self.run_in("true", "--capture")
        self.assertEqual(self.captures(), {})
        self.run_in("chmod 711 .", *OVERLAY)
        self.assertEqual(len(self.captures()), 1)

    def test_runs_that_start_in_the_same_instant_have_captures_of_their_own(self):
        runs = [subprocess.Popen([SNUG, "run", *OVERLAY, "--", "sh", "-c", f"echo {number} > mine"], cwd=self.project, env=self.environment(),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for number in range(8)]
        for run in runs:
            said = run.communicate(timeout=120)[1]
            self.assertEqual(run.returncode, 0, said)
        written = set()
        for path in self.captures().values():
            with open(os.path.join(path, "upper/mine")) as file:
                written.add(file.read().strip())
        self.assertEqual(written, {str(number) for number in range(8)})

    def test_a_machine_that_stopped_makes_a_capture_doubtful(self):
        self.run_in("echo new > a", *OVERLAY)
        (record,) = [os.path.join(top, "record") for top, _, names in os.walk(os.path.join(STATE, "captures"))
                     if "record" in names and os.path.basename(self.project) in top]
        with open(record, "ab") as file:
            file.write(b"unsynced=another boot\0")
        result = self.snug("apply", "--yes")
        self.assertEqual(result.returncode, 2)
        self.assertIn("may be damaged", result.stderr.decode())
        self.assertEqual(self.inside("true", options=[*OVERLAY, "--onto", "1"]).returncode, 125)
        self.assertIn("may be damaged", self.snug("diff").stderr.decode())
        self.tool("discard", "--yes")

    def test_a_state_directory_that_cannot_be_written(self):
        state = self.folder("state")
        os.makedirs(os.path.join(state, "snug/captures"))
        os.chmod(os.path.join(state, "snug/captures"), 0o500)
        self.addCleanup(os.chmod, os.path.join(state, "snug/captures"), 0o700)
        result = self.inside("sh", "-c", "echo ran", options=OVERLAY, env={"XDG_STATE_HOME": state})
        self.assertEqual((result.returncode, result.stdout), (125, b""), self.story(result))
        self.assertIn("XDG_STATE_HOME", result.stderr.decode())


class FullDiskTest(Layers):
    """A file system of a few megabytes, mounted where only the commands of the test see it."""

    MOUNT = """
import ctypes, os, sys
if ctypes.CDLL(None, use_errno=True).mount(b"tmpfs", sys.argv[1].encode(), b"tmpfs", 0, b"size=" + sys.argv[2].encode()):
    sys.exit(77)
os.chdir(os.environ["PROJECT"])
os.execvp("bash", ["bash", "-euc", 'fails() { if "$@"; then exit 9; fi; }' + sys.argv[3]])
"""

    def on_small_disk(self, place, size, script, env=None):
        snugtest.need_program("unshare")
        result = subprocess.run(["unshare", "--user", "--map-current-user", "--mount", "--keep-caps", "/usr/bin/python3", "-c", self.MOUNT,
                                 place, size, script], capture_output=True, timeout=120,
                                env=self.environment({"PROJECT": self.project, "SNUG": SNUG, **(env or {})}))
        snugtest.need(result.returncode != 77, "a tmpfs in a user namespace")
        self.assertEqual(result.returncode, 0, self.story(result))
        return result.stderr.decode()

    def test_the_projects_disk_is_full(self):
        said = self.on_small_disk(self.project, "4M", """
            echo old > a; echo old > b
            "$SNUG" run --project overlay -- sh -c 'echo new > a; head -c 1M /dev/zero > b; echo c > c'
            head -c 8M /dev/zero > filler || true
            fails "$SNUG" apply --yes
            [ "$(cat a b)" = "$(printf 'old\\nold')" ]; [ "$(ls -A | tr '\\n' ' ')" = "a b filler " ]
            rm filler
            "$SNUG" apply --yes
            [ "$(cat a c)" = "$(printf 'new\\nc')" ]; [ "$(stat -c %s b)" = 1048576 ]; [ -z "$("$SNUG" diff --list)" ]""")
        self.assertIn("No space left on device", said)

    def test_the_captures_disk_is_full_when_the_end_is_written_down(self):
        snugtest.need_kernel(6, 6, what="capture on a tmpfs")
        state = self.folder("state")
        script = """
            mkdir many; for i in $(seq 600); do echo old > many/$i; done
            "$SNUG" run --project overlay -- sh -c 'for i in $(seq 600); do echo new > many/$i; done'
            fill() {  # until there is room for one journal (70 bytes a line), and not for two
                rm -f "$STATE/filler"; head -c 100M /dev/zero > "$STATE/filler" 2> /dev/null || true
                truncate -s -60K "$STATE/filler"
            }
            fill
            fails "$SNUG" apply --yes
            ls -A | grep -q snug-apply
            "$SNUG" apply --abort
            [ "$(cat many/* | sort -u)" = old ]; [ -z "$(ls -A | grep snug-apply)" ]
            fill
            fails "$SNUG" apply --yes
            rm "$STATE/filler"
            "$SNUG" apply --continue
            [ "$(cat many/* | sort -u)" = new ]; [ -z "$(ls -A | grep snug-apply)" ]; [ -z "$("$SNUG" diff --list)" ]"""
        said = self.on_small_disk(state, "16M", script, {"XDG_STATE_HOME": state, "STATE": state})
        self.assertIn("snug apply --continue", said)


class CleanTest(Layers):
    def test_by_kind_age_and_size_with_directories_nobody_may_write(self):
        self.run_in("mkdir -p a/b; head -c 2M /dev/zero > a/b/big; chmod 0 a/b; chmod 0555 a", *OVERLAY)
        mine = lambda items: [item for item in items if item["project"] == self.project]
        listed = lambda *words: mine(json.loads(self.tool("clean", "--json", *words))["items"])
        (item,) = listed("captures", "--dry-run", "--larger", "1M")
        self.assertTrue(item["removed"] and item["bytes"] >= 2 << 20)
        self.assertFalse(listed("captures", "--dry-run", "--older", "1d")[0]["removed"])
        self.assertFalse(listed("captures", "--dry-run", "--larger", "1G")[0]["removed"])
        self.assertEqual(self.snug("clean", "captures").returncode, 1)
        self.assertFalse(listed()[0]["removed"])
        self.assertTrue(listed("captures", "--yes")[0]["removed"])
        self.assertEqual(listed(), [])
        self.tool("clean", "nonsense", status=2)

    def test_copies_of_the_system_are_listed_and_removed_when_no_run_lies_over_them(self):
        mirror = lambda *words: [item for item in json.loads(self.tool("clean", "--json", *words, timeout=300))["items"] if item["kind"] == "mirror"]
        process = subprocess.Popen([SNUG, "run", "--capture", "--user", "root", "--", "sh", "-c", "echo ready; read x"], cwd=self.project,
                                   env=self.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        self.assertEqual([item["in_use"] for item in mirror("mirror", "--yes")], [True])
        process.communicate(b"\n")
        self.assertEqual([(item["in_use"], item["removed"]) for item in mirror()], [(False, False)])
        self.assertEqual([item["removed"] for item in mirror("mirror", "--yes")], [True])
        self.assertFalse(os.path.exists(os.path.join(STATE, "mirror")))


class PlaceTest(Layers):
    """Where layers can lie: each tried by a real mount."""

    def test_on_a_tmpfs(self):
        shm = tempfile.mkdtemp(prefix="snug-layers-", dir="/dev/shm")
        self.addCleanup(shutil.rmtree, shm, ignore_errors=True)
        self.write("merged/file", "old\n")
        script = "rm -r merged; mkdir made; echo new > made/file; echo new > kept"
        expected = {"merged": "deleted", "made": "added", "made/file": "added", "kept": "modified"}
        own = os.path.join(shm, "own")
        os.mkdir(own, 0o700)
        if snugtest.KERNEL < (6, 6):
            self.assert_refused(self.inside("sh", "-euc", script, options=[*OVERLAY, "--changes", own]), "it is on a tmpfs",
                                "before Linux 6.6", "fix: keep them on a disk")
            return
        self.run_in(script, *OVERLAY, "--changes", own)
        self.assertEqual(self.changes("--from", own), expected)
        self.tool("discard", "--yes", "--from", own)
        state = {"XDG_STATE_HOME": shm}
        result = self.inside("sh", "-euc", script, options=OVERLAY, env=state)
        self.assertEqual(result.returncode, 0, self.story(result))
        self.tool("apply", "--yes", env=state)
        self.assertEqual(self.read("made/file"), "new\n")
        self.assertFalse(os.path.exists(os.path.join(self.project, "merged")))

    def test_where_the_root_is_an_overlay_it_says_so_and_another_place_works(self):
        """As in a container: home, project and state lie on an overlay, which cannot carry another's upper directory."""
        need_program("unshare")
        place = self.folder("place")
        for name in ("lower/home", "lower/project", "upper", "work", "all"):
            os.makedirs(os.path.join(place, name))
        volume = os.path.join(place, "volume")
        os.mkdir(volume, 0o700)
        mounting = (f"cd {place} && mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work,userxattr all && cd all/project && "
                    f"exec unshare -U --map-user={os.getuid()} --map-group={os.getgid()} -- \"$@\"")

        def there(*words, **more):
            env = self.environment({"HOME": f"{place}/all/home", **more})
            return subprocess.run(["unshare", "-U", "--map-root-user", "-m", "sh", "-c", mounting, "sh", *words], env=env,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

        control = there(SNUG, "run", "--", "echo", "ran")
        self.assertEqual((control.returncode, control.stdout), (0, b"ran\n"), self.story(control))
        refused = there(SNUG, "run", *OVERLAY, "--", "echo", "ran")
        self.assertEqual((refused.returncode, refused.stdout), (125, b""), self.story(refused))
        self.assertIn("cannot carry an overlay's upper directory", refused.stderr.decode())
        self.assertIn("--changes DIR", refused.stderr.decode())
        captured = there(SNUG, "run", *OVERLAY, "--changes", volume, "--", "sh", "-c", "echo new > made")
        self.assertEqual(captured.returncode, 0, self.story(captured))
        self.assertTrue(os.path.exists(f"{volume}/upper/made"))
        self.assertEqual(os.listdir(f"{place}/lower/project"), [])


class ScriptTest(Layers):
    def test_every_variable_passes(self):
        out = self.run_in("echo ${ODD_NAME:-}", "--pass", "*")
        self.assertEqual(out.stdout, b"\n")
        result = self.inside("sh", "-c", "echo $ODD_NAME", options=["--pass", "*"], env={"ODD_NAME": "here"})
        self.assertEqual(result.stdout, b"here\n")

    def test_standard_input_is_not_read_ahead(self):
        script = f"printf 'a\\nb\\nc\\n' | {{ {SNUG} run --project overlay -- sh -c 'read x; echo inside $x'; cat; }}"
        result = subprocess.run(["bash", "-c", script], cwd=self.project, env=self.environment(), capture_output=True, timeout=60)
        self.assertEqual(result.stdout.decode().split("\n")[0], "inside a", result.stderr)
        self.assertEqual(result.stdout.decode().split(), ["inside", "a", "b", "c"])

    def test_process_substitution(self):
        script = f"{SNUG} run --project overlay -- cat <(echo from a pipe) 2>&1; {SNUG} run -- cat < <(echo as input)"
        result = subprocess.run(["bash", "-c", script], cwd=self.project, env=self.environment(), capture_output=True, timeout=60)
        self.assertIn("as input", result.stdout.decode())


if __name__ == "__main__":
    snugtest.main()
