#include "seccomp/policy.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace snug {
namespace {

constexpr std::uint64_t all_32 = 0xffffffff;

Test is(int argument, std::uint64_t value) { return {argument, all_32, value}; }
Test has_none(int argument, std::uint64_t bits) { return {argument, bits, 0}; }
Test has_any(int argument, std::uint64_t bits) { return {argument, bits, 0, false}; }
Test part_is(int argument, std::uint64_t mask, std::uint64_t value) { return {argument, mask, value}; }

CallRule allowed() { return {{}, allow_call}; }
CallRule refused(int error = EPERM) { return {{}, refuse_call(error)}; }
// Calls that tell what a program is up to, or what it misses. They are rare: each costs a message to snug and back.
CallRule told() { return {{}, report_call}; }
CallRule absent() { return refused(ENOSYS); }

// --- by argument ----------------------------------------------------------------------------------

// CLONE_NEWTIME (0x80) is no flag of clone(2): there the low eight bits are a signal number.
constexpr std::uint64_t clone_namespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

CallRule without_flags_at(int argument, std::uint64_t flags, Action otherwise = refuse_call(EPERM)) {
  return {{{{has_none(argument, flags)}, allow_call}}, otherwise};
}

CallRule without_flags(std::uint64_t flags, Action otherwise = refuse_call(EPERM)) {
  return without_flags_at(0, flags, otherwise);
}

// They act on what other programs read and write.
constexpr std::uint64_t forged_input[] = {TIOCSTI, TIOCLINUX, TIOCSETD};

// FS_IOC_ADD_ENCRYPTION_KEY, REMOVE_ and REMOVE_..._ALL_USERS: a file system keeps such keys for the user, not for the
// run. Without the key that the login added, the home is unreadable until it is unlocked again.
constexpr std::uint64_t file_system_keys[] = {0xc0506617, 0xc0406618, 0xc0406619};

// btrfs and bcachefs make snapshots of a whole subvolume for the owner of its top, btrfs before Linux 6.7 for the owner
// of any directory in it: what is hidden shows again in the copy, and so may what lies beside the project. All of
// btrfs's numbers are 0x94nn, cloning of files and ranges among them, which cp does on other file systems too.
constexpr std::uint64_t cloning[] = {FICLONE, FICLONERANGE, FIDEDUPERANGE};
constexpr std::uint64_t command_type = 0xff00, of_btrfs = 0x9400, of_bcachefs = 0xbc00;

void add_commands(CallRule& rule, std::span<const std::uint64_t> commands, Action action) {
  for (const std::uint64_t command : commands) rule.clauses.push_back({{is(1, command)}, action});
}

CallRule without_reaching_commands() {
  CallRule rule = allowed();
  add_commands(rule, forged_input, refuse_call(EPERM));
  add_commands(rule, file_system_keys, refuse_call(EPERM));
  add_commands(rule, cloning, allow_call);
  for (const std::uint64_t type : {of_btrfs, of_bcachefs}) {
    rule.clauses.push_back({{part_is(1, command_type, type)}, refuse_call(EPERM)});
  }
  return rule;
}

CallRule only_personas(std::initializer_list<std::uint64_t> personas) {
  CallRule rule = refused();
  for (const std::uint64_t persona : personas) rule.clauses.push_back({{is(0, persona)}, allow_call});
  return rule;
}

CallRule not_at_init() { return {{{{is(0, 1)}, refuse_call(EPERM)}}, allow_call}; }

// `process` and `group` with id 1, and every process of a user at once, mean init too.
CallRule not_at_init(std::uint64_t process, std::uint64_t group, std::uint64_t user) {
  CallRule rule = allowed();
  for (const std::uint64_t which : {process, group}) {
    rule.clauses.push_back({{is(0, which), is(1, 1)}, refuse_call(EPERM)});
  }
  rule.clauses.push_back({{is(0, user)}, refuse_call(EPERM)});
  return rule;
}

constexpr std::uint64_t set_id_bits = S_ISUID | S_ISGID;

CallRule without_set_id(int mode) { return {{{{has_any(mode, set_id_bits)}, refuse_call(EPERM)}}, allow_call}; }

// The mode counts only where a file is made. O_TMPFILE is O_DIRECTORY, which has other numbers on arm64, and a bit of
// its own, 020000000 everywhere.
CallRule open_without_set_id(int flags) {
  constexpr std::uint64_t creates = O_CREAT | 020000000;
  return {{{{has_any(flags, creates), has_any(flags + 1, set_id_bits)}, refuse_call(EPERM)}}, allow_call};
}

CallRule node_without_set_id(int mode) {
  CallRule rule = without_set_id(mode);
  for (const std::uint64_t type : {S_IFCHR, S_IFBLK}) {
    rule.clauses.push_back({{part_is(mode, S_IFMT, type)}, refuse_call(EPERM)});
  }
  return rule;
}

// An overlay that the command mounts itself leaves whiteouts wherever its upper layer is: refusing the call as well
// would only keep sandboxes inside from hiding files in theirs.
CallRule node_or_whiteout(int mode) {
  CallRule rule = node_without_set_id(mode);
  const Clause whiteout{{part_is(mode, S_IFMT | set_id_bits, S_IFCHR), is(mode + 1, 0)}, allow_call};
  rule.clauses.insert(rule.clauses.begin(), whiteout);
  return rule;
}

// RENAME_WHITEOUT, of <linux/fs.h>, which clashes with <sys/mount.h>.
constexpr std::uint64_t rename_whiteout = 4;

// Of Linux 5.6 and 5.14, which older headers do not have.
constexpr std::uint64_t pr_set_io_flusher = 57, pr_sched_core = 62;

// Types 5 and 6 with protocol 0 are SCTP and DCCP: either loads a kernel module nobody here needs.
void add_internet(CallRule& rule, std::uint64_t family, std::initializer_list<std::uint64_t> protocols) {
  constexpr std::uint64_t type_bits = 0xf;
  for (const std::uint64_t type : {SOCK_SEQPACKET, SOCK_DCCP}) {
    rule.clauses.push_back({{is(0, family), part_is(1, type_bits, type)}, refuse_call(ESOCKTNOSUPPORT)});
  }
  for (const std::uint64_t protocol : protocols) rule.clauses.push_back({{is(0, family), is(2, protocol)}, allow_call});
  rule.clauses.push_back({{is(0, family)}, refuse_call(EPROTONOSUPPORT)});
}

// Numbers of netinet/in.h, which older C libraries do not have in full.
constexpr std::uint64_t any_protocol = 0, icmp = 1, tcp = 6, udp = 17, icmp6 = 58, multipath_tcp = 262;

CallRule families(std::initializer_list<std::uint64_t> protocols4, std::initializer_list<std::uint64_t> protocols6) {
  CallRule rule = refused(EAFNOSUPPORT);
  rule.clauses.push_back({{is(0, AF_UNIX)}, allow_call});
  add_internet(rule, AF_INET, protocols4);
  add_internet(rule, AF_INET6, protocols6);
  rule.clauses.push_back({{is(0, AF_NETLINK), is(2, NETLINK_ROUTE)}, allow_call});
  return rule;
}

CallRule known_families() {
  return families({any_protocol, tcp, udp, icmp, multipath_tcp}, {any_protocol, tcp, udp, icmp6, multipath_tcp});
}

// --- by argument, strict --------------------------------------------------------------------------

// What compilers, interpreters, shells and package managers ask of terminals, sockets and files (counted by strace),
// with their neighbours. Plain terminal and descriptor commands are 0x5400 to 0x54ff, without size or direction.
constexpr std::uint64_t plain_commands = 0x5400;

constexpr std::uint64_t known_command_numbers[] = {
    // TCGETS2 and its siblings, which the C library uses from glibc 2.42 on; its headers clash with the kernel's.
    0x802c542a, 0x402c542b, 0x402c542c, 0x402c542d,
    // Pseudo-terminals.
    TIOCGPTN, TIOCSPTLCK, TIOCGPTLCK, TIOCGEXCL,
    // Network interfaces.
    SIOCATMARK, SIOCGIFNAME, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK,
    SIOCGIFMTU, SIOCGIFHWADDR, SIOCGIFINDEX, SIOCGIFTXQLEN,
    // Files; the cloning of them is allowed already.
    FIGETBSZ, FS_IOC_GETFLAGS, FS_IOC_FSGETXATTR, FS_IOC_FIEMAP};

CallRule known_commands() {
  CallRule rule = without_reaching_commands();
  rule.clauses.push_back({{part_is(1, 0xffffff00, plain_commands)}, allow_call});
  add_commands(rule, known_command_numbers, allow_call);
  rule.otherwise = refuse_call(ENOTTY);  // as from a file that does not know the command
  return rule;
}

CallRule without_options(std::initializer_list<std::uint64_t> options) {
  CallRule rule = allowed();
  for (const std::uint64_t option : options) rule.clauses.push_back({{is(0, option)}, refuse_call(EINVAL)});
  return rule;
}

struct SocketOption {
  std::uint64_t level, name;
};

CallRule without_socket_options(std::initializer_list<SocketOption> options) {
  CallRule rule = allowed();
  for (const auto [level, name] : options) {
    rule.clauses.push_back({{is(1, level), is(2, name)}, refuse_call(ENOPROTOOPT)});
  }
  return rule;
}

// Beside SCHED_RESET_ON_FORK.
CallRule only_schedulers(std::initializer_list<std::uint64_t> policies) {
  CallRule rule = not_at_init();
  rule.otherwise = refuse_call(EPERM);
  for (const std::uint64_t policy : policies) {
    rule.clauses.push_back({{part_is(1, all_32 & ~std::uint64_t{0x40000000}, policy)}, allow_call});
  }
  return rule;
}

CallRule only_of_self() { return {{{{is(0, 0)}, allow_call}}, refuse_call(EPERM)}; }

// --- the table ------------------------------------------------------------------------------------

std::vector<PolicyRow> make_standard_rows() {
  return {
      // Allowed whole.
      {"read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range dup dup2 dup3 "
       "fcntl flock fsync fdatasync sync syncfs sync_file_range truncate ftruncate fallocate fadvise64 readahead "
       "sendfile splice tee vmsplice copy_file_range pipe pipe2",
       allowed(), "reading and writing what is open"},
      {"stat lstat fstat newfstatat statx access faccessat faccessat2 statfs fstatfs ustat getdents getdents64 getcwd "
       "chdir fchdir readlink readlinkat name_to_handle_at",
       allowed(), "finding files; a handle alone opens nothing"},
      {"rename renameat link linkat unlink unlinkat rmdir symlink symlinkat chown fchown lchown fchownat "
       "umask "
       "utime utimes utimensat futimesat",
       allowed(), "changing directories and owners; the view and the kernel decide where"},
      {"setxattr lsetxattr fsetxattr setxattrat getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr "
       "flistxattr "
       "listxattrat removexattr lremovexattr fremovexattr removexattrat file_getattr file_setattr",
       allowed(), "extended attributes; those that give rights need capabilities"},
      {"statmount listmount", allowed(), "the mounts of one's own view, as /proc/self/mountinfo shows them"},
      {"inotify_init inotify_init1 inotify_add_watch inotify_rm_watch", allowed(), "watching files one can open"},
      {"poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd "
       "eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime",
       allowed(), "waiting"},
      {"io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents", allowed(),
       "the old asynchronous input and output of databases; not io_uring"},
      {"mmap mprotect munmap mremap msync mincore madvise brk remap_file_pages mlock mlock2 mlockall munlock "
       "munlockall "
       "memfd_create mseal map_shadow_stack cachestat pkey_mprotect pkey_alloc pkey_free membarrier",
       allowed(), "one's own memory"},
      {"get_mempolicy set_mempolicy set_mempolicy_home_node mbind move_pages", allowed(),
       "placing one's own memory on nodes, as Java and databases do"},
      {"fork vfork execve execveat exit exit_group wait4 waitid set_tid_address gettid getpid getppid", allowed(),
       "processes"},
      {"futex futex_wait futex_wake futex_waitv futex_requeue set_robust_list get_robust_list rseq restart_syscall",
       allowed(), "threads"},
      {"kill tkill tgkill rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait "
       "rt_sigqueueinfo rt_tgsigqueueinfo sigaltstack pause pidfd_open pidfd_send_signal process_mrelease",
       allowed(), "signals; the pid namespace and Landlock end them at the sandbox's border"},
      {"getpgid getpgrp setpgid getsid setsid", allowed(), "job control"},
      {"getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid setresuid "
       "setresgid "
       "setfsuid setfsgid setgroups capget capset",
       allowed(), "ids and capabilities: one can only give up what one has, and there is nothing"},
      {"sched_yield sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min "
       "sched_rr_get_interval sched_getaffinity sched_getattr getpriority ioprio_get getcpu",
       allowed(), "facts about scheduling"},
      {"getrlimit setrlimit getrusage times sysinfo uname", allowed(), "limits and facts"},
      {"gettimeofday time clock_gettime clock_getres clock_nanosleep nanosleep alarm getitimer setitimer timer_create "
       "timer_settime timer_gettime timer_getoverrun timer_delete",
       allowed(), "clocks and timers"},
      {"connect bind listen accept accept4 getsockname getpeername setsockopt getsockopt sendto sendmsg sendmmsg "
       "recvfrom "
       "recvmsg recvmmsg shutdown",
       allowed(), "sockets that exist; which ones can, socket decides"},
      {"shmget shmat shmctl shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink "
       "mq_timedsend mq_timedreceive mq_notify mq_getsetattr",
       allowed(), "shared memory, semaphores and queues of the sandbox's own IPC namespace"},
      {"getrandom prctl arch_prctl uretprobe uprobe", allowed(),
       "the process itself; a probe's own calls are checked by the kernel"},
      {"seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self lsm_get_self_attr lsm_list_modules",
       allowed(), "further walls a program puts up for itself; they can only narrow"},
      {"ptrace process_vm_readv process_vm_writev", allowed(),
       "debuggers; the kernel limits them to processes of the sandbox"},

      // Allowed by argument.
      {"socket socketpair", known_families(),
       "unix, internet (TCP, UDP, ping) and netlink for routes and addresses; other families and protocols load "
       "rarely checked kernel code or reach the host's kernel"},
      {"clone", without_flags(clone_namespaces), "processes and threads, without new namespaces"},
      {"unshare", without_flags(clone_namespaces | CLONE_NEWTIME, report_call),
       "new namespaces give capabilities over kernel code that is rarely checked against them"},
      {"ioctl", without_reaching_commands(),
       "TIOCSTI and TIOCLINUX type into a terminal, TIOCSETD loads line disciplines; snapshots of btrfs and bcachefs "
       "hold "
       "what the view hides; keys of an encrypted file system outlive the run; the kernel reads 32 bits"},
      {"prlimit64 sched_setparam sched_setscheduler sched_setaffinity sched_setattr", not_at_init(),
       "limits and scheduling; those of the sandbox's first process, which has the same user id, are not its"},
      {"setpriority", not_at_init(PRIO_PROCESS, PRIO_PGRP, PRIO_USER),
       "scheduling; the sandbox's first process, which ends all others, is not slowed down"},
      {"ioprio_set", not_at_init(1, 2, 3), "scheduling; the sandbox's first process is not slowed down"},
      {"personality", only_personas({PER_LINUX, ADDR_NO_RANDOMIZE, all_32}),
       "what debuggers need: asking (0xffffffff) and address-space randomisation off; others weaken memory protection"},
      {"chmod fchmod mkdir creat", without_set_id(1), "a setuid or setgid file would lend this account to other users"},
      {"fchmodat fchmodat2 mkdirat", without_set_id(2), "a setuid or setgid file would lend this account to others"},
      {"open", open_without_set_id(1), "opening files; none is made setuid or setgid"},
      {"openat", open_without_set_id(2), "opening files; none is made setuid or setgid"},
      {"renameat2", without_flags_at(4, rename_whiteout),
       "renaming and exchanging; no overlay whiteout is left behind"},
      {"mknod", node_without_set_id(1), "pipes, sockets and files; no devices, no overlay whiteouts (device 0:0)"},
      {"mknodat", node_without_set_id(2), "pipes, sockets and files; no devices, no overlay whiteouts (device 0:0)"},

      // Answered as an older kernel would, because programs then do the same another way.
      {"clone3", absent(), "its flags lie in memory, where a filter cannot look; the C library falls back to clone"},
      {"openat2", absent(),
       "its mode lies in memory, where a filter cannot look, and could make a setuid file; its users fall back to "
       "openat"},

      // Refused.
      {"mount pivot_root chroot fsopen", told(), "the view is fixed; a mount could uncover what it hides"},
      {"umount2 fsconfig fsmount fspick open_tree open_tree_attr move_mount mount_setattr", refused(),
       "the view is fixed; without a mount the rest of its calls have nothing to do"},
      {"setns", told(), "other namespaces are other views"},
      {"sethostname setdomainname", refused(), "the name is the profile's"},
      {"io_uring_setup", told(), "io_uring does what other calls do without passing the filter"},
      {"io_uring_enter io_uring_register", refused(),
       "io_uring does what other calls do without passing the filter, and has had many kernel holes"},
      {"userfaultfd", told(), "stops the kernel in the middle of a copy, the base of many kernel exploits"},
      {"bpf perf_event_open", told(), "programs and counters in the kernel; they see the whole machine"},
      {"add_key request_key keyctl", told(), "the kernel's key store has no namespace: other sessions' keys"},
      {"open_by_handle_at", told(), "opens files by inode number, past every mount"},
      {"fanotify_init fanotify_mark", refused(), "watches whole file systems; inotify does for programs"},
      {"memfd_secret", refused(), "memory that no debugger and no limit sees"},
      {"process_madvise pidfd_getfd kcmp", refused(), "looks into and takes from other processes"},
      {"lsm_set_self_attr", refused(), "changes the security label"},
      {"migrate_pages", refused(), "moves other processes' memory"},
      {"init_module finit_module", told(), "adds to the kernel"},
      {"kexec_load kexec_file_load delete_module reboot", refused(), "replaces the kernel"},
      {"iopl ioperm", refused(), "hardware ports"},
      {"modify_ldt", refused(), "segments for 16-bit programs; rarely checked kernel code"},
      {"swapon swapoff quotactl quotactl_fd acct vhangup", refused(), "administration of the machine"},
      {"settimeofday clock_settime adjtimex clock_adjtime", refused(), "the machine's clock"},
      {"syslog", refused(), "the kernel's log names addresses and other people's programs"},
  };
}

// What compilers, interpreters, shells, git and package managers do without: chosen by counting the calls of the
// actions in tests/support/everyday.py and their like. Where programs ask whether the kernel has something, the answer
// is that of a kernel built without it, so that they do the same another way.
std::vector<PolicyRow> make_strict_rows() {
  return {
      // Whole.
      {"ptrace", told(), "strict: no debuggers or tracers, nor the leak check of -fsanitize=address, which is one"},
      {"process_vm_readv process_vm_writev process_mrelease get_robust_list", refused(),
       "strict: looks into other processes, as debuggers do"},
      {"unshare", told(), "strict: new namespaces are refused anyway; what is left of it, few programs ask for"},
      {"shmget shmat shmctl shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl", told(),
       "strict: System V's shared memory, semaphores and queues; PostgreSQL and fakeroot need them"},
      {"mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr", told(),
       "strict: POSIX message queues; hardly any program has them (semaphores and shared memory are files)"},
      {"get_mempolicy set_mempolicy set_mempolicy_home_node mbind move_pages", absent(),
       "strict: placing memory on nodes; answered as by a kernel without them, which Java copes with"},
      {"io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents", absent(),
       "strict: the old asynchronous input and output; answered as by a kernel without it"},
      {"setgroups setfsuid setfsgid capset", refused(),
       "strict: programs that give up rights they do not have here; setuid and its like stay, which make and python "
       "call"},
      {"name_to_handle_at statmount listmount", absent(),
       "strict: facts about mounts that /proc/self/mountinfo holds too"},
      {"vmsplice remap_file_pages", absent(),
       "strict: tricks with pages behind many kernel holes; programs copy instead"},
      {"setxattrat getxattrat listxattrat removexattrat file_getattr file_setattr futex_wait futex_wake futex_requeue "
       "futex_waitv cachestat lsm_get_self_attr lsm_list_modules",
       absent(), "strict: newer than what libraries rely on, so less checked; they fall back"},
      {"ustat futimesat", absent(), "strict: so old that no library makes them"},
      {"sched_setattr", absent(), "strict: its policy lies in memory, where a filter cannot look"},

      // By argument.
      {"socket socketpair", families({any_protocol, tcp, udp}, {any_protocol, tcp, udp}),
       "strict: unix, TCP, UDP and netlink for routes and addresses; no ping sockets, no multipath TCP"},
      {"setsockopt",
       without_socket_options({{SOL_SOCKET, SO_ATTACH_FILTER},
                               {SOL_SOCKET, SO_ATTACH_BPF},
                               {SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF},
                               {SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF},
                               {SOL_SOCKET, SO_ZEROCOPY},
                               {IPPROTO_TCP, TCP_ULP},
                               {IPPROTO_IPV6, IPV6_ADDRFORM}}),
       "strict: no filter programs on sockets, no TLS in the kernel, no zero copy, no change of family: rarely used, "
       "many holes"},
      {"ioctl", known_commands(),
       "strict: terminals, descriptors, questions about network interfaces, cloning and reading of files; the answer "
       "to "
       "all others is that of a file which does not know them (ENOTTY)"},
      {"prctl",
       without_options({PR_SET_MM, PR_TASK_PERF_EVENTS_DISABLE, PR_TASK_PERF_EVENTS_ENABLE, PR_MCE_KILL,
                        pr_set_io_flusher, pr_sched_core}),
       "strict: the process itself, but for the layout of its memory, counters, memory failures and core scheduling"},
      {"personality", only_personas({PER_LINUX, all_32}), "strict: asking; address-space randomisation stays on"},
      {"prlimit64", only_of_self(), "strict: the limits of the process itself (0) and of no other"},
      {"sched_setscheduler", only_schedulers({SCHED_OTHER, SCHED_BATCH, SCHED_IDLE}), "strict: no realtime"},
  };
}

std::vector<PolicyRow> make_nested_rows() {
  return {
      {"clone clone3 unshare setns", allowed(), "nested: namespaces of its own, entered and left"},
      {"mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr move_mount "
       "mount_setattr",
       allowed(), "nested: mounts in namespaces of its own; those of this sandbox are locked"},
      {"sethostname setdomainname", allowed(), "nested: names of its own"},
      {"sched_setparam sched_setscheduler sched_setaffinity sched_setattr setpriority ioprio_set", allowed(),
       "nested: process 1 may be a sandbox's own, which schedules itself"},
      {"openat2", allowed(), "nested: sandboxes open what they bind by it, so that no link leads them astray"},
      {"mknod", node_or_whiteout(1), "nested: overlay whiteouts (device 0:0), by which sandboxes hide; no devices"},
      {"mknodat", node_or_whiteout(2), "nested: overlay whiteouts (device 0:0), by which sandboxes hide; no devices"},
      {"renameat2", allowed(), "nested: overlay whiteouts, as with mknod"},
  };
}

const PolicyRow* find_in(std::span<const PolicyRow> rows, std::string_view call) {
  for (const PolicyRow& row : rows) {
    if (std::ranges::count(names_in(row), call) > 0) return &row;
  }
  return nullptr;
}

// Later rows take the place of earlier ones.
std::vector<std::span<const PolicyRow>> rows_of(PolicyVariant variant) {
  std::vector<std::span<const PolicyRow>> rows{standard_rows()};
  if (variant.strict) rows.push_back(strict_rows());
  if (variant.nested) rows.push_back(nested_rows());
  return rows;
}

void refuse_unreported(Action& action) {
  if (action.kind == Action::Kind::report) action.kind = Action::Kind::error;
}

void refuse_unreported(Policy& policy) {
  for (auto& [number, rule] : policy.calls) {
    refuse_unreported(rule.otherwise);
    for (Clause& clause : rule.clauses) refuse_unreported(clause.action);
  }
}

void add_rows(Policy& policy, Architecture architecture, std::span<const PolicyRow> rows) {
  for (const PolicyRow& row : rows) {
    for (const std::string_view name : names_in(row)) {
      if (const auto number = call_number(architecture, name)) policy.calls[*number] = row.rule;
    }
  }
}

}  // namespace

std::span<const PolicyRow> standard_rows() {
  static const std::vector<PolicyRow> rows = make_standard_rows();
  return rows;
}

std::span<const PolicyRow> strict_rows() {
  static const std::vector<PolicyRow> rows = make_strict_rows();
  return rows;
}

std::span<const PolicyRow> nested_rows() {
  static const std::vector<PolicyRow> rows = make_nested_rows();
  return rows;
}

const PolicyRow* find_row(std::string_view call, PolicyVariant variant) {
  const PolicyRow* row = nullptr;
  for (const auto rows : rows_of(variant)) {
    if (const PolicyRow* later = find_in(rows, call)) row = later;
  }
  return row;
}

std::vector<std::string_view> names_in(const PolicyRow& row) {
  std::vector<std::string_view> names;
  std::string_view rest = row.calls;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    names.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

bool reports(const Policy& policy) {
  const auto is_report = [](const Action& action) { return action.kind == Action::Kind::report; };
  return std::ranges::any_of(policy.calls, [&](const auto& call) {
    const CallRule& rule = call.second;
    return is_report(rule.otherwise) ||
           std::ranges::any_of(rule.clauses, [&](const Clause& clause) { return is_report(clause.action); });
  });
}

Policy make_policy(Architecture architecture, PolicyVariant variant) {
  Policy policy;
  for (const auto rows : rows_of(variant)) add_rows(policy, architecture, rows);
  if (variant.nested) refuse_unreported(policy);
  // A tracer that skips a call sets its number to -1; the kernel then runs nothing, whatever the filter says, and an
  // error from here would take the place of the tracer's answer.
  policy.calls[~std::uint32_t{0}] = allowed();
  return policy;
}

}  // namespace snug
