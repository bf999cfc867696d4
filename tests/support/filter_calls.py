"""System calls and their answers, for a comparison of the same calls without and with the filter.

Prints a line for each: what was tried, the answer ("ok" or an errno's name), and what the default filter and the strict one
should make of it ("same": nothing), between tabs. Each runs in a child, so that what it changes is gone with it. Arguments are such that a kernel
that looks at them answers something else than the filter, and that nothing happens where root tries.
"""
import ctypes
import errno
import os
import signal
import socket
import struct
import tempfile

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
ARM64 = os.uname().machine == "aarch64"

# From 424 on numbers are the same everywhere.
NUMBERS = {
    "ioctl": (16, 29), "socket": (41, 198), "socketpair": (53, 199), "clone": (56, 220), "fchmod": (91, 52),
    "ptrace": (101, 117), "syslog": (103, 116), "personality": (135, 92), "chroot": (161, 51), "acct": (163, 89),
    "mount": (165, 40), "umount2": (166, 39), "swapon": (167, 224), "reboot": (169, 142), "sethostname": (170, 161),
    "init_module": (175, 105), "quotactl": (179, 60), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "migrate_pages": (256, 238), "openat": (257, 56), "mkdirat": (258, 34), "mknodat": (259, 33),
    "fchmodat": (268, 53), "unshare": (272, 97), "perf_event_open": (298, 241), "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263), "open_by_handle_at": (304, 265), "clock_adjtime": (305, 266), "setns": (308, 268),
    "kcmp": (312, 272), "finit_module": (313, 273), "kexec_file_load": (320, 294), "bpf": (321, 280),
    "userfaultfd": (323, 282), "rseq": (334, 293), "membarrier": (324, 283), "memfd_create": (319, 279),
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "get_mempolicy": (239, 236),
    "mbind": (237, 235), "move_pages": (279, 239), "io_setup": (206, 0), "vmsplice": (278, 75), "capset": (126, 91),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "name_to_handle_at": (303, 264), "prctl": (157, 167),
    "setsockopt": (54, 208), "prlimit64": (302, 261), "sched_setscheduler": (144, 119),
    "getpid": (39, 172), "clock_settime": (227, 112), "delete_module": (176, 106), "kexec_load": (246, 104),
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "close_range": 436, "openat2": 437, "pidfd_getfd": 438, "faccessat2": 439, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "landlock_create_ruleset": 444, "memfd_secret": 447, "futex_waitv": 449,
    "cachestat": 451, "fchmodat2": 452, "mseal": 462, "open_tree_attr": 467,
}
HIGH = 0xdeadbeef00000000  # what the kernel drops of an int
AT_FDCWD = -100


def number(name):
    value = NUMBERS[name]
    return value if isinstance(value, int) else value[ARM64]


def call(name, *arguments):
    ctypes.set_errno(0)
    words = [ctypes.c_void_p(a & 0xFFFFFFFFFFFFFFFF) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number(name)), *words)
    return "ok" if result >= 0 else errno.errorcode[ctypes.get_errno()]


DIRECTORY = tempfile.mkdtemp(dir=os.getcwd())
PIPE = os.pipe()[0]
NEW = {"NS": 0x20000, "CGROUP": 0x2000000, "UTS": 0x4000000, "IPC": 0x8000000, "USER": 0x10000000, "PID": 0x20000000,
       "NET": 0x40000000, "TIME": 0x80}
ATTEMPTS = []  # name, what the default filter should answer, what the strict one, function


def add(name, expected, function, *arguments, strict=None):
    ATTEMPTS.append((name, expected, strict or expected, lambda: function(*arguments)))


def add_each(names, expected, *arguments, strict=None):
    for name in names.split():
        add(name, expected, call, name, *arguments, strict=strict)


# The flags go into the low half, a signal beside them. The child ends at once.
def clone(flags):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number("clone")), ctypes.c_void_p(HIGH | flags | signal.SIGCHLD), None, None, None,
                          None)
    if result == 0:
        os._exit(0)
    return "ok" if result > 0 else errno.errorcode[ctypes.get_errno()]


def on_new_file(name, *arguments):
    path = os.path.join(DIRECTORY, "changed")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if name == "fchmod":
        return call(name, descriptor, *arguments)
    return call(name, AT_FDCWD, ctypes.c_char_p(path.encode()), *arguments)


def at_new_path(name, *arguments):
    path = tempfile.mktemp(dir=DIRECTORY)
    return call(name, AT_FDCWD, ctypes.c_char_p(path.encode()), *arguments)


def refused_whole():
    add_each("mount umount2 chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr move_mount mount_setattr setns "
             "io_uring_setup io_uring_enter io_uring_register userfaultfd bpf perf_event_open add_key request_key keyctl "
             "open_by_handle_at fanotify_init fanotify_mark memfd_secret process_madvise pidfd_getfd kcmp migrate_pages "
             "kexec_load kexec_file_load init_module finit_module delete_module swapon quotactl quotactl_fd acct "
             "clock_settime clock_adjtime syslog sethostname", "EPERM", -1, -1, -1, -1, -1, -1)
    add_each("clone3 openat2", "ENOSYS", -1, -1, -1, -1, -1, -1)
    add("userfaultfd for user mode", "EPERM", call, "userfaultfd", 1)
    add("io_uring_setup with room", "EPERM", call, "io_uring_setup", 4, ctypes.create_string_buffer(200))
    add("keyctl get session keyring", "EPERM", call, "keyctl", 0, -3, 1)
    add("memfd_secret plain", "EPERM", call, "memfd_secret", 0)
    add("fanotify_init unprivileged", "EPERM", call, "fanotify_init", 0x200, 0)
    add("clock_adjtime query", "EPERM", call, "clock_adjtime", 0, ctypes.create_string_buffer(256))
    add("pidfd_getfd of own", "EPERM", lambda: call("pidfd_getfd", os.pidfd_open(os.getpid()), 0, 0))


def namespaces():
    for flag, value in NEW.items():
        add(f"unshare {flag}", "EPERM", call, "unshare", NEW["USER"] | value)
        if flag != "TIME":
            add(f"clone {flag}", "EPERM", clone, NEW["USER"] | value)
    add("unshare files", "same", call, "unshare", 0x400, strict="EPERM")
    add("clone plain", "same", clone, 0)


def sockets():
    stream, datagram, raw, packets = 1, 2, 3, 5
    for name, family, kind in (("UNIX", 1, datagram), ("INET", 2, datagram), ("INET6", 10, stream)):
        add(f"socket {name}", "same", call, "socket", family, kind, 0)
        add(f"socket {name} with high bits", "same", call, "socket", HIGH | family, kind, 0)
    for name, family, kind in (("ALG", 38, packets), ("PACKET", 17, raw), ("VSOCK", 40, stream), ("BLUETOOTH", 31, raw),
                               ("CAN", 29, raw), ("TIPC", 30, stream), ("RDS", 21, packets), ("XDP", 44, raw)):
        add(f"socket {name}", "EAFNOSUPPORT", call, "socket", family, kind, 0)
        add(f"socket {name} with high bits", "EAFNOSUPPORT", call, "socket", HIGH | family, kind, 0)
    for name, protocol in (("SOCK_DIAG", 4), ("NETFILTER", 12), ("UEVENT", 15), ("GENERIC", 16)):
        add(f"netlink {name}", "EAFNOSUPPORT", call, "socket", 16, raw, protocol)
    add("netlink ROUTE", "same", call, "socket", 16, raw, 0)
    add("socket SCTP", "EPROTONOSUPPORT", call, "socket", 2, stream, 132)
    add("socket DCCP", "ESOCKTNOSUPPORT", call, "socket", 2, 6, 0)
    add("socketpair UNIX", "same", call, "socketpair", 1, stream, 0, (ctypes.c_int * 2)())


def terminals():
    for name, command, expected in (("TIOCSTI", 0x5412, "EPERM"), ("TIOCLINUX", 0x541C, "EPERM"),
                                    ("TIOCSETD", 0x5423, "EPERM"), ("FIONREAD", 0x541B, "same")):
        add(f"ioctl {name}", expected, call, "ioctl", PIPE, command, (ctypes.c_int * 4)())
        add(f"ioctl {name} with high bits", expected, call, "ioctl", PIPE, HIGH | command, (ctypes.c_int * 4)())


def file_systems():
    directory = os.open(DIRECTORY, os.O_RDONLY)
    for name, command in (("btrfs snapshot", 0x50009401), ("btrfs snapshot, second version", 0x50009417),
                          ("btrfs subvolume", 0x5000940E), ("bcachefs subvolume", 0x4020BC10),
                          ("add a file system's key", 0xC0506617), ("remove a file system's key", 0xC0406618)):
        add(f"ioctl {name}", "EPERM", call, "ioctl", directory, command, ctypes.create_string_buffer(4096))
        add(f"ioctl {name} with high bits", "EPERM", call, "ioctl", directory, HIGH | command,
            ctypes.create_string_buffer(4096))
    add("ioctl clone a file", "same", call, "ioctl", directory, 0x40049409, directory)


def modes():
    unnamed = ctypes.c_char_p(DIRECTORY.encode())
    for bits, mode, expected in (("setuid", 0o4755, "EPERM"), ("setgid", 0o2755, "EPERM"), ("plain", 0o755, "same"),
                                 ("sticky", 0o1777, "same")):
        for name in ("fchmod", "fchmodat", "fchmodat2"):
            add(f"{name} {bits}", expected, on_new_file, name, mode, 0)
            add(f"{name} {bits} with high bits", expected, on_new_file, name, HIGH | mode, 0)
        add(f"openat {bits}", expected, at_new_path, "openat", os.O_CREAT | os.O_RDWR, mode)
        add(f"openat unnamed {bits}", expected, call, "openat", AT_FDCWD, unnamed, os.O_TMPFILE | os.O_RDWR, mode)
        add(f"mkdirat {bits}", expected, at_new_path, "mkdirat", mode)
        add(f"mknodat {bits}", expected, at_new_path, "mknodat", 0o100000 | mode, 0)
    add("mknodat whiteout", "EPERM", at_new_path, "mknodat", 0o020600, 0)
    add("mknodat pipe", "same", at_new_path, "mknodat", 0o010600, 0)


def personalities():
    for name, value in (("ask", 0xFFFFFFFF), ("plain", 0)):
        add(f"personality {name}", "same", call, "personality", value)
    add("personality no randomisation", "same", call, "personality", 0x40000, strict="EPERM")
    for name, value in (("read implies exec", 0x400000), ("read implies exec with high bits", HIGH | 0x400000),
                        ("uname 2.6", 0x20000), ("32 bits", 8)):
        add(f"personality {name}", "EPERM", call, "personality", value)


def allowed():
    add_each("getpid membarrier mseal faccessat2", "same", 0, 0, 0, 0, 0, 0)
    add("memfd_create", "same", call, "memfd_create", ctypes.c_char_p(b"x"), 1)
    add("pidfd_open", "same", lambda: call("pidfd_open", os.getpid(), 0))
    add("close_range", "same", call, "close_range", 900, 1000, 0)
    add("landlock_create_ruleset", "same", call, "landlock_create_ruleset", 0, 0, 1)
    add("prlimit64 of self", "same", call, "prlimit64", 0, 7, 0, ctypes.create_string_buffer(16))
    add("set batch scheduling", "same", call, "sched_setscheduler", 0, 3, (ctypes.c_int * 1)(0))
    for name, command in (("TIOCGWINSZ", 0x5413), ("SIOCGIFCONF", 0x8912), ("FS_IOC_FIEMAP", 0xC020660B)):
        add(f"ioctl {name}", "same", call, "ioctl", PIPE, command, ctypes.create_string_buffer(64))
    add("setsockopt TCP_NODELAY", "same", set_option, 6, 1)


def set_option(level, name):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
        return call("setsockopt", stream.fileno(), level, name, (ctypes.c_int * 4)(1), 4)


def attach_filter():
    """One instruction: let everything pass."""
    pass_all = struct.pack("HBBI", 6, 0, 0, 0xFFFFFFFF)
    code = ctypes.create_string_buffer(pass_all, len(pass_all))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)), 16)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
        return call("setsockopt", stream.fileno(), HIGH | 1, HIGH | 26, program, 16)


def namespace_question():
    with open("/proc/self/ns/user") as namespace:
        return call("ioctl", namespace.fileno(), 0xB703)


def file_flags():
    """FS_IOC_SETFLAGS: what chattr does."""
    descriptor = os.open(os.path.join(DIRECTORY, "flags"), os.O_RDWR | os.O_CREAT, 0o600)
    return call("ioctl", descriptor, 0x40086602, (ctypes.c_int * 1)(0x40))


# What strict takes away: each works, or would reach the kernel's code, under the default filter.
def narrowed():
    add("ptrace traceme", "same", call, "ptrace", 0, 0, 0, 0, strict="EPERM")
    one = ctypes.create_string_buffer(8)
    part = (ctypes.c_size_t * 2)(ctypes.addressof(one), 8)
    for name in ("process_vm_readv", "process_vm_writev"):
        add(f"{name} of own", "same", lambda name=name: call(name, os.getpid(), part, 1, part, 1, 0), strict="EPERM")
    add("shared memory", "same", call, "shmget", 0, 4096, 0o1600, strict="EPERM")
    add("semaphores", "same", call, "semget", 0, 1, 0o1600, strict="EPERM")
    add("message queue", "same", call, "msgget", 0, 0o1600, strict="EPERM")
    add("POSIX message queue", "same", call, "mq_open", ctypes.c_char_p(b"q"), os.O_RDONLY, 0, 0, strict="EPERM")
    add("get_mempolicy", "same", call, "get_mempolicy", 0, 0, 0, 0, 0, strict="ENOSYS")
    add("mbind", "same", call, "mbind", 0, 0, 0, 0, 0, 0, strict="ENOSYS")
    add("move_pages", "same", call, "move_pages", 0, 0, 0, 0, 0, 0, strict="ENOSYS")
    add("io_setup", "same", call, "io_setup", 4, ctypes.create_string_buffer(8), strict="ENOSYS")
    add("vmsplice", "same", lambda: call("vmsplice", os.pipe()[1], part, 1, 0), strict="ENOSYS")
    add("name_to_handle_at", "same", call, "name_to_handle_at", AT_FDCWD, ctypes.c_char_p(b"/"),
        ctypes.create_string_buffer(136), ctypes.create_string_buffer(8), 0, strict="ENOSYS")
    add_each("futex_waitv cachestat", "same", 0, 0, 0, 0, 0, 0, strict="ENOSYS")
    add("capset", "same", call, "capset", 0, 0, strict="EPERM")
    add("socket ping", "same", call, "socket", 2, 2, 1, strict="EPROTONOSUPPORT")
    add("socket multipath TCP", "same", call, "socket", 2, 1, 262, strict="EPROTONOSUPPORT")
    add("setsockopt attach filter", "same", attach_filter, strict="ENOPROTOOPT")
    add("setsockopt zero copy", "same", set_option, 1, 60, strict="ENOPROTOOPT")
    add("ioctl namespace question", "same", namespace_question, strict="ENOTTY")
    add("ioctl flags of a file", "same", file_flags, strict="ENOTTY")
    add("prctl perf events", "same", call, "prctl", HIGH | 31, 0, 0, 0, 0, strict="EINVAL")
    add("prlimit64 of parent", "same", lambda: call("prlimit64", os.getppid(), 7, 0, ctypes.create_string_buffer(16)),
        strict="EPERM")
    add("set realtime scheduling", "same", call, "sched_setscheduler", 0, HIGH | 1, (ctypes.c_int * 1)(1),
        strict="EPERM")


def no_calls():
    for name, value in (("number 900", 900), ("x32 getpid", 0x40000000 + 39), ("number -1", -1)):
        NUMBERS[name] = value
        add(name, "ENOSYS", call, name)


def in_child(attempt):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, attempt().encode())
        finally:
            os._exit(0)
    os.close(writer)
    answer = os.read(reader, 100).decode()
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    return answer or f"status {status}"


def main():
    for group in (refused_whole, namespaces, sockets, terminals, file_systems, modes, personalities, allowed, narrowed, no_calls):
        group()
    for name, expected, strict, attempt in ATTEMPTS:
        print(f"{name}\t{in_child(attempt)}\t{expected}\t{strict}", flush=True)


main()
