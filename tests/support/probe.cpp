// Prints facts about the place it runs in, one "name value" a line, so that a test can ask the same outside and
// inside a sandbox. Static: runs in any root. Usage: probe FACT [ARGUMENT...] [-- FACT [ARGUMENT...]]...
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern char** environ;

namespace {

using Arguments = std::vector<std::string>;

// A value on one line: backslash, newline and bytes that are not printable ASCII as \xNN.
std::string on_one_line(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, "\\x%02x", c);
    out += (c < 0x20 || c > 0x7e || c == '\\') ? std::string(buffer) : std::string(1, static_cast<char>(c));
  }
  return out;
}

void fact(const std::string& name, const std::string& value) {
  std::printf("%s %s\n", name.c_str(), on_one_line(value).c_str());
}

void fact(const std::string& name, long value) { fact(name, std::to_string(value)); }

// "ok", or the name of the errno.
std::string outcome(long result) { return result < 0 ? strerrorname_np(errno) : "ok"; }

std::string read_link(const std::string& path) {
  char buffer[4096];
  const ssize_t length = readlink(path.c_str(), buffer, sizeof buffer);
  return length < 0 ? outcome(-1) : std::string(buffer, static_cast<std::size_t>(length));
}

std::string hex(std::uint64_t value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(value));
  return buffer;
}

void ids(const Arguments&) {
  uid_t ruid, euid, suid;
  gid_t rgid, egid, sgid;
  getresuid(&ruid, &euid, &suid);
  getresgid(&rgid, &egid, &sgid);
  fact("uid", std::to_string(ruid) + " " + std::to_string(euid) + " " + std::to_string(suid));
  fact("gid", std::to_string(rgid) + " " + std::to_string(egid) + " " + std::to_string(sgid));
  gid_t groups[1024];
  const int count = getgroups(1024, groups);
  for (int i = 0; i < count; ++i) fact("group", static_cast<long>(groups[i]));
  fact("pid", getpid());
  fact("ppid", getppid());
  fact("setuid-0", outcome(setuid(0)));
}

void capabilities(const Arguments&) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  syscall(SYS_capget, &header, data);
  const auto both = [&](auto member) {
    return hex(data[0].*member | static_cast<std::uint64_t>(data[1].*member) << 32);
  };
  fact("effective", both(&__user_cap_data_struct::effective));
  fact("permitted", both(&__user_cap_data_struct::permitted));
  fact("inheritable", both(&__user_cap_data_struct::inheritable));
  std::uint64_t bounding = 0, ambient = 0;
  for (unsigned long cap = 0; cap < 64; ++cap) {
    if (prctl(PR_CAPBSET_READ, cap) == 1) bounding |= std::uint64_t{1} << cap;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1) ambient |= std::uint64_t{1} << cap;
  }
  fact("bounding", hex(bounding));
  fact("ambient", hex(ambient));
  fact("no-new-privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  fact("seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
}

void descriptors(const Arguments&) {
  for (int fd = 0; fd < 4096; ++fd)
    if (fcntl(fd, F_GETFD) >= 0)
      fact("fd", std::to_string(fd) + " " + read_link("/proc/self/fd/" + std::to_string(fd)));
}

void environment(const Arguments&) {
  for (char** entry = environ; *entry; ++entry) fact("env", *entry);
}

void arguments(const Arguments& list) {
  std::size_t bytes = 0;
  for (const auto& argument : list) bytes += argument.size();
  fact("arguments", std::to_string(list.size()) + " " + std::to_string(bytes));
}

void namespaces(const Arguments&) {
  for (const char* name : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"})
    fact(name, read_link(std::string("/proc/self/ns/") + name));
}

void system(const Arguments&) {
  utsname names;
  uname(&names);
  fact("hostname", names.nodename);
  for (const int resource : {RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_CPU}) {
    rlimit limit;
    getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    const char* name = resource == RLIMIT_CORE     ? "core"
                       : resource == RLIMIT_NOFILE ? "nofile"
                       : resource == RLIMIT_FSIZE  ? "fsize"
                       : resource == RLIMIT_NPROC  ? "nproc"
                                                   : "cpu";
    fact(name, std::to_string(limit.rlim_cur) + " " + std::to_string(limit.rlim_max));
  }
  char directory[4096];
  fact("cwd", getcwd(directory, sizeof directory) ? directory : outcome(-1));
  char umask_text[8];
  std::snprintf(umask_text, sizeof umask_text, "%03o", umask(077));
  fact("umask", umask_text);
}

void signals(const Arguments&) {
  for (int number = 1; number < 32; ++number) {
    struct sigaction action;
    if (sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) fact("ignored", number);
  }
  sigset_t mask;
  sigprocmask(SIG_SETMASK, nullptr, &mask);
  for (int number = 1; number < 65; ++number)
    if (sigismember(&mask, number) == 1) fact("blocked", number);
}

void terminal(const Arguments&) {
  for (int fd = 0; fd < 3; ++fd) {
    char name[256] = "";
    fact("tty",
         std::to_string(fd) + " " + (isatty(fd) ? (ttyname_r(fd, name, sizeof name) == 0 ? name : "nameless") : "no"));
  }
  winsize size{};
  if (ioctl(0, TIOCGWINSZ, &size) == 0) fact("size", std::to_string(size.ws_row) + " " + std::to_string(size.ws_col));
  fact("controlling", outcome(open("/dev/tty", O_RDWR | O_CLOEXEC)));
  fact("session", getsid(0));
  fact("group", getpgrp());
  fact("foreground", tcgetpgrp(0));
}

// What can be done with each path, by doing it; nothing is left changed.
void paths(const Arguments& list) {
  for (const auto& path : list) {
    struct stat status;
    const bool there = lstat(path.c_str(), &status) == 0;
    std::string kind = there ? "other" : outcome(-1);
    if (there && S_ISREG(status.st_mode)) kind = "file";
    if (there && S_ISDIR(status.st_mode)) kind = "directory";
    if (there && S_ISLNK(status.st_mode)) kind = "link";
    if (there && S_ISCHR(status.st_mode)) kind = "device";
    if (there && S_ISSOCK(status.st_mode)) kind = "socket";
    const bool directory = kind == "directory";
    const int readable = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | (directory ? O_DIRECTORY : 0));
    const std::string read = outcome(readable);
    std::string write;
    if (directory) {
      const std::string inner = path + "/.probe";
      write = outcome(mkdir(inner.c_str(), 0700));
      rmdir(inner.c_str());
    } else {
      write = outcome(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    }
    std::printf("path %s %s %s %s\n", on_one_line(path).c_str(), kind.c_str(), read.c_str(), write.c_str());
    if (readable >= 0) close(readable);
  }
}

// Executes it under ptrace, which stops it before its first instruction.
std::string executing(const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    char* const argv[] = {const_cast<char*>(path.c_str()), nullptr};
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(254);
    execve(path.c_str(), argv, environ);
    _exit(errno == ENOEXEC ? 0 : errno);  // no program, but one that might be executed
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status));
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return "ok";
}

// Where a symbolic link leads to nothing, that is what is made and removed.
std::string making(const std::string& path) {
  const int made = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) return outcome(-1);
  unlink(read_link("/proc/self/fd/" + std::to_string(made)).c_str());
  close(made);
  return "ok";
}

// What can be done with what each path leads to: reading, writing and executing a file; listing, making a file in and
// entering a directory; making what is absent. By doing it; nothing is left changed.
void deeds(const Arguments& list) {
  for (const auto& path : list) {
    struct stat status {};
    const bool there = stat(path.c_str(), &status) == 0;
    const std::string why_not = outcome(there ? 0 : -1);
    const bool directory = there && S_ISDIR(status.st_mode);
    const int readable = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | (directory ? O_DIRECTORY : 0));
    const std::string read = outcome(readable);
    if (readable >= 0) close(readable);
    std::string write = why_not, execute = why_not;
    if (directory) {
      write = making(path + "/.probe");
      execute = outcome(access(path.c_str(), X_OK));
    } else if (there) {
      // A pipe that nobody reads cannot be opened for writing alone.
      const int how = S_ISFIFO(status.st_mode) && read == "ok" ? O_RDWR : O_WRONLY;
      const int writable = open(path.c_str(), how | O_NONBLOCK | O_CLOEXEC);
      write = outcome(writable);
      if (writable >= 0) close(writable);
      if (S_ISREG(status.st_mode)) execute = executing(path);
      if (!S_ISREG(status.st_mode)) execute = "EACCES";
    } else if (why_not == "ENOENT") {
      write = making(path);
    }
    std::printf("deeds %s %s %s %s\n", on_one_line(path).c_str(), read.c_str(), write.c_str(), execute.c_str());
  }
}

void listing(const Arguments& list) {
  for (const auto& path : list) {
    DIR* directory = opendir(path.c_str());
    if (!directory) {
      fact("error", outcome(-1));
      continue;
    }
    std::vector<std::string> names;
    while (const dirent* entry = readdir(directory))
      if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) names.push_back(entry->d_name);
    closedir(directory);
    std::sort(names.begin(), names.end());
    for (const auto& name : names) fact("entry", name);
  }
}

// connect ADDRESS PORT | connect /path/of/socket
void connecting(const Arguments& list) {
  if (list.size() == 1) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, list[0].c_str(), sizeof address.sun_path - 1);
    // '@name' is the abstract namespace.
    const socklen_t length =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + list[0].size() + (list[0][0] != '@'));
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fact("connect", outcome(connect(fd, reinterpret_cast<sockaddr*>(&address), length)));
    return;
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(list.at(1).c_str())));
  inet_pton(AF_INET, list.at(0).c_str(), &address.sin_addr);
  fact("connect", outcome(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address)));
}

// The loopback is up and carries a connection of our own.
void loopback(const Arguments&) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  fact("listen", outcome(bind(server, reinterpret_cast<sockaddr*>(&address), length) | listen(server, 1)));
  getsockname(server, reinterpret_cast<sockaddr*>(&address), &length);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  fact("connect", outcome(connect(client, reinterpret_cast<sockaddr*>(&address), length)));
  for (const auto* entry = if_nameindex(); entry && entry->if_index; ++entry) fact("interface", entry->if_name);
}

long new_user_namespace_by_clone3() {
  std::uint64_t arguments[11] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
  const long pid = syscall(SYS_clone3, arguments, sizeof arguments);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return pid;
}

long push_into_terminal() {
  char byte = ' ';
  return ioctl(0, TIOCSTI, &byte);
}

struct Call {
  const char* name;
  long (*call)();
};

// Real root on the host: there the calls below would mount over its /tmp and rename it.
bool owns_the_machine() {
  FILE* map = std::fopen("/proc/self/uid_map", "re");
  unsigned long inside = 1, outside = 1, count = 0;
  const bool read = map && std::fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3;
  if (map) std::fclose(map);
  return !read || (geteuid() == 0 && outside == 0 && count > 1);
}

// Calls a sandbox closes, each made in a child of its own. To be tried with rights they need a user namespace.
const Call kCalls[] = {
    {"unshare-user", [] { return static_cast<long>(unshare(CLONE_NEWUSER)); }},
    {"unshare-mount", [] { return static_cast<long>(unshare(CLONE_NEWNS)); }},
    {"clone3-user", new_user_namespace_by_clone3},
    {"setns", [] { return static_cast<long>(setns(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), 0)); }},
    {"mount", [] { return static_cast<long>(mount("none", "/tmp", "tmpfs", 0, nullptr)); }},
    {"umount", [] { return static_cast<long>(umount2("/tmp", MNT_DETACH)); }},
    {"chroot", [] { return static_cast<long>(chroot("/")); }},
    {"sethostname", [] { return static_cast<long>(sethostname("x", 1)); }},
    {"keyctl", [] { return syscall(SYS_keyctl, 0, -3, 0); }},
    {"add_key", [] { return syscall(SYS_add_key, "user", "probe", "x", 1, -2); }},
    {"bpf", [] { return syscall(SYS_bpf, 0, nullptr, 0); }},
    {"perf_event_open", [] { return syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
    {"io_uring_setup", [] { return syscall(SYS_io_uring_setup, 1, nullptr); }},
    {"userfaultfd", [] { return syscall(SYS_userfaultfd, 0); }},
    {"kexec_load", [] { return syscall(SYS_kexec_load, 0, 0, nullptr, 0); }},
    {"init_module", [] { return syscall(SYS_init_module, nullptr, 0, ""); }},
    {"tiocsti", push_into_terminal},
    {"mknod", [] { return static_cast<long>(mknod("/tmp/.probe-null", S_IFCHR | 0600, 0x103)); }},
    {"personality", [] { return syscall(SYS_personality, 0x0040000); }},  // ADDR_NO_RANDOMIZE, as gdb asks
    {"ptrace", [] { return syscall(SYS_ptrace, 0, 0, 0, 0); }},           // PTRACE_TRACEME
    {"unknown", [] { return syscall(1999); }},
};

void calls(const Arguments& list) {
  if (owns_the_machine()) {
    fact("calls", "refused: this is real root");
    return;
  }
  for (const auto& entry : kCalls) {
    if (!list.empty() && std::find(list.begin(), list.end(), entry.name) == list.end()) continue;
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      fact(entry.name, outcome(entry.call()));
      std::fflush(stdout);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) fact(entry.name, std::string("killed by ") + sigabbrev_np(WTERMSIG(status)));
  }
}

// Waits for one of the usual signals, names it and exits 0. Prints "ready" first.
void wait_for_signal(const Arguments&) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  std::printf("ready\n");
  std::fflush(stdout);
  int number = 0;
  sigwait(&set, &number);
  fact("signal", sigabbrev_np(number));
}

[[noreturn]] void end_by_signal(const Arguments& list) {
  std::fflush(stdout);
  signal(std::atoi(list.at(0).c_str()), SIG_DFL);
  raise(std::atoi(list.at(0).c_str()));
  _exit(99);
}

[[noreturn]] void end_with_status(const Arguments& list) {
  std::fflush(stdout);
  _exit(std::atoi(list.at(0).c_str()));
}

struct Fact {
  const char* name;
  void (*print)(const Arguments&);
};

const Fact kFacts[] = {
    {"ids", ids},
    {"capabilities", capabilities},
    {"descriptors", descriptors},
    {"environment", environment},
    {"arguments", arguments},
    {"namespaces", namespaces},
    {"system", system},
    {"signals", signals},
    {"terminal", terminal},
    {"paths", paths},
    {"deeds", deeds},
    {"list", listing},
    {"connect", connecting},
    {"loopback", loopback},
    {"calls", calls},
    {"wait", wait_for_signal},
    {"die", end_by_signal},
    {"exit", end_with_status},
};

bool print(const std::string& name, const Arguments& list) {
  for (const auto& entry : kFacts) {
    if (name != entry.name) continue;
    entry.print(list);
    return true;
  }
  std::fprintf(stderr, "probe: no such fact: %s\n", name.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    Arguments list;
    while (++i < argc && std::strcmp(argv[i], "--") != 0) list.push_back(argv[i]);
    if (!print(name, list)) return 2;
  }
  return 0;
}
