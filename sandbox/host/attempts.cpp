#include "host/attempts.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <type_traits>

#include "base/fd.h"
#include "base/paths.h"
#include "sys/retry.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3
#endif

namespace snug {
namespace {

constexpr int patience_ms = 5000;

// --- a child that tries and reports ---------------------------------------------------------------

// What a child writes if a step is refused. Nothing, and exit status 0, means that all went well.
struct Refused {
  char step[24];
  int code;
};

class Reporter {
 public:
  explicit Reporter(int fd) : fd_(fd) {}

  /// Ends the child if `result` says that `step` failed.
  void need(const char* step, long result) const {
    if (result < 0) refuse(step, errno);
  }

  [[noreturn]] void refuse(const char* step, int code) const {
    Refused refused{};
    std::snprintf(refused.step, sizeof refused.step, "%s", step);
    refused.code = code;
    if (write(fd_, &refused, sizeof refused) < 0) _exit(2);
    _exit(1);
  }

 private:
  int fd_;
};

// One report, or end of file, or a child that hangs in some file system and is killed.
Attempt read_report(int fd, pid_t child) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, patience_ms) == 0) {
    kill(child, SIGKILL);
    reap(child);
    return {.step = "wait", .code = ETIMEDOUT};
  }
  Refused refused{};
  const bool reported = read(fd, &refused, sizeof refused) == sizeof refused;
  const int status = reap(child);
  if (reported) return {.step = refused.step, .code = refused.code};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return {.step = "child", .code = ECHILD};
}

template <class Steps>
Attempt in_child(Steps steps) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {.step = "pipe", .code = errno};
  const Fd ours{ends[0]};
  Fd theirs{ends[1]};
  const pid_t child = fork();
  if (child < 0) return {.step = "fork", .code = errno};
  if (child == 0) {
    steps(Reporter{theirs.get()});
    _exit(0);
  }
  theirs.reset();
  return read_report(ours.get(), child);
}

// --- steps of the children ------------------------------------------------------------------------

long write_text(const char* path, const char* text) {
  const Fd fd{open(path, O_WRONLY | O_CLOEXEC)};
  return fd ? write(fd.get(), text, std::strlen(text)) : -1;
}

void enter_user_namespace(const Reporter& report) {
  char uids[64], gids[64];
  std::snprintf(uids, sizeof uids, "%u %u 1\n", geteuid(), geteuid());
  std::snprintf(gids, sizeof gids, "%u %u 1\n", getegid(), getegid());
  report.need("clone", unshare(CLONE_NEWUSER));
  report.need("setgroups", write_text("/proc/self/setgroups", "deny"));
  report.need("uid_map", write_text("/proc/self/uid_map", uids));
  report.need("gid_map", write_text("/proc/self/gid_map", gids));
}

// Keeps what follows from the host's mounts, and works with paths relative to `directory`: one with a comma or a
// colon in it could not be named in an overlay's options.
void enter_mount_namespace(const Reporter& report, const std::string& directory) {
  enter_user_namespace(report);
  report.need("mnt", unshare(CLONE_NEWNS));
  report.need("mount", mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
  report.need("chdir", chdir(directory.c_str()));
}

void bring_up_loopback(const Reporter& report) {
  report.need("net", unshare(CLONE_NEWNET));
  const Fd fd{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  report.need("loopback", ioctl(fd.get(), SIOCGIFFLAGS, &request));
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  report.need("loopback", ioctl(fd.get(), SIOCSIFFLAGS, &request));
}

// Runs `steps` in a child of the child, which is the first process of a new process namespace.
template <class Steps>
void as_first_process(const Reporter& report, Steps steps) {
  report.need("pid", unshare(CLONE_NEWPID));
  const pid_t first = fork();
  report.need("fork", first);
  if (first == 0) {
    steps();
    _exit(0);
  }
  if (reap(first) != 0) _exit(1);
}

// mount_setattr(2) and friends by number: glibc 2.36 is the first to have wrappers.
struct Attributes {
  std::uint64_t set, clear, propagation, userns_fd;
};
constexpr std::uint64_t attribute_read_only = 0x1, attribute_nosuid = 0x2, attribute_nodev = 0x4;
constexpr std::uint64_t attribute_idmap = 0x00100000;
constexpr unsigned clone_tree = 1, move_from_empty_path = 4, recursive = 0x8000;

int open_tree_copy(const char* path) {
  return static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, path, clone_tree | O_CLOEXEC | recursive));
}

long set_attributes(int tree, Attributes attributes) {
  return syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | recursive, &attributes, sizeof attributes);
}

long attach_tree(int tree, const char* target) {
  return syscall(SYS_move_mount, tree, "", AT_FDCWD, target, move_from_empty_path);
}

// --- a program small enough to be written here -----------------------------------------------------

#if defined(__x86_64__)
constexpr std::array<unsigned char, 9> exit_code{0x31, 0xff, 0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05};  // exit(0)
constexpr Elf64_Half machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::array<unsigned char, 12> exit_code{0x00, 0x00, 0x80, 0xd2, 0xa8, 0x0b,
                                                  0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4};  // exit(0)
constexpr Elf64_Half machine = EM_AARCH64;
#else
#error "snug runs on x86-64 and arm64"
#endif

struct SmallProgram {
  Elf64_Ehdr header;
  Elf64_Phdr segment;
  std::array<unsigned char, exit_code.size()> code;
};

SmallProgram program_that_exits() {
  constexpr Elf64_Addr base = 0x400000;
  SmallProgram program{};
  std::memcpy(program.header.e_ident, ELFMAG, SELFMAG);
  program.header.e_ident[EI_CLASS] = ELFCLASS64;
  program.header.e_ident[EI_DATA] = ELFDATA2LSB;
  program.header.e_ident[EI_VERSION] = EV_CURRENT;
  program.header.e_type = ET_EXEC;
  program.header.e_machine = machine;
  program.header.e_version = EV_CURRENT;
  program.header.e_entry = base + offsetof(SmallProgram, code);
  program.header.e_phoff = offsetof(SmallProgram, segment);
  program.header.e_ehsize = sizeof(Elf64_Ehdr);
  program.header.e_phentsize = sizeof(Elf64_Phdr);
  program.header.e_phnum = 1;
  program.segment = {.p_type = PT_LOAD,
                     .p_flags = PF_R | PF_X,
                     .p_offset = 0,
                     .p_vaddr = base,
                     .p_paddr = base,
                     .p_filesz = sizeof(SmallProgram),
                     .p_memsz = sizeof(SmallProgram),
                     .p_align = 0x1000};
  program.code = exit_code;
  return program;
}

// MFD_EXEC is refused as unknown before Linux 6.3, where memory files are executable anyway.
int executable_memory_file() {
  const int fd = memfd_create("snug-doctor", MFD_CLOEXEC | MFD_EXEC);
  return fd < 0 && errno == EINVAL ? memfd_create("snug-doctor", MFD_CLOEXEC) : fd;
}

// The namespace of a process that only waits, mapped so that root's files appear as another's.
void map_owner(const Reporter& report) {
  int ready[2];
  report.need("pipe", pipe2(ready, O_CLOEXEC));
  const pid_t holder = fork();
  report.need("fork", holder);
  if (holder == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char done = unshare(CLONE_NEWUSER) == 0 ? 1 : 0;
    if (write(ready[1], &done, 1) == 1) pause();
    _exit(0);
  }
  char done = 0;
  if (read(ready[0], &done, 1) != 1 || done != 1) report.refuse("clone", EPERM);
  const std::string process = "/proc/" + std::to_string(holder);
  report.need("uid_map", write_text((process + "/uid_map").c_str(), "0 65534 1\n"));
  report.need("gid_map", write_text((process + "/gid_map").c_str(), "0 65534 1\n"));
  const Fd user{open((process + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC)};
  const Fd tree{open_tree_copy("lower")};
  report.need("open_tree", tree.get());
  report.need("idmap", set_attributes(tree.get(), {.set = attribute_idmap,
                                                   .clear = 0,
                                                   .propagation = 0,
                                                   .userns_fd = static_cast<std::uint64_t>(user.get())}));
}

std::string nearest_existing(std::string path) {
  struct stat info {};
  while (path != "/" && (stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))) path = std::string(parent_of(path));
  return path;
}

// lower/directory is what the overlay merges and then loses; the others are its parts.
bool make_parts(const std::string& path) {
  for (const char* part : {"lower", "lower/directory", "upper", "work", "merged"}) {
    if (mkdir(join(path, part).c_str(), 0700) != 0) return false;
  }
  return true;
}

}  // namespace

// --- the attempts ---------------------------------------------------------------------------------

Result<Scratch> Scratch::make(const std::string& state_dir) {
  const std::string parent = nearest_existing(state_dir);
  std::string path = join(parent, ".snug-doctor-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return Error{.what = "cannot write to " + parent, .code = errno};
  Scratch scratch{path};
  if (!make_parts(path)) return Error{.what = "cannot make directories in " + path, .code = errno};
  return scratch;
}

Scratch::~Scratch() {
  if (path_.empty()) return;
  // The kernel makes an overlay's own directory without any permission, which would stop its owner too.
  static_cast<void>(chmod(join(path_, "work/work").c_str(), 0700));
  std::error_code ignored;  // what is left is named by its path, and the next run uses another
  std::filesystem::remove_all(path_, ignored);
}

Attempt try_user_namespace() {
  return in_child([](const Reporter& report) {
    enter_user_namespace(report);
    report.need("mnt", unshare(CLONE_NEWNS));
    // Ubuntu's AppArmor lets the namespace be made and refuses what follows: only trying all of it proves anything.
    report.need("mount", mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
    bring_up_loopback(report);
  });
}

Attempt try_namespaces() {
  struct Kind {
    const char* step;
    int flag;
  };
  constexpr std::array kinds{Kind{"mnt", CLONE_NEWNS},  Kind{"net", CLONE_NEWNET}, Kind{"pid", CLONE_NEWPID},
                             Kind{"ipc", CLONE_NEWIPC}, Kind{"uts", CLONE_NEWUTS}, Kind{"cgroup", CLONE_NEWCGROUP}};
  return in_child([&](const Reporter& report) {
    enter_user_namespace(report);
    for (const auto& kind : kinds) report.need(kind.step, unshare(kind.flag));
    // podman's filter refuses it to its root, who has no CAP_SYS_ADMIN outside, also where this namespace gives it.
    report.need("hostname", sethostname("snug", 4));
  });
}

Attempt try_time_namespace() {
  return in_child([](const Reporter& report) {
    enter_user_namespace(report);
    report.need("time", unshare(0x00000080));  // CLONE_NEWTIME, Linux 5.6
  });
}

Attempt try_mount_calls(const std::string& directory) {
  return in_child([&](const Reporter& report) {
    enter_mount_namespace(report, directory);
    const Fd tree{open_tree_copy("lower")};
    report.need("open_tree", tree.get());
    const Attributes read_only{.set = attribute_read_only | attribute_nosuid | attribute_nodev};
    report.need("mount_setattr", set_attributes(tree.get(), read_only));
    report.need("move_mount", attach_tree(tree.get(), "merged"));
    if (mkdir("merged/new", 0700) == 0) report.refuse("read-only", EBADE);
    if (errno != EROFS) report.refuse("read-only", errno);
  });
}

Attempt try_overlay(const std::string& directory) {
  return in_child([&](const Reporter& report) {
    enter_mount_namespace(report, directory);
    constexpr const char* options = "lowerdir=lower,upperdir=upper,workdir=work,userxattr";
    report.need("overlay", mount("overlay", "merged", "overlay", MS_NOSUID | MS_NODEV, options));
    // A mount that succeeds is no proof: Linux 6.1 with the upper directory on tmpfs fails only here, with EIO.
    report.need("overlay-rmdir", rmdir("merged/directory"));
    if (access("merged/directory", F_OK) == 0) report.refuse("overlay-rmdir", EEXIST);
  });
}

Attempt try_proc(const std::string& directory) {
  return in_child([&](const Reporter& report) {
    enter_mount_namespace(report, directory);
    as_first_process(report, [&] {
      report.need("proc", mount("proc", "merged", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr));
      report.need("proc", access("merged/1/status", R_OK));
    });
  });
}

Attempt try_devpts(const std::string& directory) {
  return in_child([&](const Reporter& report) {
    enter_mount_namespace(report, directory);
    constexpr const char* options = "newinstance,ptmxmode=0666,mode=0620";
    report.need("devpts", mount("devpts", "merged", "devpts", MS_NOSUID | MS_NOEXEC, options));
    const Fd master{open("merged/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)};
    report.need("ptmx", master.get());
    report.need("ptmx", unlockpt(master.get()));
    report.need("ptmx", open("merged/0", O_RDWR | O_NOCTTY | O_CLOEXEC));
  });
}

Attempt try_idmap(const std::string& directory) {
  return in_child([&](const Reporter& report) {
    report.need("chdir", chdir(directory.c_str()));
    map_owner(report);
  });
}

Attempt try_seccomp() {
  return in_child([](const Reporter& report) {
    sock_filter allow_all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{.len = 1, .filter = allow_all};
    report.need("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    report.need("seccomp", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
  });
}

Attempt try_memory_file() {
  return in_child([](const Reporter& report) {
    const auto program = program_that_exits();
    const int fd = executable_memory_file();
    report.need("memfd", fd);
    report.need("memfd", write(fd, &program, sizeof program));
    char* const nothing[] = {nullptr};
    // The program exits with status 0 and reports nothing, which is success.
    report.need("memfd-exec", syscall(SYS_execveat, fd, "", nothing, nothing, AT_EMPTY_PATH));
  });
}

Attempt try_landlock() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? Attempt{} : Attempt{.step = "landlock", .code = abi < 0 ? errno : ENOSYS};
}

}  // namespace snug
