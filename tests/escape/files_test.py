"""Attempts at files: to read, change, uncover or smuggle what the view does not hold."""
import os
import shutil
import stat
import subprocess
import unittest

import escaping
import snugtest
from escaping import ATTEMPT, Escape, MOUNTS_ALONE, NESTED, PRIVILEGED, ROOT, WITHOUT_FILTER
from snugtest import HOME, quoted


def content(path):
    with open(path) as file:
        return file.read()


class TheSecondWall(Escape):
    def test_is_there_or_away_as_the_mode_says(self):
        # Without this the attempts of the mode "mounts" would show nothing that those of "user" do not.
        said = self.snug("plan").stdout.decode()
        self.assertEqual("Landlock: not in this kernel" in said, MOUNTS_ALONE, said)
        self.assertEqual("Landlock: the same view again" in said, not MOUNTS_ALONE, said)


class Reading(Escape):
    def assert_unreadable(self, path, **more):
        self.assert_works_outside("read", path)
        self.assert_contained("read", path, **more)

    def test_private_keys_in_the_home(self):
        path = self.write(os.path.join(HOME, ".ssh/id_ed25519"), "PRIVATE KEY\n", 0o600)
        self.addCleanup(shutil.rmtree, os.path.dirname(path))
        self.assert_unreadable(path)

    def test_another_project(self):
        self.assert_unreadable(self.secret("main.c"))

    def test_the_sibling_through_dot_dot(self):
        self.assert_unreadable(os.path.join("..", os.path.relpath(self.secret(), HOME)))

    def test_a_symbolic_link_in_the_project(self):
        link = os.path.join(self.project, "link")
        os.symlink(self.secret(), link)
        self.assert_unreadable(link)

    def test_a_chain_of_links_through_proc(self):
        link = os.path.join(self.project, "link")
        os.symlink("/proc/self/root" + self.secret(), link)
        self.assert_unreadable(link)

    def test_by_the_working_directory_of_oneself(self):
        self.assert_unreadable("/proc/self/cwd/../" + os.path.relpath(self.secret(), HOME))

    def test_shadow(self):
        if ROOT:
            self.assert_works_outside("read", "/etc/shadow")
        for profile in (None, '[filesystem]\netc = "host"\n'):
            self.assert_contained("read", "/etc/shadow", profile=profile)

    def test_the_host_root_by_init(self):
        if not NESTED:
            self.assert_works_outside("list", f"/proc/{os.getpid()}/root")
        for name in ("root", "cwd", "root/etc", f"root{HOME}", "fd", "task/1/root", "task/1/cwd", "map_files"):
            self.assert_contained("list", f"/proc/1/{name}")

    def test_by_inode_number(self):
        self.assert_works_outside("handle", "/usr", HOME, nested=False) if ROOT else None
        self.assert_contained("handle", "/usr", self.project)
        self.assert_contained("handle", self.project, profile='[seccomp]\nallow = ["open_by_handle_at"]\n')

    def test_a_mask_taken_off(self):
        hidden = self.write("secrets/key", "the secret\n")
        profile = '[filesystem]\nhide = ["secrets"]\n'
        self.assert_works_outside("read", hidden)
        self.assert_works_inside("read", hidden)
        self.assert_contained("read", hidden, profile=profile)
        self.assert_contained("umount", os.path.dirname(hidden), profile=profile)
        self.assert_contained("open-tree", os.path.dirname(hidden), profile=profile)
        self.assert_contained("open-tree-clone", self.project, profile=profile)

    def test_a_mask_moved_away(self):
        # The mask is a mount on `key`, and `secrets` one on itself: neither can be renamed.
        self.write("secrets/key", "the secret\n")
        profile = '[filesystem]\nhide = ["secrets/key"]\n'
        script = "mv secrets moved; cat moved/key; rm -f moved/key; mv moved/key gone; ln moved/key linked; cat gone linked; true"
        result = self.inside("sh", "-c", script, profile=profile)
        self.assertNotIn(b"the secret", result.stdout, self.story(result))
        self.assertEqual(content(os.path.join(self.project, "secrets/key")), "the secret\n")

    def test_a_hard_link_out_of_a_read_only_bind(self):
        secret = self.secret()
        profile = f"[filesystem]\nread = [{quoted(os.path.dirname(secret))}]\n"
        self.assert_works_inside("read", secret, profile=profile)
        link = os.path.join(self.project, "linked")
        self.assert_contained("link", secret, link, profile=profile)
        self.assertFalse(os.path.lexists(link))
        self.assert_works_outside("link", secret, link)


class Writing(Escape):
    def test_a_read_only_bind(self):
        secret = self.secret()
        profile = f"[filesystem]\nread = [{quoted(os.path.dirname(secret))}]\n"
        for attempt in ("write", "truncate", "remove"):
            self.assert_contained(attempt, secret, profile=profile)
        self.assert_contained("make", secret + "2", profile=profile)
        self.assert_contained("rename", secret, secret + "2", profile=profile)
        self.assert_contained("write", f"/proc/self/root{secret}", profile=profile)
        self.assertEqual(content(secret), "the secret\n")
        self.assert_works_outside("write", secret)
        self.assertNotEqual(content(secret), "the secret\n")

    def test_a_read_only_bind_made_writable(self):
        folder = os.path.dirname(self.secret())
        profile = f"[filesystem]\nread = [{quoted(folder)}]\n"
        for attempt in ("remount", "mount-setattr", "umount"):
            for path in (folder, "/usr", "/", "/proc/sys"):
                self.assert_contained(attempt, path, profile=profile)

    def test_a_read_only_project(self):
        kept = self.write("kept", "the same\n")
        options = ["--project", "read"]
        for attempt in ("write", "truncate", "remove"):
            self.assert_contained(attempt, kept, options=options)
        self.assertEqual(content(kept), "the same\n")
        self.assert_works_inside("write", kept)

    def test_the_system(self):
        for path in ("/usr/evil", "/evil", "/etc/evil", "/opt/evil", "/dev/evil", "/sys/evil", "/proc/evil", "/bin/evil"):
            self.assert_contained("make", path)

    def test_the_first_three_descriptors_reopened(self):
        for number, stream in enumerate(("stdin", "stdout", "stderr")):
            path = self.write(os.path.join(self.folder("elsewhere"), "file"), "the host's own\n" * 100)
            for attempt in ("truncate", "open-write"):
                with open(path, "rb" if number == 0 else "ab") as file:
                    self.try_inside(attempt, f"/proc/self/fd/{number}", **{stream: file})
                self.assertTrue(content(path).startswith("the host's own\n" * 100), f"{attempt} {stream}")
            with open(path, "rb") as file:
                self.try_outside("truncate", "/proc/self/fd/0", stdin=file)
            self.assertEqual(content(path), "")

    def test_the_input_read_from_its_start_after_it_was_moved_on(self):
        # Relayed: what the caller has read already is not to be had again by seeking back.
        path = self.secret()
        with open(path, "rb") as file:
            file.seek(4)
            os.lseek(file.fileno(), 4, os.SEEK_SET)
            result = self.inside("sh", "-c", "exec 3</proc/self/fd/0; cat <&3", stdin=file)
        self.assertNotIn(b"the secret", result.stdout)

    def test_a_directory_as_a_descriptor(self):
        directory = os.open(HOME, os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, directory)
        for number in (0, 1, 2):
            stream = ("stdin", "stdout", "stderr")[number]
            result = self.try_inside("list", f"/proc/self/fd/{number}/..", **{stream: directory})
            self.assertEqual(result.returncode, 125, self.story(result))
        result = self.try_outside("list", "/proc/self/fd/0/..", stdin=directory)
        self.assertEqual(result.returncode, 0)

    def test_descriptors_the_caller_forgot(self):
        directory = os.open(HOME, os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, directory)
        path = f"/proc/self/fd/{directory}/.."
        self.assert_works_outside("list", path, pass_fds=(directory,))
        self.assert_contained("list", path, pass_fds=(directory,))


class Nodes(Escape):
    def test_device_nodes(self):
        path = os.path.join(self.project, "node")
        for numbers in (("1", "1"), ("8", "0"), ("5", "1"), ("254", "0")):
            self.assert_contained("node", path, *numbers)
            self.assertFalse(os.path.lexists(path))
        self.assert_contained("node", path, "8", "0", profile=WITHOUT_FILTER)
        if ROOT:
            self.assert_works_outside("node", path, "1", "3")

    def test_overlay_whiteouts(self):
        path = os.path.join(self.project, "whiteout")
        self.assert_contained("node", path, "0", "0")
        self.assertFalse(os.path.lexists(path))
        self.assert_works_outside("node", path, "0", "0")

    def test_overlay_whiteouts_left_by_a_rename(self):
        before, after = self.write("before", "ours\n"), os.path.join(self.project, "after")
        self.assert_contained("rename-whiteout", before, after)
        self.assertTrue(os.path.isfile(before))
        self.assertFalse(os.path.lexists(after))
        self.assert_works_outside("rename-whiteout", before, after)

    def test_a_device_that_lies_in_the_project(self):
        if not ROOT:
            self.skipTest("only root makes devices")
        path = os.path.join(self.project, "zero")
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.chmod(path, 0o666)
        self.assert_works_outside("read", path)
        self.assert_contained("read", path)

    WAYS = ("chmod", "chmod-group", "fchmod", "fchmodat", "fchmodat2", "high-bits", "open", "folder", "mknod", "openat2",
            "tmpfile")

    def test_setuid_and_setgid_bits(self):
        for way in self.WAYS:
            with self.subTest(way):
                path = os.path.join(self.project, "set-" + way)
                self.assert_contained("set-id", way, path)
                if os.path.exists(path):
                    self.assertEqual(os.stat(path).st_mode & 0o6000, 0)
                if way == "fchmodat2" and snugtest.KERNEL < (6, 6):
                    continue
                control = path + "-outside"
                self.assert_works_outside("set-id", way, control, nested=False)
                if not NESTED:
                    self.assertNotEqual(os.stat(control).st_mode & 0o6000, 0)


class Mounts(Escape):
    """The view is fixed: what would change it works for whoever has a mount namespace of his own, and not inside."""

    def attempts(self):
        return [("mount-tmpfs", "/tmp"), ("mount-bind", "/usr", "/tmp"), ("fsopen",), ("open-tree-clone", "/"),
                ("chroot",), ("pivot",)]

    def test_mounts_of_ones_own(self):
        for words in self.attempts():
            with self.subTest(words[0]):
                self.assert_contained(*words)
                if words[0] != "pivot":
                    self.assert_works_outside(*words, before=PRIVILEGED, root=False)

    def test_without_the_filter_too(self):
        for words in self.attempts():
            with self.subTest(words[0]):
                self.assert_contained(*words, profile=WITHOUT_FILTER)

    NEW_USER, NEW_MOUNT = "0x10000000", "0x20000"

    def test_namespaces_of_ones_own(self):
        for attempt in ("unshare", "clone", "clone3"):
            for flags in (self.NEW_USER, self.NEW_MOUNT, "0x10020000"):
                with self.subTest(attempt + flags):
                    self.assert_contained(attempt, flags)
            self.assert_contained(attempt, self.NEW_USER, profile=WITHOUT_FILTER)
            self.assert_works_outside(attempt, self.NEW_USER)
            self.assert_works_inside(attempt, self.NEW_USER, profile="nested = true\n")

    def test_namespaces_of_init(self):
        for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
            self.assert_contained("setns", f"/proc/1/ns/{kind}")
            self.assert_contained("setns", f"/proc/1/ns/{kind}", profile=WITHOUT_FILTER)
        self.assert_contained("setns-pidfd", "1")
        self.assert_contained("setns-pidfd", "1", profile=WITHOUT_FILTER)

    def test_the_knob_against_namespaces_turned_back(self):
        self.assert_contained("write", "/proc/sys/user/max_user_namespaces", "1000")

    def test_what_the_host_mounts_later_does_not_appear(self):
        if not ROOT:
            self.skipTest("only root mounts on the host")
        below = os.path.join(self.project, "later")
        os.mkdir(below)
        script = "echo ready; read x; ls later"
        process = self.start("sh", "-c", script)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        subprocess.run(["mount", "--bind", "/etc", below], check=True)
        self.addCleanup(subprocess.run, ["umount", below])
        out, _ = process.communicate(b"\n", timeout=20)
        self.assertEqual(out, b"")


if __name__ == "__main__":
    escaping.main()
