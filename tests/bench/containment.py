"""The same attempts under several tools: which of them each contains. Started by tests/bench/containment.

Every attempt has a control without any tool; one that does not work there says nothing and is left out. What counts is
seen from outside where there is something to see: a file changed, a byte received, a process alive.
"""
import contextlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time

HOME = os.environ["HOME"]
SNUG = os.environ["SNUG"]
ATTEMPT = os.environ["ATTEMPT"]
NEW_USER = "0x10000000"


def bubblewrap(project):
    """What the scripts in circulation do: system read-only, project writable, everything unshared, no seccomp filter."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc", "--proc",
             "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", HOME, "--bind", project, project, "--chdir", project]
    for name in ("bin", "sbin", "lib", "lib64", "lib32"):
        if os.path.islink("/" + name):
            words += ["--symlink", os.readlink("/" + name), "/" + name]
    return words


def firejail(project):
    """Every wall that fits a build, by option: its profiles are for desktop programs. It wants a user with a name."""
    return ["firejail", "--quiet", "--noprofile", "--whitelist=" + project, "--net=none", "--seccomp",
            "--caps.drop=all", "--nonewprivs", "--noroot", "--private-dev", "--private-tmp"]


def podman(project):
    """Rootless, the host's own /usr as the image, so that the same programs run. crun, its usual runtime, refuses machines
    where both versions of cgroups are mounted; runc does not, but insists on cgroups for the container."""
    root = os.path.join(HOME, "rootfs")
    for name in ("proc", "sys", "dev", "tmp", "run", "usr", "etc"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        if not os.path.islink(os.path.join(root, name)):
            os.symlink("usr/" + name, os.path.join(root, name))
    runtime = ["--runtime", "runc"] if os.path.isdir("/sys/fs/cgroup/unified") and shutil.which("runc") else []
    cgroups = "--cgroups=no-conmon" if runtime else "--cgroups=disabled"
    return ["podman", *runtime, "run", "--rm", "-i", "--network=none", cgroups, "-v", "/usr:/usr:ro", "-v",
            f"{project}:{project}", "-w", project, "--rootfs", root]


def end_podman():
    """Its pause process outlives the last container, and what it stores belongs to user ids of the namespace it holds."""
    subprocess.run(["podman", "unshare", "rm", "-rf", os.path.join(HOME, ".local/share/containers")], check=False,
                   capture_output=True)
    subprocess.run(["podman", "system", "migrate"], check=False, capture_output=True)


def snug(_):
    return [SNUG, "run", "--"]


TOOLS = {"snug": snug, "bubblewrap": bubblewrap, "firejail": firejail, "podman": podman}
VERSIONS = {"snug": [SNUG, "--version"], "bubblewrap": ["bwrap", "--version"], "firejail": ["firejail", "--version"],
            "podman": ["podman", "--version"]}


def version_of(tool):
    """"firejail 0.9.72", whatever else it says."""
    said = subprocess.run(VERSIONS[tool], capture_output=True, text=True, check=False).stdout.splitlines()
    return next((word for line in said for word in line.split() if word[:1].isdigit()), "of unknown version")


class Attempt:
    """A command line after the tool's, and what shows from outside that it worked."""

    def __init__(self, name, words, worked=None, prepare=None, stdin=None, pass_directory=False):
        self.name, self.words, self.worked, self.prepare = name, words, worked, prepare
        self.stdin, self.pass_directory = stdin, pass_directory


class Field:
    """A project, a secret beside it, and services of the same user: made anew for every attempt."""

    def __init__(self):
        self.project = tempfile.mkdtemp(prefix="project-", dir=HOME)
        self.other = tempfile.mkdtemp(prefix="other-", dir=HOME)
        self.secret = os.path.join(self.other, "secret")
        with open(self.secret, "w") as file:
            file.write("the secret\n")
        self.tool = os.path.join(self.project, "attempt")
        shutil.copy(ATTEMPT, self.tool)
        self.mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind("\0" + self.mark)
        self.abstract.listen()
        self.abstract.setblocking(False)
        self.service = socket.socket(socket.AF_UNIX)
        self.service.bind(os.path.join(self.project, "service"))
        self.service.listen()
        self.service.setblocking(False)
        subprocess.run(["git", "init", "-q", self.project], check=True)

    def made(self, name):
        return os.path.join(self.project, name)

    def close(self):
        self.abstract.close()
        self.service.close()
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.rmtree(self.other, ignore_errors=True)


def came(server):
    try:
        server.accept()[0].close()
        return True
    except BlockingIOError:
        return False


def content(path):
    with open(path) as file:
        return file.read()


def alive(mark):
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if mark.encode() in file.read().split(b"\0"):
                        os.kill(int(name), 9)
                        return True
            except OSError:
                pass
    return False


def has_set_id(path):
    return os.path.exists(path) and bool(os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID))


def attempts():
    """Name, words of the attempt (of a Field), what shows from outside."""
    yield Attempt("read a file beside the project", lambda f: ["read", f.secret])
    yield Attempt("the same through a link in the project", lambda f: ["read", f.made("link")],
                  prepare=lambda f: os.symlink(f.secret, f.made("link")))
    yield Attempt("the same through a forgotten descriptor", lambda f: ["list", "/proc/self/fd/9/.."], pass_directory=True)
    yield Attempt("truncate the file on standard input", lambda f: ["truncate", "/proc/self/fd/0"],
                  worked=lambda f: content(f.secret) == "", stdin=lambda f: open(f.secret, "rb"))
    yield Attempt("walk out of a directory on standard input", lambda f: ["list", "/proc/self/fd/0/.."],
                  stdin=lambda f: os.open(f.other, os.O_RDONLY))
    yield Attempt("write what git on the host would run (.git/config)", lambda f: ["write", f.made(".git/config"), "\n"],
                  worked=lambda f: content(f.made(".git/config")).endswith("\n\n"))
    yield Attempt("plant a git hook", lambda f: ["make", f.made(".git/hooks/pre-commit")],
                  worked=lambda f: os.path.exists(f.made(".git/hooks/pre-commit")))
    for way in ("chmod", "open", "mknod", "openat2"):
        yield Attempt(f"make a setuid program of this user ({way})", lambda f, way=way: ["set-id", way, f.made("suid")],
                      worked=lambda f: has_set_id(f.made("suid")))
    yield Attempt("make an overlay whiteout", lambda f: ["node", f.made("w"), "0", "0"],
                  worked=lambda f: os.path.exists(f.made("w")))
    yield Attempt("make a user namespace", lambda f: ["unshare", NEW_USER])
    yield Attempt("the same by clone", lambda f: ["clone", NEW_USER])
    yield Attempt("the same by clone3", lambda f: ["clone3", NEW_USER])
    yield Attempt("connect to a service by an abstract socket", lambda f: ["unix", "@" + f.mark], worked=lambda f: came(f.abstract))
    yield Attempt("connect to a service whose socket lies in the project", lambda f: ["unix", f.made("service")],
                  worked=lambda f: came(f.service))
    yield Attempt("outlive the run as a daemon", lambda f: ["daemon", f.mark], worked=lambda f: time.sleep(0.1) or alive(f.mark))
    yield Attempt("kernel keys: join the session's keyring", lambda f: ["keyring"])
    yield Attempt("kernel keys: add one", lambda f: ["add-key", "snug-containment"])
    yield Attempt("kernel keys through the 32-bit entry", lambda f: ["i386-keyctl"])
    yield Attempt("kernel keys by a tracer that changes the call", lambda f: ["tracer-keyctl"])
    yield Attempt("userfaultfd", lambda f: ["userfaultfd"])
    yield Attempt("io_uring", lambda f: ["io-uring"])
    yield Attempt("bpf", lambda f: ["bpf"])
    yield Attempt("perf_event_open", lambda f: ["perf"])
    yield Attempt("fanotify", lambda f: ["fanotify"])
    yield Attempt("memfd_secret", lambda f: ["memfd-secret"])
    yield Attempt("modify_ldt", lambda f: ["modify-ldt"])
    for name, words in {"kernel events": ("16", "3", "15"), "generic": ("16", "3", "16"), "sock_diag": ("16", "3", "4"),
                        "netfilter": ("16", "3", "12"), "xfrm": ("16", "3", "6")}.items():
        yield Attempt(f"netlink socket: {name}", lambda f, words=words: ["socket", *words])
    yield Attempt("virtual machine socket", lambda f: ["socket", "40", "1", "0"])
    yield Attempt("kernel cipher socket", lambda f: ["socket", "38", "5", "0"])
    yield Attempt("sctp socket", lambda f: ["socket", "2", "1", "132"])
    yield Attempt("write a pressure trigger for the whole machine", lambda f: ["open-write", "/proc/pressure/cpu"])
    yield Attempt("read the kernel's list of symbols", lambda f: ["read", "/proc/kallsyms"])
    yield Attempt("read the kernel's keys list", lambda f: ["read", "/proc/keys"])
    yield Attempt("read the machine id", lambda f: ["read", "/etc/machine-id"])
    yield Attempt("fill /tmp without bound, be it memory or disk", lambda f: ["limits-of", "/tmp"])


def run(attempt, field, prefix):
    """True if it worked, False if it was contained, None if the tool could not start it."""
    if attempt.prepare:
        attempt.prepare(field)
    more = {"stdin": subprocess.DEVNULL}
    if attempt.stdin:
        more["stdin"] = attempt.stdin(field)
    directory = None
    if attempt.pass_directory:
        directory = os.open(HOME, os.O_RDONLY)
        os.dup2(directory, 9)
        more["pass_fds"] = (9,)
    try:
        with tempfile.TemporaryFile() as said:  # no pipe: a daemon that lives on would hold it open
            # A tool that waits for daemons is ended like any other run; what shows from outside then counts.
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run([*prefix, field.tool, *attempt.words(field)], cwd=field.project, timeout=10, stdout=said,
                               stderr=subprocess.DEVNULL, **more)
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
    finally:
        if directory is not None:
            os.close(directory)
            os.close(9)
    if attempt.worked:
        return bool(attempt.worked(field))
    if "got it" in text:
        if attempt.name == "read the machine id":
            return os.path.exists("/etc/machine-id") and content("/etc/machine-id").strip() in text
        return True
    return False


def starts(tool):
    """Whether the tool runs anything here, and what it says if not."""
    field = Field()
    try:
        done = subprocess.run([*TOOLS[tool](field.project), field.tool, "read", "/proc/self/status"], cwd=field.project,
                              capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        return b"got it" in done.stdout, done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    except OSError as error:
        return False, [str(error)]
    finally:
        field.close()


def outcome(attempt, tool):
    field = Field()
    try:
        return run(attempt, field, TOOLS[tool](field.project) if tool else [])
    finally:
        field.close()


def main():
    try:
        return compare()
    finally:
        if shutil.which("podman"):
            end_podman()


def compare():
    tools = []
    for tool in TOOLS:
        runs, said = starts(tool)
        if runs:
            tools.append(tool)
            print(f"{tool} {version_of(tool)}: {' '.join(TOOLS[tool]('PROJECT'))}")
        else:
            print(f"{tool}: left out: {' '.join(said) or 'runs nothing here'}")
    width = 62
    print(f"{'attempt':{width}}" + "".join(f"{tool:>12}" for tool in tools))
    contained, counted = dict.fromkeys(tools, 0), 0
    for attempt in attempts():
        if not outcome(attempt, None):
            print(f"{attempt.name:{width}}  (does not work here without a tool either)")
            continue
        counted += 1
        results = {tool: outcome(attempt, tool) for tool in tools}
        for tool in tools:
            contained[tool] += not results[tool]
        print(f"{attempt.name:{width}}" + "".join(f"{'NOT' if results[tool] else 'contained':>12}" for tool in tools))
    print(f"{f'contained, of {counted}':{width}}" + "".join(f"{contained[tool]:>12}" for tool in tools))
    return 0 if contained["snug"] >= max(contained.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
