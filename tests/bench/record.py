"""Writes down the kernel calls of one `snug run` as C tables that floor_full.c and floor_init.c repeat.

strace prints every call of the set-up child and of init with its structs decoded and its constants raw; this turns
the lines back into bytes. What depends on the run (addresses, the image of init) is filled in by name.
"""
import glob
import os
import re
import struct
import subprocess
import sys

# Calls of a kind that happen once a process and belong to the library, the loader or snug's two processes, not to the
# sandbox.
LEFT_OUT = {"execve", "execveat", "exit_group", "clone3", "rseq", "set_robust_list", "sched_setaffinity"}


class Reader:
    """strace's notation -> Python values: bytes, int, list, dict (fields and ioctl-like pairs)."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def skip(self):
        match = re.compile(r"(\s|/\*.*?\*/)*").match(self.text, self.at)
        self.at = match.end()

    def peek(self):
        self.skip()
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self, pattern):
        self.skip()
        match = re.compile(pattern).match(self.text, self.at)
        if not match:
            raise ValueError(f"expected {pattern} at {self.text[self.at:self.at + 60]!r}")
        self.at = match.end()
        return match

    def value(self):
        start = self.peek()
        if start == '"':
            return self.string()
        if start == "[":
            return self.items("[", "]")
        if start == "{":
            return self.items("{", "}")
        match = self.take(r"-?(0x[0-9a-fA-F]+|[0-9]+)([|*+-](0x[0-9a-fA-F]+|[0-9]+))*|NULL|[A-Za-z_]\w*")
        word = match.group(0)
        if word == "NULL":
            return 0
        if re.match(r"[A-Za-z_]", word):
            if self.peek() == "(":
                return (word, self.items("(", ")"))
            return word
        return eval(re.sub(r"\b0+([1-7][0-7]*)\b", r"0o\1", word))  # numbers, | and *, from our own strace

    def string(self):
        body = self.take(r'"((?:[^"\\]|\\.)*)"').group(1)
        return bytes.fromhex(body.replace("\\x", "")) if body.startswith("\\x") or not body else body.encode()

    def items(self, opening, closing):
        self.take(re.escape(opening))
        fields, values = {}, []
        while self.peek() != closing:
            if self.text.startswith("...", self.at):  # fields this strace does not know
                self.at += 3
                continue
            key = re.compile(r"\s*([A-Za-z_]\w*)=(?!>)").match(self.text, self.at)
            if key:
                self.at = key.end()
                fields[key.group(1)] = self.value()
            else:
                values.append(self.value())
            if self.peek() == "=":  # "before => after"
                self.take("=>")
                self.value()
            if self.peek() == ",":
                self.at += 1
        self.take(re.escape(closing))
        return fields if fields else values


class Call:
    def __init__(self, line):
        match = re.match(r"(\w+)\((.*)\)\s+= (\?|-?\w+)(.*)$", line)
        self.name = match.group(1)
        reader = Reader("(" + match.group(2) + ")")
        arguments = reader.items("(", ")")
        self.arguments = list(arguments.values()) if isinstance(arguments, dict) else arguments
        self.result = int(match.group(3), 0) if match.group(3) != "?" else 0


def calls_of(path):
    found = []
    with open(path, encoding="latin-1") as file:
        for line in file:
            if re.match(r"\w+\(", line) and " = " in line:
                found.append(line.rstrip("\n"))
    return found


def number_of(name, numbers):
    return numbers[name]


def syscall_numbers():
    names = subprocess.run(["gcc", "-E", "-dM", "-include", "asm/unistd.h", "-x", "c", "/dev/null"], check=True, capture_output=True,
                           text=True).stdout
    return {name: int(value) for name, value in re.findall(r"#define __NR_(\w+) (\d+)", names)}


# Structs by call and position: how the decoded fields go back into bytes. Everything here is 64 bits a field but
# where a format says otherwise.
def open_how(v):
    return struct.pack("<QQQ", v.get("flags", 0), v.get("mode", 0), v.get("resolve", 0))


def mount_attributes(v):
    return struct.pack("<QQQQ", v.get("attr_set", 0), v.get("attr_clr", 0), v.get("propagation", 0), v.get("userns_fd", 0))


def limit(v):
    return struct.pack("<QQ", v["rlim_cur"] & (2**64 - 1), v["rlim_max"] & (2**64 - 1))


def path_rule(v):
    return struct.pack("<Qi", v["allowed_access"], v["parent_fd"])


def program(v):
    instructions = b""
    for entry in v["filter"]:
        word, values = entry
        code, k, jump_true, jump_false = values[0], values[1], *(values[2:] + [0, 0])[:2]
        instructions += struct.pack("<HBBI", code, jump_true, jump_false, k & 0xffffffff)
    return instructions


STRUCTS = {"openat2": open_how, "mount_setattr": mount_attributes, "prlimit64": limit, "landlock_add_rule": path_rule}


class Tables:
    """C source of one process's calls."""

    def __init__(self, name, numbers):
        self.name, self.numbers = name, numbers
        self.data, self.rows = [], []

    def bytes(self, value, alignment=8):
        name = f"data_{self.name}_{len(self.data)}"
        body = ",".join(str(byte) for byte in value) or "0"
        self.data.append(f"static unsigned char {name}[] __attribute__((aligned({alignment}))) = {{{body}}};")
        return f"(long){name}"

    def filter(self, instructions):
        inner = self.bytes(instructions)[len("(long)"):]
        name = f"program_{self.name}"
        self.data.append(f"static struct {{ unsigned short length; void* filter; }} {name} = {{{len(instructions) // 8}, {inner}}};")
        return f"(long)&{name}"

    def argument(self, call, position, value):
        if isinstance(value, int):
            return f"{value & (2**64 - 1)}ul"
        if isinstance(value, bytes):
            return self.bytes(value + b"\0")
        if isinstance(value, dict) and "filter" in value:
            return self.filter(program(value))
        if isinstance(value, dict) and call.name in STRUCTS:
            return self.bytes(STRUCTS[call.name](value))
        if isinstance(value, dict) and call.name == "landlock_create_ruleset":
            # strace 6.1 knows the first field only; the scopes (3: abstract sockets, signals) cost the same whatever is said.
            return self.bytes(struct.pack("<QQQ", value["handled_access_fs"], value.get("handled_access_net", 0), value.get("scoped", 3)))
        return self.scratch(call, position, value)

    # Buffers the kernel fills, signal sets, capability headers: room, with what the kernel must find in it.
    def scratch(self, call, position, value):
        if call.name == "capset" and position == 0:
            return self.bytes(struct.pack("<Ii", 0x20080522, 0))
        if call.name in ("rt_sigprocmask", "signalfd4") and isinstance(value, list):
            mask = 0
            for signal in value:
                mask |= 1 << (signal_number(signal) - 1)
            return self.bytes(struct.pack("<Q", mask))
        if call.name == "ioctl" and isinstance(value, dict) and "ifr_name" in value:
            return self.bytes(value["ifr_name"].ljust(16, b"\0") + struct.pack("<h", value["ifr_flags"]) + bytes(22))
        return self.bytes(bytes(4096))

    def add(self, call, arguments=None):
        arguments = arguments or [self.argument(call, i, value) for i, value in enumerate(call.arguments)]
        arguments += ["0"] * (6 - len(arguments))
        self.rows.append(f"  {{{self.numbers[call.name]}, {{{', '.join(arguments)}}}, {int(call.result < 0)}}},  // {call.name}")

    def text(self):
        rows = "\n".join(self.rows)
        # Not constant expressions for every compiler if static const: addresses as long need gcc's extension.
        return "\n".join(self.data) + f"\nstatic Recorded {self.name}_calls[] = {{\n{rows}\n}};\n"


def signal_number(value):
    import signal
    return value if isinstance(value, int) else getattr(signal, "SIG" + str(value))


def record(snug, words, folder):
    """Runs snug under strace; returns the traced lines of the parent and of the child that becomes init."""
    prefix = os.path.join(folder, "trace")
    # No descriptor may be a file: snug would relay it by a pipe whose other end the floor does not have.
    subprocess.run(["strace", "-ff", "-X", "raw", "-v", "-xx", "-s", "10000000", "-o", prefix, snug, *words], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    traces = [calls_of(path) for path in glob.glob(prefix + ".*")]
    child = next(lines for lines in traces if any(line.startswith("pivot_root(") for line in lines))
    parent = next(lines for lines in traces if any(line.startswith("clone3(") for line in lines))
    return parent, child


def split(child):
    """The child's lines before and after the exec of init, the latter up to the fork of the command."""
    at = next(i for i, line in enumerate(child) if line.startswith("execveat("))
    before, rest = child[:at], child[at + 1:]
    end = next(i for i, line in enumerate(rest) if line.startswith("pipe2("))
    return before, rest[:end]


def taken_at_start(calls, known):
    """Which descriptors were open before the first call, so that every new one gets its recorded number."""
    taken, opened = set(known), set(known)
    makers = ("openat", "openat2", "open_tree", "memfd_create", "socket", "fsopen", "fsmount", "fcntl")
    for call in calls:
        if call.name == "close":
            opened.discard(call.arguments[0])
        if call.name not in makers or call.result < 3 or (call.name == "fcntl" and call.arguments[1] != 1030):
            continue
        least = call.arguments[2] if call.name == "fcntl" else 0
        before = set(range(least, call.result)) - opened
        taken |= before
        opened |= before | {call.result}
    return taken


def write_child(parent, before, numbers, path):
    table = Tables("child", numbers)
    calls = [Call(line) for line in before]
    own = [call.arguments[0] for call in calls if call.name == "close"][0]
    control = next(call.arguments[0] for call in calls if call.name == "read")
    duplicates = [call.arguments[0] for call in calls if call.name == "fcntl" and call.arguments[1] == 1030]
    memory = next(fd for fd in duplicates if fd != control)
    taken = taken_at_start(calls, {0, 1, 2, own, control, memory})
    image = None
    begin_size, orders = 8, 0
    for call in calls:
        if call.name in LEFT_OUT:
            continue
        if call.name == "memfd_create":
            image = call.result
        arguments = None
        if call.name == "write" and call.arguments[0] == image:
            arguments = [f"{image}", "(long)init_image", "0 /* set by floor_full's size */"]
            table.rows.append(f"#define IMAGE_WRITE_ROW {len(table.rows)}")
            arguments[2] = str(os.path.getsize(os.path.join(os.path.dirname(path), "floor_init")))
        elif call.name == "read" and call.arguments[0] == control:
            begin_size = call.result
            orders += 1
            arguments = [str(control), table.bytes(bytes(64)), str(begin_size)]
        table.add(call, arguments)
    last_image = [call.result for call in calls if call.name == "fcntl" and call.arguments[0] == image and call.arguments[1] == 1030]
    clone = Call(next(line for line in parent if line.startswith("clone3(")))
    size = next((Call(line).arguments[1] for line in parent if line.startswith("ftruncate(")), 64 << 20)
    with open(path, "w") as file:
        file.write(f"#define CONTROL_FD {control}\n#define PARENTS_CONTROL_FD {own}\n#define MEMORY_FD {memory}\n")
        file.write(f"static const int taken_fds[] = {{{', '.join(str(fd) for fd in sorted(taken))}}};\n")
        file.write(f"#define IMAGE_FD {last_image[-1] if last_image else image}\n#define BEGIN_SIZE {begin_size}\n#define ORDERS {orders}\n")
        file.write(f"#define MEMORY_SIZE {size}\n#define CLONE_FLAGS {clone.arguments[0]['flags']:#x}l\n")
        file.write(table.text().replace("#define IMAGE_WRITE_ROW", "// the image is call number"))


def write_init(lines, workdir, numbers, path):
    table = Tables("init", numbers)
    for line in lines:
        call = Call(line)
        if call.name not in LEFT_OUT:
            table.add(call)
    with open(path, "w") as file:
        quoted = "".join(f"\\{byte:03o}" for byte in os.fsencode(workdir))
        file.write(f"#define WORKING_DIRECTORY \"{quoted}\"\n" + table.text())


def build(snug, words, source, folder):
    """Records `snug WORDS...` run in the current directory and builds folder/floor_full from it."""
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "trace.*")):
        os.unlink(old)
    numbers = syscall_numbers()
    parent, child = record(snug, words, folder)
    before, init = split(child)
    write_init(init, os.getcwd(), numbers, os.path.join(folder, "recorded_init.inc"))
    run = lambda *command: subprocess.run(command, check=True, cwd=folder)
    run("gcc", "-Os", "-std=gnu11", "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-no-pie", "-nostdlib", "-static", "-s", "-I", folder,
        "-I", source, "-Wl,--build-id=none,-z,noseparate-code", "-o", "floor_init", os.path.join(source, "floor_init.c"))
    write_child(parent, before, numbers, os.path.join(folder, "recorded_child.inc"))
    run("gcc", "-O2", "-std=gnu11", "-static", "-I", folder, "-I", source, "-o", "floor_full", os.path.join(source, "floor_full.c"))
    return os.path.join(folder, "floor_full")


if __name__ == "__main__":
    print(build(sys.argv[1], sys.argv[3:], os.path.dirname(os.path.abspath(__file__)), os.path.abspath(sys.argv[2])))
