#include "seccomp/policy.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>

#include <csignal>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "seccomp/standard.h"
#include "support/catch.h"
#include "support/golden.h"
#include "support/places.h"
#include "unit/seccomp/bpf.h"

using namespace snug;

namespace {

constexpr std::uint64_t garbage = 0xdeadbeef00000000;  // what the kernel drops of an int argument

std::uint32_t ask(std::string_view call, const Arguments& arguments = {}, PolicyVariant variant = {},
                  Architecture architecture = Architecture::x86_64) {
  const auto number = call_number(architecture, call);
  INFO(call);
  REQUIRE(number);
  return run_filter(standard_program(architecture, variant), make_call(audit_arch(architecture), *number, arguments));
}

constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;

}  // namespace

TEST_CASE("no call stands in two rows, and every row has names this machine's tables know and a reason") {
  for (const auto rows : {standard_rows(), strict_rows(), nested_rows()}) {
    std::set<std::string_view> seen;
    for (const PolicyRow& row : rows) {
      CHECK(row.reason.size() > 5);
      for (const std::string_view name : names_in(row)) {
        INFO(name);
        CHECK(is_call_name(name));
        CHECK(seen.insert(name).second);
      }
    }
  }
}

TEST_CASE("no test of the table has a value outside its mask") {
  for (const auto rows : {standard_rows(), strict_rows(), nested_rows()}) {
    for (const PolicyRow& row : rows) {
      for (const Clause& clause : row.rule.clauses) {
        for (const Test& test : clause.tests) CHECK((test.value & ~test.mask) == 0);
      }
    }
  }
}

TEST_CASE("what neither row names is obsolete or not yet known") {
  std::set<std::string> unnamed;
  for (const auto architecture : {Architecture::x86_64, Architecture::arm64}) {
    for (const std::string& name : call_names(architecture)) {
      if (!find_row(name, {})) unnamed.insert(name);
    }
  }
  // Removed from the kernel, or empty in it since long; ENOSYS is its own answer too for all but the first three.
  CHECK(unnamed == std::set<std::string>{"lookup_dcookie", "sysfs", "uselib", "_sysctl", "afs_syscall", "create_module",
                                         "epoll_ctl_old", "epoll_wait_old", "get_kernel_syms", "get_thread_area",
                                         "getpmsg", "nfsservctl", "putpmsg", "query_module", "security",
                                         "set_thread_area", "tuxcall", "vserver"});
}

TEST_CASE("a row is found with its reason") {
  REQUIRE(find_row("keyctl", {}));
  CHECK(find_row("keyctl", {})->reason.find("key store") != std::string_view::npos);
  CHECK(find_row("mount", {.nested = true})->reason.starts_with("nested"));
  CHECK(find_row("mount", {})->rule.otherwise == report_call);
  CHECK(find_row("read", {.nested = true}) == find_row("read", {}));
  CHECK_FALSE(find_row("no_such_call", {}));
}

TEST_CASE("dangerous calls are refused with EPERM on both architectures") {
  for (const auto architecture : {Architecture::x86_64, Architecture::arm64}) {
    for (const char* call : {"io_uring_setup",
                             "io_uring_enter",
                             "io_uring_register",
                             "userfaultfd",
                             "bpf",
                             "perf_event_open",
                             "add_key",
                             "request_key",
                             "keyctl",
                             "kexec_load",
                             "init_module",
                             "finit_module",
                             "delete_module",
                             "open_by_handle_at",
                             "mount",
                             "umount2",
                             "pivot_root",
                             "fsopen",
                             "fsconfig",
                             "fsmount",
                             "fspick",
                             "open_tree",
                             "open_tree_attr",
                             "move_mount",
                             "mount_setattr",
                             "memfd_secret",
                             "process_madvise",
                             "quotactl",
                             "quotactl_fd",
                             "kcmp",
                             "pidfd_getfd",
                             "swapon",
                             "reboot",
                             "settimeofday",
                             "clock_settime",
                             "adjtimex",
                             "clock_adjtime",
                             "acct",
                             "syslog",
                             "setns",
                             "fanotify_init",
                             "lsm_set_self_attr"}) {
      INFO(call);
      const std::uint32_t answer = ask(call, {}, {}, architecture);
      CHECK((answer == refused_with(EPERM) || answer == SECCOMP_RET_USER_NOTIF));
    }
  }
  for (const char* call : {"iopl", "ioperm", "modify_ldt"}) CHECK(ask(call) == refused_with(EPERM));
}

TEST_CASE("what compilers, interpreters and debuggers use is allowed on both architectures") {
  for (const auto architecture : {Architecture::x86_64, Architecture::arm64}) {
    for (const char* call : {"rseq",
                             "set_robust_list",
                             "membarrier",
                             "memfd_create",
                             "statx",
                             "faccessat2",
                             "close_range",
                             "futex_waitv",
                             "landlock_create_ruleset",
                             "seccomp",
                             "prctl",
                             "epoll_pwait2",
                             "pidfd_open",
                             "pidfd_send_signal",
                             "mseal",
                             "cachestat",
                             "ptrace",
                             "execveat",
                             "process_vm_readv",
                             "process_vm_writev",
                             "setxattrat",
                             "statmount",
                             "listmount",
                             "set_mempolicy",
                             "map_shadow_stack",
                             "copy_file_range",
                             "name_to_handle_at",
                             "getrandom",
                             "io_setup",
                             "rt_sigreturn"}) {
      CHECK(ask(call, {}, {}, architecture) == allowed);
    }
  }
  for (const char* call : {"fork", "vfork", "arch_prctl", "uretprobe"}) CHECK(ask(call) == allowed);
}

TEST_CASE("clone3 and openat2 are answered as by an older kernel") {
  CHECK(ask("clone3") == refused_with(ENOSYS));
  CHECK(ask("openat2") == refused_with(ENOSYS));
}

TEST_CASE("sockets: families and protocols") {
  for (const char* call : {"socket", "socketpair"}) {
    for (const std::uint64_t family : {AF_UNIX, AF_INET, AF_INET6}) CHECK(ask(call, {family, SOCK_STREAM}) == allowed);
    CHECK(ask(call, {AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC}) == allowed);
    CHECK(ask(call, {AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 17}) == allowed);
    CHECK(ask(call, {AF_INET, SOCK_STREAM, 262}) == allowed);
    CHECK(ask(call, {AF_INET, SOCK_SEQPACKET}) == refused_with(ESOCKTNOSUPPORT));
    CHECK(ask(call, {AF_INET6, SOCK_DCCP | SOCK_CLOEXEC}) == refused_with(ESOCKTNOSUPPORT));
    CHECK(ask(call, {AF_INET, SOCK_STREAM, 132}) == refused_with(EPROTONOSUPPORT));
    CHECK(ask(call, {AF_INET6, SOCK_DGRAM, garbage | 136}) == refused_with(EPROTONOSUPPORT));
    CHECK(ask(call, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}) == allowed);
    for (std::uint64_t protocol = 1; protocol < 40; ++protocol) {
      CHECK(ask(call, {AF_NETLINK, SOCK_RAW, protocol}) == refused_with(EAFNOSUPPORT));
    }
    for (std::uint64_t family = 0; family < 64; ++family) {
      if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
      CHECK(ask(call, {family, SOCK_STREAM}) == refused_with(EAFNOSUPPORT));
      CHECK(ask(call, {garbage | family, SOCK_STREAM}) == refused_with(EAFNOSUPPORT));
    }
  }
}

TEST_CASE("no new namespaces, whatever stands in the flags beside them") {
  for (const std::uint64_t flag :
       {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
    CHECK(ask("clone", {flag | SIGCHLD}) == refused_with(EPERM));
    CHECK(ask("clone", {garbage | flag}) == refused_with(EPERM));
    CHECK(ask("unshare", {flag | CLONE_FILES}) == SECCOMP_RET_USER_NOTIF);
  }
  CHECK(ask("unshare", {CLONE_NEWTIME}) == SECCOMP_RET_USER_NOTIF);
  CHECK(ask("unshare", {CLONE_FILES | CLONE_FS}) == allowed);
  CHECK(ask("clone", {SIGCHLD}) == allowed);
  CHECK(ask("clone", {CLONE_NEWTIME}) == allowed);  // there: part of a signal number
  CHECK(ask("clone", {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS}) == allowed);
}

TEST_CASE("terminal commands that act on other programs are refused on the 32 bits the kernel reads") {
  for (const std::uint64_t command : {TIOCSTI, TIOCLINUX, TIOCSETD}) {
    CHECK(ask("ioctl", {0, command}) == refused_with(EPERM));
    CHECK(ask("ioctl", {0, garbage | command}) == refused_with(EPERM));
  }
  for (const std::uint64_t command : {TCGETS, TIOCGWINSZ, TIOCSCTTY, FIONREAD})
    CHECK(ask("ioctl", {0, command}) == allowed);
}

TEST_CASE("nothing limits or slows down the sandbox's first process") {
  for (const char* call : {"prlimit64", "sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr"}) {
    CHECK(ask(call, {garbage | 1}) == refused_with(EPERM));
    CHECK(ask(call, {0}) == allowed);
    CHECK(ask(call, {1234}) == allowed);
  }
  CHECK(ask("sched_setscheduler", {1, 3}, {.strict = true}) == refused_with(EPERM));
  CHECK(ask("sched_setscheduler", {1, 3}, {.nested = true}) == allowed);
  for (const std::uint64_t which : {0, 1}) {
    CHECK(ask("setpriority", {garbage | which, garbage | 1}) == refused_with(EPERM));
    CHECK(ask("setpriority", {which, 0}) == allowed);
    CHECK(ask("ioprio_set", {which + 1, garbage | 1}) == refused_with(EPERM));
    CHECK(ask("ioprio_set", {which + 1, 1234}) == allowed);
  }
  CHECK(ask("setpriority", {2, 0}) == refused_with(EPERM));
  CHECK(ask("ioprio_set", {3, 0}) == refused_with(EPERM));
}

TEST_CASE("files can be cloned, but no snapshot taken of what lies around them") {
  for (const bool strict : {false, true}) {
    const PolicyVariant variant{.strict = strict};
    for (const std::uint64_t clone : {0x40049409u, 0x4020940du, 0xc0189436u}) {
      CHECK(ask("ioctl", {0, clone}, variant) == allowed);
    }
    // Snapshot, snapshot v2, subvolume, paths of inodes, a subvolume of bcachefs, keys of a file system.
    for (const std::uint64_t command :
         {0x50009401u, 0x50009417u, 0x5000940eu, 0xd000943eu, 0x4020bc10u, 0xc0506617u, 0xc0406618u, 0xc0406619u}) {
      CHECK(ask("ioctl", {0, command}, variant) == refused_with(EPERM));
      CHECK(ask("ioctl", {0, garbage | command}, variant, Architecture::arm64) == refused_with(EPERM));
    }
  }
}

TEST_CASE("setuid and setgid bits are refused in every mode") {
  for (const std::uint64_t bits : {S_ISUID, S_ISGID, S_ISUID | S_ISGID}) {
    const std::uint64_t mode = bits | 0755, high = garbage | mode;
    for (const char* call : {"chmod", "fchmod", "mkdir", "creat", "mknod"}) {
      CHECK(ask(call, {0, mode}) == refused_with(EPERM));
      CHECK(ask(call, {0, high}) == refused_with(EPERM));
    }
    for (const char* call : {"fchmodat", "fchmodat2", "mkdirat", "mknodat"}) {
      CHECK(ask(call, {0, 0, mode}) == refused_with(EPERM));
      CHECK(ask(call, {0, 0, mode}, {}, Architecture::arm64) == refused_with(EPERM));
    }
    CHECK(ask("open", {0, O_CREAT | O_WRONLY, mode}) == refused_with(EPERM));
    CHECK(ask("open", {0, O_TMPFILE | O_RDWR, mode}) == refused_with(EPERM));
    CHECK(ask("open", {0, O_RDONLY, mode}) == allowed);
    CHECK(ask("openat", {0, 0, garbage | O_CREAT, mode}) == refused_with(EPERM));
    CHECK(ask("openat", {0, 0, O_TMPFILE | O_RDWR, mode}, {}, Architecture::arm64) == refused_with(EPERM));
    CHECK(ask("openat", {0, 0, O_DIRECTORY, mode}) == allowed);
  }
  CHECK(ask("chmod", {0, S_ISVTX | 0777}) == allowed);
  CHECK(ask("openat", {0, 0, O_CREAT, 0644}) == allowed);
  CHECK(ask("mknodat", {0, 0, S_IFIFO | 0600}) == allowed);
  CHECK(ask("mknodat", {0, 0, S_IFCHR | 0600}) == refused_with(EPERM));
  CHECK(ask("mknod", {0, S_IFBLK | 0600}) == refused_with(EPERM));
}

TEST_CASE("a rename leaves no overlay whiteout behind") {
  constexpr std::uint64_t no_replace = 1, exchange = 2, whiteout = 4;
  for (const bool strict : {false, true}) {
    for (const std::uint64_t flags : {std::uint64_t{0}, no_replace, exchange, garbage}) {
      CHECK(ask("renameat2", {0, 0, 0, 0, flags}, {.strict = strict}) == allowed);
    }
    for (const std::uint64_t flags : {whiteout, no_replace | whiteout, garbage | whiteout}) {
      CHECK(ask("renameat2", {0, 0, 0, 0, flags}, {.strict = strict}) == refused_with(EPERM));
      CHECK(ask("renameat2", {0, 0, 0, 0, flags}, {.strict = strict, .nested = true}) == allowed);
    }
  }
}

TEST_CASE("nested makes overlay whiteouts and no other device") {
  for (const PolicyVariant variant : {PolicyVariant{.nested = true}, PolicyVariant{.strict = true, .nested = true}}) {
    CHECK(ask("mknodat", {0, 0, S_IFCHR, 0}, variant) == allowed);
    CHECK(ask("mknod", {0, garbage | S_IFCHR | 0600, garbage}, variant) == allowed);
    CHECK(ask("mknodat", {0, 0, S_IFIFO | 0600, 0}, variant) == allowed);
    CHECK(ask("mknodat", {0, 0, S_IFCHR, 1}, variant) == refused_with(EPERM));
    CHECK(ask("mknodat", {0, 0, S_IFCHR, 0x103}, variant) == refused_with(EPERM));
    CHECK(ask("mknodat", {0, 0, S_IFBLK, 0}, variant) == refused_with(EPERM));
    CHECK(ask("mknodat", {0, 0, S_IFCHR | S_ISUID, 0}, variant) == refused_with(EPERM));
    CHECK(ask("mknod", {0, S_IFREG | S_ISGID, 0}, variant) == refused_with(EPERM));
  }
  CHECK(ask("mknodat", {0, 0, S_IFCHR, 0}) == refused_with(EPERM));
}

TEST_CASE("personality can be asked and randomisation switched off, no more") {
  CHECK(ask("personality", {0}) == allowed);
  CHECK(ask("personality", {ADDR_NO_RANDOMIZE}) == allowed);
  CHECK(ask("personality", {0xffffffff}) == allowed);
  CHECK(ask("personality", {~0ull}) == allowed);
  CHECK(ask("personality", {READ_IMPLIES_EXEC}) == refused_with(EPERM));
  CHECK(ask("personality", {garbage | READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE}) == refused_with(EPERM));
  CHECK(ask("personality", {UNAME26}) == refused_with(EPERM));
  CHECK(ask("personality", {PER_LINUX32}) == refused_with(EPERM));
}

TEST_CASE("nested allows namespaces and mounts and nothing else") {
  const std::set<std::string_view> opened{"clone",
                                          "clone3",
                                          "unshare",
                                          "setns",
                                          "mount",
                                          "umount2",
                                          "pivot_root",
                                          "chroot",
                                          "fsopen",
                                          "fsconfig",
                                          "fsmount",
                                          "fspick",
                                          "open_tree",
                                          "open_tree_attr",
                                          "move_mount",
                                          "mount_setattr",
                                          "sethostname",
                                          "setdomainname",
                                          "openat2",
                                          "sched_setparam",
                                          "sched_setscheduler",
                                          "sched_setaffinity",
                                          "sched_setattr",
                                          "setpriority",
                                          "ioprio_set"};
  for (const std::string& name : call_names(Architecture::x86_64)) {
    INFO(name);
    const Arguments arguments{CLONE_NEWUSER, CLONE_NEWUSER, CLONE_NEWUSER};
    if (opened.contains(name)) {
      CHECK(ask(name, arguments, {.nested = true}) == allowed);
    } else {
      const std::uint32_t plain = ask(name, arguments, {});
      CHECK(ask(name, arguments, {.nested = true}) == (plain == SECCOMP_RET_USER_NOTIF ? refused_with(EPERM) : plain));
    }
  }
}

TEST_CASE("every row of strict takes something away that the default allows") {
  for (const PolicyRow& row : strict_rows()) {
    for (const std::string_view name : names_in(row)) {
      INFO(name);
      const PolicyRow* standard = find_row(name, {});
      REQUIRE(standard);
      const bool was_open = standard->rule.otherwise == allow_call || !standard->rule.clauses.empty();
      CHECK(was_open);
      CHECK(find_row(name, {.strict = true}) == &row);
      CHECK(row.reason.starts_with("strict: "));
    }
  }
}

TEST_CASE("the manual names every call that strict answers otherwise than the default") {
  const std::string manual = read_text_file(snug::test::source_dir() + "/man/snug-security.7.scd");
  const auto start = manual.find("\n# STRICT\n");
  REQUIRE(start != std::string::npos);
  const std::string section = manual.substr(start, manual.find("\n# ", start + 3) - start);
  for (const PolicyRow& row : strict_rows()) {
    for (const std::string_view name : names_in(row)) {
      INFO(name);
      CHECK(std::regex_search(section, std::regex("[^a-z0-9]" + std::string(name) + "[^a-z0-9]")));
    }
  }
}

TEST_CASE("strict keeps what compilers and interpreters call") {
  // What strace counted under gcc, clang, make, cmake, python, node, perl, git, java, cargo, go and bash.
  std::istringstream counted(
      "accept accept4 access alarm arch_prctl bind brk capget chdir chmod chown clock_getres clock_gettime "
      "clock_nanosleep "
      "close close_range connect copy_file_range creat dup dup2 dup3 epoll_create1 epoll_ctl epoll_pwait epoll_wait "
      "eventfd2 "
      "execve exit exit_group faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchown fchownat fcntl fdatasync "
      "fgetxattr flistxattr flock fsetxattr fstat fstatfs fsync ftruncate futex getcwd getdents64 getegid geteuid "
      "getgid "
      "getgroups getpeername getpgid getpgrp getpid getppid getpriority getrandom getrlimit getrusage getsid "
      "getsockname "
      "getsockopt gettid getuid getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch kill link "
      "linkat "
      "listen listxattr llistxattr lseek lstat madvise memfd_create mkdir mkdirat mknodat mmap mprotect mremap munmap "
      "nanosleep newfstatat open openat pidfd_open pipe2 pkey_alloc poll ppoll pread64 preadv2 pselect6 pwrite64 "
      "pwritev2 "
      "read readlink readlinkat recvfrom recvmsg removexattr rename renameat renameat2 restart_syscall rmdir rseq "
      "rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend sched_getaffinity sched_setaffinity "
      "sched_yield "
      "seccomp sendfile sendmmsg sendmsg sendto set_robust_list set_tid_address setitimer setpgid setpriority setregid "
      "setresgid setresuid setreuid setsid setxattr shutdown sigaltstack signalfd4 stat statfs statx symlink symlinkat "
      "sync sysinfo tgkill times truncate umask uname unlink unlinkat utimensat vfork wait4 waitid write writev");
  for (std::string name; counted >> name;) {
    CHECK(ask(name, {}, {.strict = true}) == allowed);
    if (call_number(Architecture::arm64, name)) CHECK(ask(name, {}, {.strict = true}, Architecture::arm64) == allowed);
  }
}

TEST_CASE("strict opens sockets for TCP, UDP, unix and routes only") {
  constexpr PolicyVariant strict{.strict = true};
  for (const std::uint64_t family : {AF_INET, AF_INET6}) {
    for (const std::uint64_t protocol : {0, 6, 17}) CHECK(ask("socket", {family, 1, protocol}, strict) == allowed);
    for (const std::uint64_t protocol : {1, 58, 262, 132}) {
      CHECK(ask("socket", {family, 1, garbage | protocol}, strict) == refused_with(EPROTONOSUPPORT));
    }
  }
  CHECK(ask("socket", {AF_UNIX, SOCK_SEQPACKET}, strict) == allowed);
  CHECK(ask("socket", {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, strict) == allowed);
  CHECK(ask("socket", {AF_ALG, SOCK_SEQPACKET}, strict) == refused_with(EAFNOSUPPORT));
}

TEST_CASE("strict knows the commands of terminals, interfaces and files and no other") {
  constexpr PolicyVariant strict{.strict = true};
  for (const std::uint64_t command : {TCGETS, TCSETSW, TIOCGWINSZ, TIOCSCTTY, FIONREAD, FIOCLEX, FIONBIO}) {
    CHECK(ask("ioctl", {0, command}, strict) == allowed);
  }
  for (const std::uint64_t command : {std::uint64_t{TIOCGPTN}, std::uint64_t{SIOCGIFCONF}, std::uint64_t{0x40049409},
                                      std::uint64_t{0x802c542a}, std::uint64_t{0x80086601}}) {
    CHECK(ask("ioctl", {0, garbage | command}, strict, Architecture::arm64) == allowed);
  }
  CHECK(ask("ioctl", {0, garbage | TIOCSTI}, strict) == refused_with(EPERM));
  // Flags of a file, sockets' files, a namespace's owner, tun devices, kernel virtual machines.
  for (const std::uint64_t command : {0x40086602u, 0x89e0u, 0xb701u, 0x400454cau, 0xae01u, 0u}) {
    CHECK(ask("ioctl", {0, command}, strict) == refused_with(ENOTTY));
  }
}

TEST_CASE("strict looks at the options of prctl, setsockopt, personality, prlimit64 and schedulers") {
  constexpr PolicyVariant strict{.strict = true};
  CHECK(ask("prctl", {15}, strict) == allowed);  // PR_SET_NAME
  CHECK(ask("prctl", {garbage | 35}, strict) == refused_with(EINVAL));
  CHECK(ask("setsockopt", {0, SOL_SOCKET, SO_REUSEADDR}, strict) == allowed);
  CHECK(ask("setsockopt", {0, garbage | SOL_SOCKET, garbage | SO_ATTACH_FILTER}, strict) == refused_with(ENOPROTOOPT));
  CHECK(ask("setsockopt", {0, 6, 1}, strict) == allowed);  // TCP_NODELAY
  CHECK(ask("setsockopt", {0, 6, 31}, strict) == refused_with(ENOPROTOOPT));
  CHECK(ask("personality", {0xffffffff}, strict) == allowed);
  CHECK(ask("personality", {ADDR_NO_RANDOMIZE}, strict) == refused_with(EPERM));
  CHECK(ask("prlimit64", {0, 7}, strict) == allowed);
  CHECK(ask("prlimit64", {1234, 7}, strict) == refused_with(EPERM));
  for (const std::uint64_t idle : {5u, 0x40000005u}) CHECK(ask("sched_setscheduler", {0, idle}, strict) == allowed);
  for (const std::uint64_t realtime : {1u, 2u, 0x40000001u, 6u}) {
    CHECK(ask("sched_setscheduler", {0, garbage | realtime}, strict) == refused_with(EPERM));
  }
}

TEST_CASE("nested opens under strict what it opens under the default, and nothing else") {
  for (const std::string& name : call_names(Architecture::x86_64)) {
    INFO(name);
    const Arguments arguments{CLONE_NEWUSER, CLONE_NEWUSER, CLONE_NEWUSER};
    const std::uint32_t plain = ask(name, arguments, {.strict = true});
    const std::uint32_t refused = plain == SECCOMP_RET_USER_NOTIF ? refused_with(EPERM) : plain;
    const bool opened = find_row(name, {.nested = true}) != find_row(name, {});
    CHECK(ask(name, arguments, {.strict = true, .nested = true}) == (opened ? allowed : refused));
  }
}

TEST_CASE("a call skipped by a tracer stays skipped") {
  CHECK(run_filter(standard_program(Architecture::x86_64, {}), make_call(AUDIT_ARCH_X86_64, ~0u)) == allowed);
}
