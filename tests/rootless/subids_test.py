"""Several user numbers inside (subids = "auto"): what they are, what the command can do with them, what becomes of the
files it leaves behind, and what it must not be able to keep."""
import glob
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time

import snugtest
from snugtest import HOME, SNUG, STATE, Case

ROOT = ["--user", "root", "--set", "subids=auto"]
SELF = ["--set", "subids=auto"]


def ranges(path):
    """The first number and how many, of this user's first line in /etc/subuid or /etc/subgid."""
    import pwd
    names = (pwd.getpwuid(os.getuid()).pw_name, str(os.getuid()))
    with open(path) as file:
        for line in file:
            owner, first, count = line.strip().split(":")
            if owner in names:
                return int(first), int(count)
    return None


def setUpModule():
    snugtest.need_program("newuidmap")
    try:
        found = ranges("/etc/subuid") and ranges("/etc/subgid")
    except (KeyError, OSError):
        found = None
    snugtest.need(found, "ranges of this user in /etc/subuid and /etc/subgid")


class Subids(Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.remove_all)

    def remove_all(self):
        """What is left in the project may belong to others: only a sandbox like the one that made it can remove it."""
        self.snug("run", "--user", "root", "--home", "tmpfs", *SELF, "--", "find", self.project, "-mindepth", "1", "-delete")
        self.snug("clean", "homes", "captures", "left", "--yes")

    def run_in(self, script, *options, status=0, **more):
        result = self.inside("sh", "-euc", script, options=[*ROOT, *options], **more)
        self.assertEqual(result.returncode, status, self.story(result))
        return result.stdout.decode()

    def tool(self, *words, status=0):
        result = self.snug(*words)
        self.assertEqual(result.returncode, status, self.story(result))
        return result.stdout.decode()

    def owner(self, path):
        info = os.lstat(os.path.join(self.project, path))
        return info.st_uid, info.st_gid

    def mine(self):
        return os.getuid(), os.getgid()


class NumbersTest(Subids):
    def test_root_and_all_others_are_there(self):
        uid, uids = ranges("/etc/subuid")
        gid, gids = ranges("/etc/subgid")
        lines = self.run_in("cat /proc/self/uid_map /proc/self/gid_map; id -u; cat /proc/self/setgroups").splitlines()
        maps = [tuple(map(int, line.split())) for line in lines[:4]]
        self.assertEqual(maps, [(0, os.getuid(), 1), (1, uid, uids), (0, os.getgid(), 1), (1, gid, gids)])
        self.assertEqual(lines[4:], ["0", "allow"])

    def test_ones_own_number_stays_and_lies_between_the_others(self):
        uid, uids = ranges("/etc/subuid")
        own = os.getuid()
        lines = self.inside("cat", "/proc/self/uid_map", options=SELF).stdout.decode().splitlines()
        maps = [tuple(map(int, line.split())) for line in lines]
        self.assertEqual(maps, [(0, uid, own), (own, own, 1), (own + 1, uid + own, uids - own)])

    def test_files_are_given_away_and_belong_to_the_range_outside(self):
        uid, gid = ranges("/etc/subuid")[0], ranges("/etc/subgid")[0]
        seen = self.run_in("echo x > given; chown 33:34 given; stat -c %u:%g given")
        self.assertEqual(seen, "33:34\n")
        self.assertEqual(self.owner("given"), (uid + 32, gid + 33))

    def test_an_archive_is_unpacked_with_its_owners(self):
        seen = self.run_in("mkdir in out; echo x > in/one; echo y > in/two; chown 1000:1000 in/one; chown 65534 in/two;"
                           "tar -C in -cf a.tar .; tar -C out -xf a.tar; stat -c %n:%u out/*")
        self.assertEqual(seen, "out/one:1000\nout/two:65534\n")

    def test_a_process_becomes_another_user_without_rights(self):
        seen = self.run_in("touch roots; chmod 600 roots; setpriv --reuid 33 --regid 33 --clear-groups sh -c "
                           "'id -u; id -G; grep CapEff /proc/self/status; cat roots 2>&1 || :'")
        lines = seen.splitlines()
        self.assertEqual(lines[:2], ["33", "33"])
        self.assertEqual(int(lines[2].split()[1], 16), 0)
        self.assertIn("Permission denied", lines[3])

    def test_without_root_inside_the_numbers_only_show(self):
        self.run_in("touch given; chown 33 given")
        result = self.inside("sh", "-c", "id -u; grep -E 'Cap(Eff|Prm|Bnd|Amb)' /proc/self/status; touch own; "
                             "chown 33 own || echo refused", options=SELF)
        lines = result.stdout.decode().splitlines()
        self.assertEqual(lines[0], str(os.getuid()), self.story(result))
        self.assertEqual({line.split()[1] for line in lines[1:5]}, {"0" * 16})
        self.assertEqual(lines[5], "refused")

    def test_the_plan_shows_the_maps(self):
        uid, uids = ranges("/etc/subuid")
        text = self.tool("plan", *ROOT, "--", "true")
        self.assertIn(f"0 is {os.getuid()}, 1-{uids} are {uid}-{uid + uids - 1} to the kernel", text)
        maps = json.loads(self.tool("plan", "--json", *ROOT, "--", "true"))["identity"]["maps"]
        self.assertEqual(maps["uids"], [{"inside": 0, "outside": os.getuid(), "count": 1},
                                        {"inside": 1, "outside": uid, "count": uids}])
        self.assertTrue(maps["newuidmap"].endswith("/newuidmap"))
        self.assertIn("user = \"root\"", self.tool("plan", *SELF, "--", "true"))

    def test_the_doctor_knows(self):
        (check,) = [one for one in json.loads(self.snug("doctor", "--json").stdout)["checks"] if one["id"] == "subids"]
        self.assertEqual(check["state"], "ok", check)

    def test_another_command_enters_with_the_same_rights(self):
        sandbox = self.start("sh", "-c", "touch given; chown 33 given; echo up; sleep 600", options=[*ROOT, "--name", "several"])
        self.wait_until(lambda: os.path.exists(os.path.join(self.project, "given")), "the sandbox is up")
        result = self.snug("exec", "several", "--", "sh", "-c", "id -u; chown 34 given; stat -c %u given")
        self.assertEqual(result.stdout.decode(), "0\n34\n", self.story(result))
        self.tool("kill", "several")
        sandbox.wait(timeout=30)

    def start(self, *command, options=()):
        started = subprocess.Popen([SNUG, *self.words(command, None, options)], cwd=self.project, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(started.stdout.close)
        self.addCleanup(started.stderr.close)
        self.addCleanup(started.kill)
        return started


class RefusedTest(Subids):
    def test_under_no_new_privs(self):
        result = subprocess.run(["setpriv", "--no-new-privs", SNUG, *self.words(["true"], None, SELF)], cwd=self.project,
                                capture_output=True, timeout=60)
        self.assertEqual(result.returncode, 125, self.story(result))
        self.assertIn("no_new_privs", result.stderr.decode())
        check = subprocess.run(["setpriv", "--no-new-privs", SNUG, "doctor"], cwd=self.project, capture_output=True, timeout=60)
        self.assertIn("no_new_privs", check.stdout.decode())

    def test_promised_and_not_asked_for(self):
        self.assert_refused(self.inside("true", profile='require = ["subids"]\n'), "cannot promise subids")

    def test_promised_and_had(self):
        result = self.inside("id", "-u", profile='require = ["subids"]\nsubids = "auto"\nuser = "root"\n')
        self.assertEqual((result.returncode, result.stdout), (0, b"0\n"), self.story(result))

    def test_newuidmap_runs_only_when_asked_for(self):
        snugtest.need_program("strace")
        for options, times in (([], 0), (ROOT, 1)):
            log = os.path.join(self.folder(), "log")
            result = subprocess.run(["strace", "-f", "-qq", "-o", log, "-e", "trace=execve", SNUG,
                                     *self.words(["true"], None, options)], cwd=self.project, capture_output=True, timeout=120)
            with open(log) as file:
                found = re.findall(r'execve\("[^"]*/(newuidmap|newgidmap)"', file.read())
            self.assertEqual(sorted(found), ["newgidmap", "newuidmap"] * times and sorted(["newgidmap", "newuidmap"] * times),
                             self.story(result))


class LeftBehindTest(Subids):
    """Files of other numbers in what is snug's, or the user's."""

    CLOSED = "mkdir -p {0}/closed/below; echo x > {0}/closed/below/file; chmod 600 {0}/closed/below/file;" \
             "chown -R 33:33 {0}/closed; chmod 700 {0}/closed {0}/closed/below;"

    def test_a_home_is_cleaned(self):
        self.run_in(self.CLOSED.format("~") + "chown 34 ~; chmod 700 ~")
        (files,) = glob.glob(os.path.join(STATE, "homes/*/files"))
        self.assertEqual(self.owner(files)[0], os.getuid(), "the top was given back")
        with self.assertRaises(PermissionError):
            os.listdir(os.path.join(files, "closed"))
        self.assertEqual(self.run_in("cat ~/closed/below/file"), "x\n")
        items = json.loads(self.tool("clean", "--json"))["items"]
        (home,) = [item for item in items if item["kind"] == "home"]
        self.assertGreater(home["bytes"], 0)
        self.tool("clean", "homes", "--yes")
        self.assertEqual(glob.glob(os.path.join(STATE, "homes/*")), [])

    def test_a_project_that_was_given_away_is_given_back(self):
        self.run_in("chown 33:33 .; chmod 700 .")
        self.assertEqual(self.owner("."), self.mine())
        self.run_in(self.CLOSED.format("."))
        with self.assertRaises(PermissionError):
            shutil.rmtree(os.path.join(self.project, "closed"))
        self.run_in("rm -r closed")
        self.assertFalse(os.path.exists(os.path.join(self.project, "closed")))

    def test_a_capture_is_seen_and_thrown_away(self):
        self.run_in(self.CLOSED.format("."), "--project", "overlay")
        self.assertIn("closed/below/file", self.tool("diff", "--name-only"))
        self.assertIn("+x", self.tool("diff"))
        self.tool("discard", "--yes")
        self.assertEqual(glob.glob(os.path.join(STATE, "captures/*/*")), [])

    def test_a_capture_is_applied_as_the_users(self):
        self.write("kept", "old\n")
        self.run_in(self.CLOSED.format(".") + "echo new > kept; chown 33 kept; ln -s x link; chown -h 33 link",
                    "--project", "overlay")
        result = self.snug("apply", "--yes")
        self.assertEqual(result.returncode, 0, self.story(result))
        for name in ("closed", "closed/below", "closed/below/file", "kept", "link"):
            self.assertEqual(self.owner(name), self.mine(), name)
        self.assertIn("another user number", result.stderr.decode() + result.stdout.decode())
        with open(os.path.join(self.project, "closed/below/file")) as file:
            self.assertEqual(file.read(), "x\n")
        self.assertEqual(glob.glob(os.path.join(STATE, "captures/*/*")), [])

    def test_what_only_changed_its_owner_is_no_change(self):
        self.write("kept", "old\n")
        self.run_in("chown 33 kept", "--project", "overlay")
        self.assertEqual(self.snug("diff", "--name-only").stdout, b"")
        self.assertEqual(self.owner("kept"), self.mine())

    def test_the_end_of_the_run_may_apply_and_discard(self):
        for what in ("apply", "discard"):
            self.run_in(self.CLOSED.format("."), "--project", "overlay", "--set", f"changes.on-success={what}")
            self.assertEqual(os.path.exists(os.path.join(self.project, "closed/below/file")), True)
            self.assertEqual(glob.glob(os.path.join(STATE, "captures/*/*")), [])

    def test_a_capture_is_gone_on_with_and_laid_over(self):
        self.run_in(self.CLOSED.format("."), "--project", "overlay")
        (name,) = [os.path.basename(path) for path in glob.glob(os.path.join(STATE, "captures/*/*"))]
        self.assertEqual(self.run_in("cat closed/below/file; stat -c %u closed", "--project", "overlay", "--onto", name), "x\n33\n")
        self.tool("discard", "--yes")

    def test_private_layers_go_at_the_end(self):
        warm = self.folder("warm")
        self.write(os.path.join(warm, "there"), "x")
        self.run_in(self.CLOSED.format(warm), "--overlay", warm, "--home", "tmpfs")
        self.assertEqual(os.listdir(warm), ["there"])
        self.assertEqual([path for path in glob.glob(os.path.join(STATE, "scratch/*")) if not path.endswith(".lock")], [])

    def test_after_a_kill_the_state_can_be_cleaned(self):
        snug = subprocess.Popen([SNUG, *self.words(["sh", "-euc", self.CLOSED.format("~") + self.CLOSED.format(".") +
                                                    "setpriv --reuid 33 --regid 33 --clear-groups sleep 4711 & echo up; sleep 4711"],
                                                   None, [*ROOT, "--project", "overlay"])],
                                cwd=self.project, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(snug.stdout.close)
        self.addCleanup(snug.kill)
        self.assertEqual(snug.stdout.readline(), b"up\n")
        self.wait_until(lambda: len(snugtest.processes_with("4711")) >= 2, "both sleep")
        snug.send_signal(signal.SIGKILL)
        snug.wait()
        self.wait_until(lambda: not snugtest.processes_with("4711"), "all are gone, those of other numbers too")
        self.tool("clean", "homes", "captures", "left", "--yes")
        for place in ("homes/*", "captures/*/*"):
            self.assertEqual(glob.glob(os.path.join(STATE, place)), [])

    def test_processes_of_all_numbers_end_with_the_command(self):
        self.run_in("setpriv --reuid 33 --regid 33 --clear-groups setsid sleep 4712 & sleep 0.2")
        self.assertEqual(snugtest.processes_with("4712"), [])


class PackageTest(Subids):
    def test_a_package_that_gives_files_to_several_users_is_installed(self):
        for program in ("dpkg-deb", "apt-get"):
            snugtest.need_program(program)
        tree = self.folder("package")
        self.write(os.path.join(tree, "DEBIAN/control"), "Package: snug-test-users\nVersion: 1\nArchitecture: all\n"
                   "Maintainer: nobody <nobody@example.com>\nDescription: for a test\n")
        self.write(os.path.join(tree, "DEBIAN/postinst"), "#!/bin/sh\nset -e\nmkdir -p /var/lib/snug-test-users\n"
                   "chown _apt:adm /var/lib/snug-test-users\nchmod 2750 /var/lib/snug-test-users || chmod 750 /var/lib/snug-test-users\n"
                   "setpriv --reuid _apt --regid adm --init-groups touch /var/lib/snug-test-users/made\n"
                   "chown www-data:www-data /etc/snug-test-users\n", 0o755)
        self.write(os.path.join(tree, "etc/snug-test-users"), "x\n")
        os.chmod(tree, 0o755)
        made = os.path.join(self.project, "users.deb")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, made], check=True, capture_output=True)
        seen = self.run_in("apt-get install -y ./users.deb >&2; stat -c '%U %G' /var/lib/snug-test-users /var/lib/snug-test-users/made "
                           "/etc/snug-test-users; dpkg -s snug-test-users | grep Status", "--capture", timeout=300)
        self.assertEqual(seen.splitlines(), ["_apt adm", "_apt adm", "www-data www-data", "Status: install ok installed"])
        names = self.tool("diff", "--name-only").split()
        self.assertIn("var/lib/snug-test-users/made", names)
        self.tool("discard", "--yes")
        self.assertEqual(glob.glob(os.path.join(STATE, "captures/*/*")), [])


class AttackTest(Subids):
    """What root over several numbers must still not be able to do."""

    def refused(self, script, *options):
        """A script whose every line must fail."""
        for line in script.splitlines():
            if line.strip():
                result = self.inside("sh", "-c", line, options=[*ROOT, *options])
                self.assertNotEqual(result.returncode, 0, line + "\n" + self.story(result))

    def test_no_setuid_program_is_left_behind(self):
        self.refused("""cp /bin/true ./it && chmod 4755 it
            cp /bin/true ./it2 && chown 33 it2 && chmod u+s it2
            cp /bin/true ~/it && chown 33 ~/it && chmod 6755 ~/it
            python3 -c 'import os; os.open("made", os.O_CREAT | os.O_WRONLY, 0o4755)'
            mkdir -m 2755 directory""")
        for top, _, names in os.walk(self.project):
            for name in names:
                self.assertEqual(os.lstat(os.path.join(top, name)).st_mode & 0o6000, 0, name)

    def test_a_setuid_bit_in_an_archive_does_not_arrive(self):
        self.run_in("python3 -c 'import tarfile,io; t = tarfile.open(\"a.tar\", \"w\"); i = tarfile.TarInfo(\"it\"); i.mode = 0o6755; "
                    "i.uid = 33; i.size = 1; t.addfile(i, io.BytesIO(b\"x\")); t.close()'; tar -xpf a.tar || :; ls -ln")
        if os.path.exists(os.path.join(self.project, "it")):
            self.assertEqual(os.lstat(os.path.join(self.project, "it")).st_mode & 0o6000, 0)

    def test_no_device_and_no_file_capability(self):
        self.refused("""mknod disk b 8 0
            mknod null c 1 3
            mknod gone c 0 0
            cp /bin/true it && setcap cap_net_raw+ep it
            python3 -c 'import os,struct; open("it", "w"); os.setxattr("it", "security.capability", struct.pack("<IIIIII", 0x03000001, 1 << 13, 0, 0, 0, 0))'""")

    def test_maps_namespaces_and_mounts_are_what_they_are(self):
        self.refused("""echo 0 0 1 > /proc/self/uid_map
            echo deny > /proc/self/setgroups
            unshare -U true
            unshare -m true
            mount -t tmpfs none /mnt
            chroot / true
            echo 100 > /proc/sys/user/max_user_namespaces
            echo x > /proc/sys/kernel/core_pattern
            hostname other""")

    def test_only_the_rights_it_needs(self):
        lines = self.run_in("grep ^Cap /proc/self/status; grep ^NoNewPrivs /proc/self/status; grep ^Cap /proc/1/status").splitlines()
        held = {line.split(":")[0]: int(line.split()[1], 16) for line in lines[:5]}
        wanted = sum(1 << bit for bit in (0, 1, 3, 5, 6, 7))  # chown, dac_override, fowner, kill, setgid, setuid
        self.assertEqual(held, {"CapInh": 0, "CapPrm": wanted, "CapEff": wanted, "CapBnd": wanted, "CapAmb": 0})
        self.assertEqual(lines[5].split(), ["NoNewPrivs:", "1"])

    def test_the_hosts_roots_files_stay_closed(self):
        self.refused("""cat /etc/shadow
            touch /etc/x
            chown 33 /usr/bin/true
            chmod 700 /usr
            echo x >> /etc/passwd.new""", "--set", "filesystem.etc=host")

    def test_the_first_process_is_out_of_reach(self):
        self.refused("""kill -9 1 && sleep 1 && ! kill -0 1
            cat /proc/1/environ
            ls -l /proc/1/fd
            strace -p 1
            prlimit --pid 1 --nproc=1:1
            renice -n 19 -p 1""")
        self.assertEqual(self.run_in("kill -9 1 || :; kill -STOP 1 || :; echo there"), "there\n")

    def test_walls_hold_for_the_other_numbers(self):
        self.write("secret", "hidden\n")
        self.write(".envrc", "guarded\n")
        hidden = ["--hide", os.path.join(self.project, "secret"), "--set", 'filesystem.protect=[".envrc"]']
        for become in ("", "setpriv --reuid 33 --regid 33 --clear-groups "):
            self.refused(f"""{become}grep hidden secret
                {become}sh -c 'echo x > .envrc'
                {become}rm secret
                {become}unshare -U true""", *hidden)
        with open(os.path.join(self.project, ".envrc")) as file:
            self.assertEqual(file.read(), "guarded\n")

    def test_processes_are_bounded_for_each_number_or_by_a_group(self):
        plan = json.loads(self.tool("plan", "--json", *ROOT, "--processes", "50", "--", "true"))
        held = plan["limits"]["processes"]
        notes = " ".join(note["text"] for note in plan["notes"])
        self.assertTrue(held["by"] == "cgroup" or "each user number" in notes, plan["limits"])

    def test_the_state_and_the_profiles_stay_out_of_reach(self):
        self.refused(f"""ls {STATE}/homes
            touch {STATE}/several-users
            chown 33 {STATE}""")


snugtest.main()
