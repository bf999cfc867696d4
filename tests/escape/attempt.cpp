// What hostile code tries, one attempt per name: `attempt NAME [ARGUMENT...]`. Exits 0 if it worked ("got it ..."), 1
// if something stopped it (the error's name), 2 for a name it does not know. Static, so that any root can run it.
// Nothing here needs the sandbox: the tests run the same attempts outside, where most of them work.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/tiocl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace {

using Words = std::vector<std::string>;

/// Worked, or the errno that stopped it.
struct Outcome {
  bool worked;
  int code = 0;
  std::string detail;
};

Outcome of(long result, std::string detail = "") {
  return result < 0 ? Outcome{false, errno, ""} : Outcome{true, 0, std::move(detail)};
}
Outcome got(std::string detail) { return {true, 0, std::move(detail)}; }
Outcome stopped(int code = EPERM) { return {false, code, ""}; }

int number(const std::string& text) { return static_cast<int>(std::strtol(text.c_str(), nullptr, 0)); }

std::string first_bytes(int fd) {
  char buffer[256];
  const ssize_t got = read(fd, buffer, sizeof buffer);
  if (got < 0) return "";
  std::string text(buffer, static_cast<std::size_t>(got));
  for (char& c : text) c = c == '\n' || c == '\0' ? ' ' : c;
  errno = ENODATA;
  return text;
}

// --- files -----------------------------------------------------------------------------------------

// An empty answer is a stop too: a mask leaves something empty.
Outcome read_file(const Words& words) {
  const int fd = open(words.at(0).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return stopped(errno);
  const std::string text = first_bytes(fd);
  return text.empty() ? stopped(errno) : got(text);
}

Outcome write_file(const Words& words) {
  const int fd = open(words.at(0).c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return stopped(errno);
  const std::string text = words.size() > 1 ? words[1] : "pwned\n";
  return of(write(fd, text.data(), text.size()));
}

Outcome open_to_write(const Words& words) { return of(open(words.at(0).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)); }
Outcome truncate_file(const Words& words) { return of(open(words.at(0).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC)); }
Outcome make_file(const Words& words) { return of(open(words.at(0).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644)); }
Outcome list(const Words& words) { return of(open(words.at(0).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }
Outcome hard_link(const Words& words) { return of(link(words.at(0).c_str(), words.at(1).c_str())); }
Outcome rename_to(const Words& words) { return of(rename(words.at(0).c_str(), words.at(1).c_str())); }
Outcome rename_leaving_whiteout(const Words& words) {
  constexpr int whiteout = 4;  // RENAME_WHITEOUT
  return of(syscall(SYS_renameat2, AT_FDCWD, words.at(0).c_str(), AT_FDCWD, words.at(1).c_str(), whiteout));
}
Outcome remove_file(const Words& words) { return of(unlink(words.at(0).c_str())); }

// Everything below a directory that opens for writing; the first few names.
void walk_writable(const std::string& path, int depth, Words& found) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || depth > 9) {
    if (fd >= 0) close(fd);
    return;
  }
  alignas(8) char buffer[32768];
  for (long size; (size = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;) {
    for (long at = 0; at < size;) {
      const auto* length = reinterpret_cast<const unsigned short*>(buffer + at + 16);
      const char type = buffer[at + 18];
      const std::string name = buffer + at + 19;
      at += *length;
      if (name == "." || name == "..") continue;
      // Processes have attempts of their own.
      if (path == "/proc" && (std::strchr("0123456789", name[0]) || name == "self" || name == "thread-self")) continue;
      const std::string below = path + "/" + name;
      if (type == 4) walk_writable(below, depth + 1, found);
      if (type != 8) continue;
      const int file = open(below.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
      if (file < 0) continue;
      close(file);
      found.push_back(below);
    }
  }
  close(fd);
}

Outcome any_writable(const Words& words) {
  Words found;
  for (const std::string& path : words) walk_writable(path, 0, found);
  if (found.empty()) return stopped(EROFS);
  std::string names = std::to_string(found.size());
  for (std::size_t i = 0; i < found.size() && i < 12; ++i) names += " " + found[i];
  return got(names);
}

Outcome make_node(const Words& words) {
  return of(mknod(words.at(0).c_str(), S_IFCHR | 0666, makedev(number(words.at(1)), number(words.at(2)))));
}

Outcome by_handle(const Words& words) {
  alignas(8) char space[sizeof(file_handle) + MAX_HANDLE_SZ];
  auto* handle = reinterpret_cast<file_handle*>(space);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, words.at(0).c_str(), handle, &mount, 0) < 0) return stopped(errno);
  const int root = open(words.size() > 1 ? words[1].c_str() : words[0].c_str(), O_RDONLY | O_CLOEXEC);
  return root < 0 ? stopped(errno) : of(open_by_handle_at(root, handle, O_RDONLY));
}

// Ways to a file that lends this account to whoever runs it. PATH is new.
Outcome set_id(const Words& words) {
  const std::string& way = words.at(0);
  const char* path = words.at(1).c_str();
  const auto made = [&](int flags, mode_t mode) { return open(path, O_CREAT | O_RDWR | flags, mode); };
  if (way == "chmod") return made(0, 0755) < 0 ? stopped(errno) : of(chmod(path, 04755));
  if (way == "chmod-group") return made(0, 0755) < 0 ? stopped(errno) : of(chmod(path, 02755));
  if (way == "fchmod") return of(fchmod(made(0, 0755), 04755));
  if (way == "fchmodat") return made(0, 0755) < 0 ? stopped(errno) : of(fchmodat(AT_FDCWD, path, 04755, 0));
  if (way == "fchmodat2") return made(0, 0755) < 0 ? stopped(errno) : of(syscall(452, AT_FDCWD, path, 04755, 0));
  if (way == "high-bits") {
    return made(0, 0755) < 0 ? stopped(errno) : of(syscall(SYS_fchmodat, AT_FDCWD, path, 0xffffffff00000000UL | 04755));
  }
  if (way == "open") return of(made(O_EXCL, 04755));
  if (way == "folder") return mkdir(path, 0755) < 0 ? stopped(errno) : of(chmod(path, 02755));
  if (way == "mknod") return of(mknod(path, S_IFREG | 04755, 0));
  if (way == "openat2") {
    open_how how{};
    how.flags = O_CREAT | O_WRONLY;
    how.mode = 04755;
    return of(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
  }
  if (way == "tmpfile") {
    const int fd = open(".", O_TMPFILE | O_WRONLY, 04755);
    if (fd < 0) return stopped(errno);
    return of(linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str(), AT_FDCWD, path, AT_SYMLINK_FOLLOW));
  }
  return stopped(EINVAL);
}

// --- mounts and namespaces ----------------------------------------------------------------------------

Outcome mount_tmpfs(const Words& words) { return of(mount("x", words.at(0).c_str(), "tmpfs", 0, nullptr)); }
Outcome mount_bind(const Words& words) {
  return of(mount(words.at(0).c_str(), words.at(1).c_str(), nullptr, MS_BIND | MS_REC, nullptr));
}
Outcome remount_writable(const Words& words) {
  return of(mount(nullptr, words.at(0).c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr));
}
Outcome unmount(const Words& words) { return of(umount2(words.at(0).c_str(), MNT_DETACH)); }
Outcome open_tree_clone(const Words& words) {
  return of(syscall(SYS_open_tree, AT_FDCWD, words.at(0).c_str(), 1 | AT_RECURSIVE));
}
Outcome open_tree_plain(const Words& words) { return of(syscall(SYS_open_tree, AT_FDCWD, words.at(0).c_str(), 0)); }
Outcome new_mount(const Words&) { return of(syscall(SYS_fsopen, "tmpfs", 0)); }
Outcome mount_writable(const Words& words) {
  mount_attr attributes{};
  attributes.attr_clr = MOUNT_ATTR_RDONLY;
  return of(syscall(SYS_mount_setattr, AT_FDCWD, words.at(0).c_str(), AT_RECURSIVE, &attributes, sizeof attributes));
}
Outcome pivot(const Words&) { return of(syscall(SYS_pivot_root, ".", ".")); }
Outcome chroot_break(const Words&) {
  const int top = open("/", O_RDONLY | O_DIRECTORY);
  if (mkdir("jail", 0700) < 0 && errno != EEXIST) return stopped(errno);
  if (chroot("jail") < 0) return stopped(errno);
  return of(fchdir(top));
}
Outcome new_namespace(const Words& words) { return of(unshare(number(words.at(0)))); }
Outcome clone_namespace(const Words& words) {
  const long pid = syscall(SYS_clone, number(words.at(0)) | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  return of(pid);
}
Outcome clone3_namespace(const Words& words) {
  clone_args arguments{};
  arguments.flags = static_cast<unsigned>(number(words.at(0)));
  arguments.exit_signal = SIGCHLD;
  const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(0);
  return of(pid);
}
Outcome join_namespace(const Words& words) {
  const int fd = open(words.at(0).c_str(), O_RDONLY);
  return fd < 0 ? stopped(errno) : of(setns(fd, 0));
}
// The descriptor of a process opens all its namespaces at once.
Outcome join_process(const Words& words) {
  const long fd = syscall(SYS_pidfd_open, number(words.at(0)), 0);
  return fd < 0 ? stopped(errno) : of(setns(static_cast<int>(fd), CLONE_NEWNET));
}

// --- processes ---------------------------------------------------------------------------------------

Outcome trace(const Words& words) {
  const pid_t pid = number(words.at(0));
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0) return stopped(errno);
  ptrace(PTRACE_DETACH, pid, 0, 0);
  return got("");
}
Outcome read_memory(const Words& words) {
  char buffer[16];
  iovec local{buffer, sizeof buffer},
      remote{reinterpret_cast<void*>(std::strtoul(words.at(1).c_str(), nullptr, 16)), 16};
  return of(process_vm_readv(number(words.at(0)), &local, 1, &remote, 1, 0));
}
Outcome take_descriptor(const Words& words) {
  const long process = syscall(SYS_pidfd_open, number(words.at(0)), 0);
  return process < 0 ? stopped(errno) : of(syscall(SYS_pidfd_getfd, process, number(words.at(1)), 0));
}
Outcome send_signal(const Words& words) { return of(kill(number(words.at(0)), number(words.at(1)))); }
Outcome send_by_descriptor(const Words& words) {
  const long process = syscall(SYS_pidfd_open, number(words.at(0)), 0);
  return process < 0 ? stopped(errno) : of(syscall(SYS_pidfd_send_signal, process, number(words.at(1)), nullptr, 0));
}
// Every signal at a process; works if any of them was let through. Those init ignores are let through and do nothing.
Outcome every_signal(const Words& words) {
  int sent = 0;
  for (int signal = 1; signal <= 64; ++signal) sent += kill(number(words.at(0)), signal) == 0;
  return sent == 0 ? stopped(errno) : got(std::to_string(sent));
}
// All process ids there could be.
Outcome every_process(const Words& words) {
  int sent = 0;
  for (pid_t pid = 2; pid < number(words.at(1)); ++pid) {
    if (pid != getpid() && pid != getppid()) sent += kill(pid, number(words.at(0))) == 0;
  }
  return sent == 0 ? stopped(ESRCH) : got(std::to_string(sent));
}
Outcome squeeze(const Words& words) {
  const rlimit none{1, 1};
  return of(prlimit(number(words.at(0)), RLIMIT_NOFILE, &none, nullptr));
}
Outcome execute(const Words& words) {
  const pid_t child = fork();
  if (child == 0) {
    execl(words.at(0).c_str(), "attempt", static_cast<char*>(nullptr));
    _exit(errno == 0 ? 255 : errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? stopped(WEXITSTATUS(status)) : got("");
}

[[noreturn]] void live_on() {
  for (;;) pause();
}
// A daemon that left its session, its group, and its parent, and ignores what can be ignored.
Outcome daemonize(const Words& words) {
  int ends[2];
  if (pipe(ends) < 0) return stopped(errno);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      for (int number = 1; number < 32; ++number) ::signal(number, SIG_IGN);
      execl("/proc/self/exe", "attempt", "sleep", words.at(0).c_str(), static_cast<char*>(nullptr));
      _exit(1);
    }
    _exit(0);
  }
  usleep(30000);
  return got("");
}
// Orphans without end for init to reap, while it should obey.
Outcome orphan_storm(const Words&) {
  for (int workers = 0; workers < 4; ++workers) {
    if (fork() != 0) continue;
    for (;;) {
      const pid_t child = fork();
      if (child == 0) {
        if (fork() == 0) _exit(0);
        _exit(0);
      }
      waitpid(child, nullptr, 0);
    }
  }
  live_on();
}
Outcome sleep_on(const Words&) {
  prctl(PR_SET_PDEATHSIG, 0);
  live_on();
}

// --- around the filter ---------------------------------------------------------------------------------

#if defined(__x86_64__)
long old_call(long nr, long a, long b, long c) {
  long result = 0;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}
// keyctl by the 32-bit table (288), which a filter of 64-bit numbers would take for another call.
Outcome by_i386(const Words&) {
  const long result = old_call(288, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 0);
  return result < 0 ? stopped(static_cast<int>(-result)) : got("");
}
Outcome by_x32(const Words&) { return of(syscall(0x40000000 | SYS_getpid)); }

// The tracer changes the call's number after the tracee has chosen a harmless one.
Outcome by_tracer(const Words&) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    syscall(SYS_getppid, 0, -3, 0);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  long result = -EPERM;
  bool changed = false;
  while (ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 && waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, child, 0, &registers);
    if (changed) {
      result = static_cast<long>(registers.rax);
      break;
    }
    if (registers.orig_rax != SYS_getppid) continue;
    registers.orig_rax = SYS_keyctl;
    ptrace(PTRACE_SETREGS, child, 0, &registers);
    changed = true;
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return result < 0 ? stopped(static_cast<int>(-result)) : got("");
}
#endif

// A filter of one's own that answers instead of the sandbox's.
Outcome by_own_filter(const Words&) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog program{1, allow};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) return stopped(errno);
  return of(syscall(SYS_keyctl, 0, -3, 0));
}
Outcome by_own_listener(const Words&) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sock_filter tell[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_keyctl},
                        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
                        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog program{4, tell};
  const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) return stopped(errno);
  const pid_t child = fork();
  if (child == 0) _exit(syscall(SYS_keyctl, 0, -3, 0) < 0 ? 1 : 0);
  pollfd wanted{static_cast<int>(listener), POLLIN, 0};
  if (poll(&wanted, 1, 500) == 1) {
    seccomp_notif call{};
    ioctl(wanted.fd, SECCOMP_IOCTL_NOTIF_RECV, &call);
    seccomp_notif_resp answer{};
    answer.id = call.id;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(wanted.fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0 ? got("") : stopped();
}
// COUNT refused calls as fast as they go, each a message to the outside.
Outcome flood_refusals(const Words& words) {
  for (int i = 0; i < number(words.at(0)); ++i) {
    if (syscall(SYS_keyctl, 0, -3, 0) >= 0) return got("");
  }
  return stopped();
}

// --- kernel --------------------------------------------------------------------------------------------

Outcome keyring(const Words&) { return of(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 0)); }
Outcome read_key(const Words& words) {
  char buffer[64] = {};
  const long size = syscall(SYS_keyctl, KEYCTL_READ, number(words.at(0)), buffer, sizeof buffer - 1);
  return of(size, buffer);
}
Outcome search_key(const Words& words) {
  const long key = syscall(SYS_request_key, "user", words.at(0).c_str(), nullptr, -3);
  return of(key);
}
Outcome add_key(const Words& words) {
  return of(syscall(SYS_add_key, "user", words.at(0).c_str(), "secret", 6, -4 /* user keyring */));
}
Outcome bpf_map(const Words&) {
  struct {
    unsigned type, key, value, entries, flags, rest[24];
  } attributes{2, 4, 4, 1, 0, {}};
  return of(syscall(SYS_bpf, 0, &attributes, sizeof attributes));
}
Outcome perf(const Words&) {
  perf_event_attr event{};
  event.type = PERF_TYPE_SOFTWARE;
  event.size = sizeof event;
  event.config = PERF_COUNT_SW_TASK_CLOCK;
  event.exclude_kernel = 1;
  return of(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
}
Outcome user_faults(const Words&) { return of(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */)); }
Outcome uring(const Words&) {
  alignas(8) char parameters[120] = {};
  return of(syscall(SYS_io_uring_setup, 4, parameters));
}
Outcome load_module(const Words& words) {
  const int fd = open(words.empty() ? "/proc/self/exe" : words[0].c_str(), O_RDONLY);
  // ENOEXEC means that the kernel had a look at it.
  return syscall(SYS_finit_module, fd, "", 0) < 0 && errno != ENOEXEC ? stopped(errno) : got("");
}
Outcome load_kernel(const Words&) { return syscall(SYS_kexec_load, 0, 0, nullptr, 0) < 0 ? stopped(errno) : got(""); }
Outcome kernel_log(const Words&) {
  char buffer[4096];
  return of(syscall(SYS_syslog, 3, buffer, sizeof buffer));
}
Outcome machine_clock(const Words&) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return of(syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
}
Outcome watch_file_system(const Words&) { return of(syscall(SYS_fanotify_init, 0x200 /* FAN_REPORT_FID */, 0)); }
Outcome secret_memory(const Words&) { return of(syscall(447, 0)); }
Outcome ports(const Words&) {
#if defined(__x86_64__)
  return of(syscall(SYS_iopl, 3));
#else
  return stopped(ENOSYS);
#endif
}
Outcome segments(const Words&) {
#if defined(__x86_64__)
  char table[16];
  return of(syscall(SYS_modify_ldt, 0, table, sizeof table));
#else
  return stopped(ENOSYS);
#endif
}

// --- network -------------------------------------------------------------------------------------------

Outcome make_socket(const Words& words) {
  return of(socket(number(words.at(0)), number(words.at(1)), number(words.at(2))));
}

socklen_t unix_address(const std::string& name, sockaddr_un& to) {
  to = {};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, name.data(), std::min(name.size(), sizeof to.sun_path - 1));
  if (name.front() == '@') to.sun_path[0] = '\0';
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
}
Outcome connect_unix(const Words& words) {
  sockaddr_un to;
  const socklen_t size = unix_address(words.at(0), to);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), size) < 0) return stopped(errno);
  return of(send(fd, "pwned\n", 6, MSG_NOSIGNAL));
}
Outcome send_unix(const Words& words) {
  sockaddr_un to;
  const socklen_t size = unix_address(words.at(0), to);
  return of(sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "pwned\n", 6, 0, reinterpret_cast<sockaddr*>(&to), size));
}
Outcome connect_vsock(const Words& words) {
  sockaddr_vm to{};
  to.svm_family = AF_VSOCK;
  to.svm_cid = static_cast<unsigned>(number(words.at(0)));
  to.svm_port = static_cast<unsigned>(number(words.at(1)));
  const int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
  return fd < 0 ? stopped(errno) : of(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to));
}

// --- terminal ------------------------------------------------------------------------------------------

int terminal_of(const Words& words, std::size_t at) {
  return words.size() > at ? open(words[at].c_str(), O_RDWR | O_NOCTTY) : 0;
}
Outcome type_into(const Words& words) {
  const int fd = terminal_of(words, 1);
  for (const char c : words.at(0)) {
    if (ioctl(fd, TIOCSTI, &c) < 0) return stopped(errno);
  }
  return got("");
}
// The kernel compares 32 bits of the command: a filter of all 64 would miss this one.
Outcome type_into_high(const Words& words) {
  for (const char c : words.at(0)) {
    if (syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, &c) < 0) return stopped(errno);
  }
  return got("");
}
Outcome paste(const Words&) {
  char what = TIOCL_PASTESEL;
  return of(ioctl(0, TIOCLINUX, &what));
}
Outcome line_discipline(const Words& words) {
  const int discipline = number(words.at(0));
  return of(ioctl(0, TIOCSETD, &discipline));
}
Outcome spoil_modes(const Words& words) {
  const int fd = terminal_of(words, 0);
  termios modes{};
  if (tcgetattr(fd, &modes) < 0) return stopped(errno);
  cfmakeraw(&modes);
  ::signal(SIGTTOU, SIG_IGN);
  return of(tcsetattr(fd, TCSANOW, &modes));
}
Outcome spoil_size(const Words&) {
  const winsize size{7, 9, 0, 0};
  return of(ioctl(0, TIOCSWINSZ, &size));
}
Outcome steal_terminal(const Words&) {
  if (fork() != 0) {
    wait(nullptr);
    return got("");
  }
  setsid();
  const int result = ioctl(0, TIOCSCTTY, 1);
  _exit(result < 0 ? errno : 0);
}
Outcome steal_foreground(const Words&) {
  ::signal(SIGTTOU, SIG_IGN);
  setpgid(0, 0);
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    tcsetpgrp(0, getpid());
    usleep(20000);
    _exit(0);
  }
  usleep(40000);
  return got("");
}
Outcome lock_terminal(const Words&) {
  ioctl(0, TIOCEXCL);
  _exit(tcflow(0, TCOOFF) == 0 ? 0 : 1);  // nothing can be said any more
}

// --- limits ----------------------------------------------------------------------------------------------

Outcome fill(const Words& words) {
  const int fd = open((words.at(0) + "/filler").c_str(), O_CREAT | O_WRONLY, 0600);
  const off_t wanted = std::strtoll(words.at(1).c_str(), nullptr, 0);
  if (fd < 0) return stopped(errno);
  const Outcome outcome = of(fallocate(fd, 0, 0, wanted));
  unlink((words[0] + "/filler").c_str());
  return outcome;
}
Outcome fill_inodes(const Words& words) {
  for (int i = 0; i < number(words.at(1)); ++i) {
    const std::string name = words[0] + "/" + std::to_string(i);
    const int fd = open(name.c_str(), O_CREAT | O_WRONLY, 0600);
    if (fd < 0) return stopped(errno);
    close(fd);
  }
  return got("");
}
// BTRFS_IOC_SNAP_CREATE: all of the subvolume that a directory is in, as a directory NAME in another.
Outcome snapshot(const Words& words) {
  struct {
    std::int64_t source;
    char name[4088];
  } request{};
  request.source = open(words.at(0).c_str(), O_RDONLY | O_DIRECTORY);
  const int target = open(words.at(1).c_str(), O_RDONLY | O_DIRECTORY);
  if (request.source < 0 || target < 0) return stopped(errno);
  words.at(2).copy(request.name, sizeof request.name - 1);
  return ioctl(target, 0x50009401, &request) < 0 ? stopped(errno) : got(words.at(2));
}

// FS_IOC_ADD_ENCRYPTION_KEY, as a key that names itself (version 2).
Outcome file_system_key(const Words& words) {
  struct {
    std::uint32_t kind, reserved;
    unsigned char identifier[32];
    std::uint32_t size, key_id, reserved2[8];
    unsigned char key[64];
  } request{};
  static_assert(sizeof request == 0x50 + 64);
  request.kind = 2;
  request.size = sizeof request.key;
  std::memset(request.key, 'k', sizeof request.key);
  const int directory = open(words.at(0).c_str(), O_RDONLY | O_DIRECTORY);
  if (directory < 0) return stopped(errno);
  return ioctl(directory, 0xc0506617, &request) < 0 ? stopped(errno) : got("a key is left behind");
}
// Init ends all others when the time is up, if it gets to run.
Outcome slow_init(const Words& words) {
  const std::string& way = words.at(0);
  constexpr long idle_io = 3 << 13;
  sched_param no_priority{};
  cpu_set_t first{};
  CPU_SET(0, &first);
  long result = 0;
  if (way == "nice") result = setpriority(PRIO_PROCESS, 1, 19);
  if (way == "group") result = setpriority(PRIO_PGRP, 1, 19);
  if (way == "user") result = setpriority(PRIO_USER, 0, 19);
  if (way == "idle") result = sched_setscheduler(1, SCHED_IDLE, &no_priority);
  if (way == "affinity") result = sched_setaffinity(1, sizeof first, &first);
  if (way == "io") result = syscall(SYS_ioprio_set, 1, 1, idle_io);
  if (way == "io-user") result = syscall(SYS_ioprio_set, 3, getuid(), idle_io);
  return result < 0 ? stopped(errno) : got(way);
}

// The socket on standard input belongs to the network it was made in, and can be connected to another place there.
Outcome reconnect(const Words& words) {
  const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
  connect(0, &nowhere, sizeof nowhere);
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(static_cast<std::uint16_t>(number(words.at(0))));
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(0, reinterpret_cast<sockaddr*>(&there), sizeof there) < 0) return stopped(errno);
  return got("connected");
}

Outcome limits_of(const Words& words) {
  struct statvfs status {};
  if (statvfs(words.at(0).c_str(), &status) < 0) return stopped(errno);
  const bool bounded = status.f_blocks > 0 && status.f_files > 0 && status.f_blocks * status.f_frsize < (64ULL << 30);
  return bounded ? stopped(ENOSPC) : got("unbounded");
}
Outcome fork_bomb(const Words& words) {
  int made = 0;
  const int wanted = number(words.at(0));
  for (; made < wanted; ++made) {
    const pid_t child = fork();
    if (child < 0) return stopped(errno);
    if (child == 0) live_on();
  }
  return got(std::to_string(made));
}

struct Attempt {
  const char* name;
  Outcome (*run)(const Words&);
};

const Attempt kAttempts[] = {
    {"read", read_file},
    {"write", write_file},
    {"open-write", open_to_write},
    {"truncate", truncate_file},
    {"make", make_file},
    {"list", list},
    {"link", hard_link},
    {"rename", rename_to},
    {"rename-whiteout", rename_leaving_whiteout},
    {"remove", remove_file},
    {"any-writable", any_writable},
    {"node", make_node},
    {"handle", by_handle},
    {"snapshot", snapshot},
    {"reconnect", reconnect},
    {"slow-init", slow_init},
    {"file-system-key", file_system_key},
    {"set-id", set_id},
    {"mount-tmpfs", mount_tmpfs},
    {"mount-bind", mount_bind},
    {"remount", remount_writable},
    {"umount", unmount},
    {"open-tree-clone", open_tree_clone},
    {"open-tree", open_tree_plain},
    {"fsopen", new_mount},
    {"mount-setattr", mount_writable},
    {"pivot", pivot},
    {"chroot", chroot_break},
    {"unshare", new_namespace},
    {"clone", clone_namespace},
    {"clone3", clone3_namespace},
    {"setns", join_namespace},
    {"setns-pidfd", join_process},
    {"ptrace", trace},
    {"vm-read", read_memory},
    {"getfd", take_descriptor},
    {"kill", send_signal},
    {"pidfd-kill", send_by_descriptor},
    {"kill-every-signal", every_signal},
    {"kill-every-process", every_process},
    {"prlimit", squeeze},
    {"exec", execute},
    {"daemon", daemonize},
    {"orphans", orphan_storm},
    {"sleep", sleep_on},
#if defined(__x86_64__)
    {"i386-keyctl", by_i386},
    {"x32-getpid", by_x32},
    {"tracer-keyctl", by_tracer},
#endif
    {"filter-keyctl", by_own_filter},
    {"listener-keyctl", by_own_listener},
    {"flood", flood_refusals},
    {"keyring", keyring},
    {"read-key", read_key},
    {"search-key", search_key},
    {"add-key", add_key},
    {"bpf", bpf_map},
    {"perf", perf},
    {"userfaultfd", user_faults},
    {"io-uring", uring},
    {"module", load_module},
    {"kexec", load_kernel},
    {"dmesg", kernel_log},
    {"clock", machine_clock},
    {"fanotify", watch_file_system},
    {"memfd-secret", secret_memory},
    {"iopl", ports},
    {"modify-ldt", segments},
    {"socket", make_socket},
    {"unix", connect_unix},
    {"unix-dgram", send_unix},
    {"vsock", connect_vsock},
    {"tiocsti", type_into},
    {"tiocsti-high", type_into_high},
    {"tioclinux", paste},
    {"tiocsetd", line_discipline},
    {"modes", spoil_modes},
    {"size", spoil_size},
    {"steal-terminal", steal_terminal},
    {"steal-foreground", steal_foreground},
    {"lock-terminal", lock_terminal},
    {"fill", fill},
    {"fill-inodes", fill_inodes},
    {"limits-of", limits_of},
    {"fork-bomb", fork_bomb},
};

int report(const char* name, const Outcome& outcome) {
  if (outcome.worked) {
    std::printf("%s: got it %s\n", name, outcome.detail.c_str());
    return 0;
  }
  const char* code = strerrorname_np(outcome.code);
  std::printf("%s: stopped %s\n", name, code != nullptr ? code : "?");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  for (const Attempt& attempt : kAttempts) {
    if (wanted == attempt.name) return report(attempt.name, attempt.run(Words(argv + 2, argv + argc)));
  }
  std::fprintf(stderr, "attempt: no such attempt: %s\n", wanted.c_str());
  return 2;
}
