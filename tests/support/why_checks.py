"""What `snug why` says of a path is what happens inside: asks about hundreds, tries each, compares."""
import json
import os

import snugtest
from snugtest import Case, HOME, Facts, quoted

DEEDS = ("read", "write", "execute")
# What the kernel decides by more than owner, mode and mount; or what differs from one moment to the next.
UNDECIDED = ("/proc/self", "/proc/thread-self", "/proc/sys", "/sys/fs/cgroup", "/dev/pts", "/dev/mqueue", "/dev/tty",
             "/dev/std", "/dev/fd", "/proc/mounts", "/proc/net")


def is_decided(path):
    process = path.startswith("/proc/") and path.split("/")[2].isdigit()
    return not process and not any(path == other or path.startswith(other) for other in UNDECIDED)


def tree(top, most=400):
    """Everything below a directory, and a name in each directory that is not there."""
    found = [top]
    for directory, directories, files in os.walk(top):
        found += [os.path.join(directory, name) for name in directories + files]
        found.append(os.path.join(directory, "absent"))
        if len(found) > most:
            break
    return [path for path in found[:most] if os.path.basename(path) != "probe"]  # it runs, and so cannot be written


class Agreement(Case):
    """Asks about a path, tries it inside, compares."""

    def why(self, path, options):
        result = self.snug("why", *options, "--json", "--path", "--", path)
        self.assertIn(result.returncode, (0, 1), self.story(result))
        answer = json.loads(result.stdout)
        self.assertEqual(answer["allowed"], answer["read"]["allowed"])
        self.assertEqual(result.returncode, 0 if answer["allowed"] else 1)
        return answer

    def try_inside(self, paths, options):
        done = {}
        probe = os.path.join(self.project, "probe")
        for at in range(0, len(paths), 200):
            result = self.snug("run", *options, "--", probe, "deeds", *paths[at:at + 200])
            self.assert_status(result, 0)
            for value in Facts(result).all("deeds"):
                path, *outcomes = value.rsplit(" ", 3)
                done[path] = dict(zip(DEEDS, outcomes))
        self.assertEqual(len(done), len(paths))
        return done

    def assert_agrees(self, paths, profile=None):
        options = ["-p", self.profile(profile)] if profile is not None else []
        paths = sorted({path for path in paths if is_decided(path) and "\\" not in path})
        done = self.try_inside(paths, options)
        wrong, allowed = [], dict.fromkeys(DEEDS, 0)
        for path in paths:
            answer = self.why(path, options)
            for deed in DEEDS:
                allowed[deed] += answer[deed]["allowed"]
                if answer[deed]["allowed"] != (done[path][deed] == "ok"):
                    wrong.append(f"{deed} {path}: said {answer[deed]}, was {done[path][deed]}")
        self.assertEqual(wrong, [], "\n".join(wrong[:40]))
        # A set of paths of which nothing or all may be done tests nothing.
        for deed in DEEDS:
            self.assertGreater(allowed[deed], len(paths) // 50, deed)
            self.assertLess(allowed[deed], len(paths), deed)
        return len(paths)

    # --- something of everything -------------------------------------------------------------------------------

    def fill(self, top):
        """Files and directories of many modes, links of all kinds and a pipe."""
        for mode in (0o644, 0o600, 0o755, 0o444, 0o555, 0o200, 0o111, 0o000):
            self.write(os.path.join(top, f"file-{mode:03o}"), "#!/bin/sh\n", mode)
        for mode in (0o755, 0o500, 0o300, 0o600, 0o100, 0o000):
            directory = os.path.join(top, f"dir-{mode:03o}")
            self.write(os.path.join(directory, "in"), "x")
            self.write(os.path.join(directory, "deeper/program"), "#!/bin/sh\n", 0o755)
            os.chmod(directory, mode)
            self.addCleanup(os.chmod, directory, 0o700)
        links = {"to-file": "file-644", "to-dir": "dir-755", "to-nothing": "nowhere", "to-itself": "to-itself",
                 "to-usr": "/usr/bin/env", "to-secret": "/etc/shadow", "up": "..", "far": "dir-755/../dir-755/in",
                 "closed": "dir-000/in"}
        for name, to in links.items():
            os.symlink(to, os.path.join(top, name))
        os.mkfifo(os.path.join(top, "pipe"))

    def paths_of(self, *tops):
        paths = []
        for top in tops:
            paths += tree(top)
            paths += [os.path.join(top, *more) for more in (
                ("to-dir", "in"), ("to-dir", "absent"), ("to-nothing", "x"), ("up", "absent"), ("file-644", "below"),
                ("dir-000", "in"), ("dir-600", "in"), ("dir-755", "..", "file-644"), ("absent", "deeper"))]
        return paths

    def system(self):
        paths = ["/", "/usr", "/usr/bin", "/usr/local", "/usr/absent", "/absent", "/root", "/root/x", "/var", "/var/log",
                 "/var/run", "/run/lock", "/run/absent", "/tmp", "/tmp/absent", "/tmp/absent/deeper", "/dev/shm/absent",
                 "/etc/shadow", "/etc/absent", "/etc/ssl/certs", "/opt", "/home", "/boot", "/srv", "/bin/sh", "/lib",
                 "/usr/lib/../bin/env", HOME, os.path.dirname(HOME), os.path.join(HOME, ".netrc"),
                 os.path.join(HOME, ".bashrc"), os.path.join(HOME, "absent/deeper"), f"/run/user/{os.getuid()}/absent"]
        for directory in ("/", "/etc", "/dev", "/proc", "/usr/bin"):
            paths += [os.path.join(directory, name) for name in sorted(os.listdir(directory))[:80]]
        return paths


class Default(Agreement):
    def test_the_system_the_project_and_the_home(self):
        self.fill(self.project)
        os.system(f"cd {self.project} && git init -q . && git -c user.name=n -c user.email=e commit -q --allow-empty -m x")
        self.write(os.path.join(HOME, ".netrc"), "secret", 0o600)
        self.addCleanup(os.unlink, os.path.join(HOME, ".netrc"))
        paths = self.system() + self.paths_of(self.project)
        self.assertGreater(self.assert_agrees(paths), 300)

    def test_a_project_that_is_only_read_and_a_home_in_memory(self):
        self.fill(self.project)
        profile = '[filesystem]\nproject = "read"\nhome = "tmpfs"\netc = "host"\n'
        self.assert_agrees(self.paths_of(self.project) + self.system(), profile)

    def test_a_project_under_an_overlay(self):
        self.fill(self.project)
        profile = '[filesystem]\nproject = "overlay"\n[changes]\non-success = "discard"\non-failure = "discard"\n'
        self.assert_agrees(self.paths_of(self.project), profile)


class Varied(Agreement):
    overlay = True

    def test_every_kind_of_entry(self):
        data, more, apart, layer = (self.folder(name) for name in ("data", "more", "apart", "layer"))
        for top in (self.project, data, more, apart, layer):
            self.fill(top)
        self.write("secrets/key", "x")
        self.write("sub/.env", "x")
        self.write("sub/kept/.envrc", "x")
        self.write(os.path.join(data, "inner/file"), "x", 0o755)
        self.write(os.path.join(data, "inner/hidden/file"), "x")
        here = lambda *names: quoted(os.path.join(*names))
        profile = f"""
[filesystem]
read = [{here(data)}, {here(more, "file-755")}]
write = [{here(data, "inner")}, {here(more, "dir-755")}]
{'overlay = [' + here(layer) + ']' if self.overlay else ''}
tmpfs = ["/scratch", {{ path = {here(self.project, "dir-755/deeper")}, size = "1M" }}]
hide = ["**/.env", "secrets", {here(data, "inner/hidden")}, {here(data, "file-600")}]
protect = ["sub/kept/.envrc", "file-755", "to-dir"]
[[filesystem.mount]]
type = "bind"
source = {here(apart)}
target = "/apart/deep"
access = "write"
exec = false
[[filesystem.mount]]
type = "tmpfs"
target = "/plain"
exec = false
mode = "0700"
[[filesystem.mount]]
type = "symlink"
source = {here(data, "inner")}
target = "/shortcut"
[[filesystem.mount]]
type = "file"
content = "#!/bin/sh\\n"
target = "/made/program"
mode = "0755"
[[filesystem.mount]]
type = "directory"
target = "/made/closed"
mode = "0500"
[[filesystem.mount]]
type = "device"
source = "/dev/zero"
target = "/dev/my-zero"
"""
        paths = self.paths_of(self.project, data, more, apart, layer)
        paths += ["/scratch", "/scratch/absent", "/plain", "/plain/absent", "/shortcut", "/shortcut/file", "/made",
                  "/shortcut/hidden/file", "/made/program", "/made/closed", "/made/closed/absent", "/made/absent", "/apart",
                  "/dev/my-zero", "/apart/deep/absent"]
        paths += [path.replace(apart, "/apart/deep") for path in self.paths_of(apart)]
        self.assertGreater(self.assert_agrees(paths, profile), 300)
