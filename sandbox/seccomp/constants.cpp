#include "seccomp/constants.h"

#include <fcntl.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <vector>

#include "base/suggest.h"

namespace snug {
namespace {

// The kernel reads these as 32-bit numbers; none is negative.
constexpr Constant constant(std::string_view name, std::uint32_t value) { return {name, value}; }
#define NAMED(name) constant(#name, name)

constexpr Constant arguments[] = {
    // Address families and netlink protocols.
    NAMED(AF_UNSPEC), NAMED(AF_UNIX), NAMED(AF_LOCAL), NAMED(AF_INET), NAMED(AF_AX25), NAMED(AF_IPX),
    NAMED(AF_APPLETALK), NAMED(AF_X25), NAMED(AF_INET6), NAMED(AF_KEY), NAMED(AF_NETLINK), NAMED(AF_PACKET),
    NAMED(AF_RDS), NAMED(AF_PPPOX), NAMED(AF_LLC), NAMED(AF_IB), NAMED(AF_MPLS), NAMED(AF_CAN), NAMED(AF_TIPC),
    NAMED(AF_BLUETOOTH), NAMED(AF_ALG), NAMED(AF_NFC), NAMED(AF_VSOCK), NAMED(AF_KCM), NAMED(AF_QIPCRTR), NAMED(AF_SMC),
    NAMED(AF_XDP), NAMED(NETLINK_ROUTE), NAMED(NETLINK_USERSOCK), NAMED(NETLINK_SOCK_DIAG), NAMED(NETLINK_NFLOG),
    NAMED(NETLINK_XFRM), NAMED(NETLINK_SELINUX), NAMED(NETLINK_AUDIT), NAMED(NETLINK_FIB_LOOKUP),
    NAMED(NETLINK_CONNECTOR), NAMED(NETLINK_NETFILTER), NAMED(NETLINK_KOBJECT_UEVENT), NAMED(NETLINK_GENERIC),
    NAMED(NETLINK_CRYPTO),
    // Socket types, protocols, options.
    NAMED(SOCK_STREAM), NAMED(SOCK_DGRAM), NAMED(SOCK_RAW), NAMED(SOCK_RDM), NAMED(SOCK_SEQPACKET), NAMED(SOCK_DCCP),
    NAMED(SOCK_PACKET), NAMED(SOCK_CLOEXEC), NAMED(SOCK_NONBLOCK), NAMED(IPPROTO_IP), NAMED(IPPROTO_ICMP),
    NAMED(IPPROTO_TCP), NAMED(IPPROTO_UDP), NAMED(IPPROTO_IPV6), NAMED(IPPROTO_ICMPV6), NAMED(IPPROTO_SCTP),
    NAMED(IPPROTO_UDPLITE), NAMED(IPPROTO_RAW), NAMED(SOL_SOCKET), NAMED(MSG_OOB), NAMED(MSG_FASTOPEN),
    // Namespaces and processes.
    NAMED(CLONE_NEWNS), NAMED(CLONE_NEWCGROUP), NAMED(CLONE_NEWUTS), NAMED(CLONE_NEWIPC), NAMED(CLONE_NEWUSER),
    NAMED(CLONE_NEWPID), NAMED(CLONE_NEWNET), NAMED(CLONE_NEWTIME), NAMED(CLONE_VM), NAMED(CLONE_FS),
    NAMED(CLONE_FILES), NAMED(CLONE_SIGHAND), NAMED(CLONE_PTRACE), NAMED(CLONE_VFORK), NAMED(CLONE_PARENT),
    NAMED(CLONE_THREAD), NAMED(CLONE_UNTRACED), NAMED(ADDR_NO_RANDOMIZE), NAMED(READ_IMPLIES_EXEC), NAMED(UNAME26),
    NAMED(PER_LINUX), NAMED(PER_LINUX32),
    // Files.
    NAMED(O_RDONLY), NAMED(O_WRONLY), NAMED(O_RDWR), NAMED(O_ACCMODE), NAMED(O_CREAT), NAMED(O_EXCL), NAMED(O_NOCTTY),
    NAMED(O_TRUNC), NAMED(O_APPEND), NAMED(O_NONBLOCK), NAMED(O_DIRECT), NAMED(O_DIRECTORY), NAMED(O_NOFOLLOW),
    NAMED(O_CLOEXEC), NAMED(O_PATH), NAMED(O_TMPFILE), NAMED(S_ISUID), NAMED(S_ISGID), NAMED(S_ISVTX), NAMED(S_IFMT),
    NAMED(S_IFIFO), NAMED(S_IFCHR), NAMED(S_IFDIR), NAMED(S_IFBLK), NAMED(S_IFREG), NAMED(S_IFSOCK),
    NAMED(AT_EMPTY_PATH), NAMED(AT_SYMLINK_NOFOLLOW), NAMED(AT_SYMLINK_FOLLOW), NAMED(F_SETLEASE), NAMED(F_NOTIFY),
    NAMED(F_SETPIPE_SZ), NAMED(F_ADD_SEALS),
    // Terminals.
    NAMED(TIOCSTI), NAMED(TIOCLINUX), NAMED(TIOCSETD), NAMED(TIOCGETD), NAMED(TIOCCONS), NAMED(TIOCSCTTY),
    NAMED(TIOCNOTTY), NAMED(TIOCSPGRP), NAMED(TIOCGPTN), NAMED(TIOCSWINSZ), NAMED(TCSETS), NAMED(TCSETSW),
    NAMED(TCSETSF),
    // Memory.
    NAMED(PROT_NONE), NAMED(PROT_READ), NAMED(PROT_WRITE), NAMED(PROT_EXEC), NAMED(MAP_SHARED), NAMED(MAP_PRIVATE),
    NAMED(MAP_FIXED), NAMED(MAP_ANONYMOUS), NAMED(MAP_HUGETLB), NAMED(MAP_LOCKED), NAMED(MADV_HUGEPAGE),
    NAMED(MADV_MERGEABLE),
    // prctl and ptrace.
    NAMED(PR_SET_PDEATHSIG), NAMED(PR_SET_DUMPABLE), NAMED(PR_SET_KEEPCAPS), NAMED(PR_SET_NAME), NAMED(PR_SET_SECCOMP),
    NAMED(PR_CAPBSET_DROP), NAMED(PR_SET_TSC), NAMED(PR_SET_SECUREBITS), NAMED(PR_SET_TIMERSLACK), NAMED(PR_SET_MM),
    NAMED(PR_SET_PTRACER), NAMED(PR_SET_CHILD_SUBREAPER), NAMED(PR_SET_NO_NEW_PRIVS), NAMED(PR_SET_THP_DISABLE),
    NAMED(PR_CAP_AMBIENT), NAMED(PR_SET_SPECULATION_CTRL), NAMED(PR_SET_SYSCALL_USER_DISPATCH), NAMED(PR_SCHED_CORE),
    NAMED(PTRACE_TRACEME), NAMED(PTRACE_PEEKTEXT), NAMED(PTRACE_PEEKDATA), NAMED(PTRACE_POKETEXT),
    NAMED(PTRACE_POKEDATA), NAMED(PTRACE_ATTACH), NAMED(PTRACE_SEIZE), NAMED(PTRACE_SETREGSET),
    // Scheduling and signals.
    NAMED(SCHED_OTHER), NAMED(SCHED_FIFO), NAMED(SCHED_RR), NAMED(SCHED_BATCH), NAMED(SCHED_IDLE),
    NAMED(SCHED_DEADLINE), NAMED(SIGHUP), NAMED(SIGINT), NAMED(SIGQUIT), NAMED(SIGKILL), NAMED(SIGTERM), NAMED(SIGSTOP),
    NAMED(SIGCONT), NAMED(SIGUSR1), NAMED(SIGUSR2)};

constexpr Constant errors[] = {NAMED(EPERM),
                               NAMED(ENOENT),
                               NAMED(ESRCH),
                               NAMED(EINTR),
                               NAMED(EIO),
                               NAMED(ENXIO),
                               NAMED(E2BIG),
                               NAMED(ENOEXEC),
                               NAMED(EBADF),
                               NAMED(ECHILD),
                               NAMED(EAGAIN),
                               NAMED(EWOULDBLOCK),
                               NAMED(ENOMEM),
                               NAMED(EACCES),
                               NAMED(EFAULT),
                               NAMED(ENOTBLK),
                               NAMED(EBUSY),
                               NAMED(EEXIST),
                               NAMED(EXDEV),
                               NAMED(ENODEV),
                               NAMED(ENOTDIR),
                               NAMED(EISDIR),
                               NAMED(EINVAL),
                               NAMED(ENFILE),
                               NAMED(EMFILE),
                               NAMED(ENOTTY),
                               NAMED(ETXTBSY),
                               NAMED(EFBIG),
                               NAMED(ENOSPC),
                               NAMED(ESPIPE),
                               NAMED(EROFS),
                               NAMED(EMLINK),
                               NAMED(EPIPE),
                               NAMED(EDOM),
                               NAMED(ERANGE),
                               NAMED(EDEADLK),
                               NAMED(EDEADLOCK),
                               NAMED(ENAMETOOLONG),
                               NAMED(ENOLCK),
                               NAMED(ENOSYS),
                               NAMED(ENOTEMPTY),
                               NAMED(ELOOP),
                               NAMED(ENOMSG),
                               NAMED(EIDRM),
                               NAMED(ECHRNG),
                               NAMED(EL2NSYNC),
                               NAMED(EL3HLT),
                               NAMED(EL3RST),
                               NAMED(ELNRNG),
                               NAMED(EUNATCH),
                               NAMED(ENOCSI),
                               NAMED(EL2HLT),
                               NAMED(EBADE),
                               NAMED(EBADR),
                               NAMED(EXFULL),
                               NAMED(ENOANO),
                               NAMED(EBADRQC),
                               NAMED(EBADSLT),
                               NAMED(EBFONT),
                               NAMED(ENOSTR),
                               NAMED(ENODATA),
                               NAMED(ETIME),
                               NAMED(ENOSR),
                               NAMED(ENONET),
                               NAMED(ENOPKG),
                               NAMED(EREMOTE),
                               NAMED(ENOLINK),
                               NAMED(EADV),
                               NAMED(ESRMNT),
                               NAMED(ECOMM),
                               NAMED(EPROTO),
                               NAMED(EMULTIHOP),
                               NAMED(EDOTDOT),
                               NAMED(EBADMSG),
                               NAMED(EOVERFLOW),
                               NAMED(ENOTUNIQ),
                               NAMED(EBADFD),
                               NAMED(EREMCHG),
                               NAMED(ELIBACC),
                               NAMED(ELIBBAD),
                               NAMED(ELIBSCN),
                               NAMED(ELIBMAX),
                               NAMED(ELIBEXEC),
                               NAMED(EILSEQ),
                               NAMED(ERESTART),
                               NAMED(ESTRPIPE),
                               NAMED(EUSERS),
                               NAMED(ENOTSOCK),
                               NAMED(EDESTADDRREQ),
                               NAMED(EMSGSIZE),
                               NAMED(EPROTOTYPE),
                               NAMED(ENOPROTOOPT),
                               NAMED(EPROTONOSUPPORT),
                               NAMED(ESOCKTNOSUPPORT),
                               NAMED(ENOTSUP),
                               NAMED(EOPNOTSUPP),
                               NAMED(EPFNOSUPPORT),
                               NAMED(EAFNOSUPPORT),
                               NAMED(EADDRINUSE),
                               NAMED(EADDRNOTAVAIL),
                               NAMED(ENETDOWN),
                               NAMED(ENETUNREACH),
                               NAMED(ENETRESET),
                               NAMED(ECONNABORTED),
                               NAMED(ECONNRESET),
                               NAMED(ENOBUFS),
                               NAMED(EISCONN),
                               NAMED(ENOTCONN),
                               NAMED(ESHUTDOWN),
                               NAMED(ETOOMANYREFS),
                               NAMED(ETIMEDOUT),
                               NAMED(ECONNREFUSED),
                               NAMED(EHOSTDOWN),
                               NAMED(EHOSTUNREACH),
                               NAMED(EALREADY),
                               NAMED(EINPROGRESS),
                               NAMED(ESTALE),
                               NAMED(EUCLEAN),
                               NAMED(ENOTNAM),
                               NAMED(ENAVAIL),
                               NAMED(EISNAM),
                               NAMED(EREMOTEIO),
                               NAMED(EDQUOT),
                               NAMED(ENOMEDIUM),
                               NAMED(EMEDIUMTYPE),
                               NAMED(ECANCELED),
                               NAMED(ENOKEY),
                               NAMED(EKEYEXPIRED),
                               NAMED(EKEYREVOKED),
                               NAMED(EKEYREJECTED),
                               NAMED(EOWNERDEAD),
                               NAMED(ENOTRECOVERABLE),
                               NAMED(ERFKILL),
                               NAMED(EHWPOISON)};

#undef NAMED

}  // namespace

std::span<const Constant> argument_constants() { return arguments; }

std::span<const Constant> error_constants() { return errors; }

std::optional<std::uint64_t> find_constant(std::span<const Constant> constants, std::string_view name) {
  const auto found = std::ranges::find(constants, name, &Constant::name);
  return found == constants.end() ? std::nullopt : std::optional(found->value);
}

std::string_view nearest_constant(std::span<const Constant> constants, std::string_view name) {
  std::vector<std::string_view> names;
  std::ranges::transform(constants, std::back_inserter(names), &Constant::name);
  return nearest_word(name, names);
}

}  // namespace snug
