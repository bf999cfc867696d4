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
#include <set>
#include <string>

#include "seccomp/standard.h"
#include "support/catch.h"
#include "unit/seccomp/bpf.h"

using namespace snug;

namespace {

constexpr std::uint64_t garbage = 0xdeadbeef00000000;  // what the kernel drops of an int argument

std::uint32_t ask(std::string_view call, const Arguments& arguments = {}, bool nested = false,
                  Architecture architecture = Architecture::x86_64) {
  const auto number = call_number(architecture, call);
  INFO(call);
  REQUIRE(number);
  return run_filter(standard_program(architecture, nested), make_call(audit_arch(architecture), *number, arguments));
}

constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;

}  // namespace

TEST_CASE("no call stands in two rows, and every row has names this machine's tables know and a reason") {
  for (const auto rows : {standard_rows(), nested_rows()}) {
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
  for (const auto rows : {standard_rows(), nested_rows()}) {
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
      if (!find_row(name, false)) unnamed.insert(name);
    }
  }
  // Removed from the kernel, or empty in it since long; ENOSYS is its own answer too for all but the first three.
  CHECK(unnamed == std::set<std::string>{"lookup_dcookie", "sysfs", "uselib", "_sysctl", "afs_syscall", "create_module",
                                         "epoll_ctl_old", "epoll_wait_old", "get_kernel_syms", "get_thread_area",
                                         "getpmsg", "nfsservctl", "putpmsg", "query_module", "security",
                                         "set_thread_area", "tuxcall", "vserver"});
}

TEST_CASE("a row is found with its reason") {
  REQUIRE(find_row("keyctl", false));
  CHECK(find_row("keyctl", false)->reason.find("key store") != std::string_view::npos);
  CHECK(find_row("mount", true)->reason.starts_with("nested"));
  CHECK(find_row("mount", false)->rule.otherwise == report_call);
  CHECK(find_row("read", true) == find_row("read", false));
  CHECK_FALSE(find_row("no_such_call", false));
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
      const std::uint32_t answer = ask(call, {}, false, architecture);
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
      CHECK(ask(call, {}, false, architecture) == allowed);
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

TEST_CASE("setuid and setgid bits are refused in every mode") {
  for (const std::uint64_t bits : {S_ISUID, S_ISGID, S_ISUID | S_ISGID}) {
    const std::uint64_t mode = bits | 0755, high = garbage | mode;
    for (const char* call : {"chmod", "fchmod", "mkdir", "creat", "mknod"}) {
      CHECK(ask(call, {0, mode}) == refused_with(EPERM));
      CHECK(ask(call, {0, high}) == refused_with(EPERM));
    }
    for (const char* call : {"fchmodat", "fchmodat2", "mkdirat", "mknodat"}) {
      CHECK(ask(call, {0, 0, mode}) == refused_with(EPERM));
      CHECK(ask(call, {0, 0, mode}, false, Architecture::arm64) == refused_with(EPERM));
    }
    CHECK(ask("open", {0, O_CREAT | O_WRONLY, mode}) == refused_with(EPERM));
    CHECK(ask("open", {0, O_TMPFILE | O_RDWR, mode}) == refused_with(EPERM));
    CHECK(ask("open", {0, O_RDONLY, mode}) == allowed);
    CHECK(ask("openat", {0, 0, garbage | O_CREAT, mode}) == refused_with(EPERM));
    CHECK(ask("openat", {0, 0, O_TMPFILE | O_RDWR, mode}, false, Architecture::arm64) == refused_with(EPERM));
    CHECK(ask("openat", {0, 0, O_DIRECTORY, mode}) == allowed);
  }
  CHECK(ask("chmod", {0, S_ISVTX | 0777}) == allowed);
  CHECK(ask("openat", {0, 0, O_CREAT, 0644}) == allowed);
  CHECK(ask("mknodat", {0, 0, S_IFIFO | 0600}) == allowed);
  CHECK(ask("mknodat", {0, 0, S_IFCHR | 0600}) == refused_with(EPERM));
  CHECK(ask("mknod", {0, S_IFBLK | 0600}) == refused_with(EPERM));
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
  const std::set<std::string_view> opened{
      "clone",      "clone3",        "unshare",     "setns",         "mount",  "umount2",   "pivot_root",
      "chroot",     "fsopen",        "fsconfig",    "fsmount",       "fspick", "open_tree", "open_tree_attr",
      "move_mount", "mount_setattr", "sethostname", "setdomainname", "openat2"};
  for (const std::string& name : call_names(Architecture::x86_64)) {
    INFO(name);
    const Arguments arguments{CLONE_NEWUSER, CLONE_NEWUSER, CLONE_NEWUSER};
    if (opened.contains(name)) {
      CHECK(ask(name, arguments, true) == allowed);
    } else {
      const std::uint32_t plain = ask(name, arguments, false);
      CHECK(ask(name, arguments, true) == (plain == SECCOMP_RET_USER_NOTIF ? refused_with(EPERM) : plain));
    }
  }
}

TEST_CASE("a call skipped by a tracer stays skipped") {
  CHECK(run_filter(standard_program(Architecture::x86_64, false), make_call(AUDIT_ARCH_X86_64, ~0u)) == allowed);
}
