#include "run/stdio.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace snug {
namespace {

constexpr const char* kNames[] = {"standard input", "standard output", "standard error"};

Error refuse(int number, std::string why, std::string fix) {
  return Error{.what = std::string("cannot give the command its ") + kNames[number] + " (descriptor " +
                       std::to_string(number) + ")",
               .why = std::move(why),
               .fix = std::move(fix)};
}

Error refuse_directory(int number) {
  return refuse(number, "it is a directory, and a command can walk from one to every file you can reach",
                "redirect from a file, a pipe or /dev/null instead");
}

// Linux says EIO for a terminal that was hung up. Its device could be reopened, so it is not handed over.
Result<StdioMode> device_mode(int fd, int number) {
  termios ignored{};
  if (tcgetattr(fd, &ignored) == 0) return StdioMode::pty;
  if (errno == EIO) return refuse(number, "its terminal is gone", "redirect it to a file or /dev/null");
  return StdioMode::pass;
}

bool could_be_written(int fd, int flags, const struct stat& status) {
  if ((flags & O_ACCMODE) != O_RDONLY) return true;
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0) return true;
  if (errno == EROFS) return false;
  if (errno == EACCES) return status.st_uid == geteuid();
  return true;
}

int socket_option(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool has_peer(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  return getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

// A unix socket of a connection leads to its peer for ever. A datagram or internet socket, whatever it is connected to,
// can be sent or connected elsewhere: by an address of the caller's network, which the command's own hides.
bool may_pass(int fd, CommandNetwork network) {
  const int family = socket_option(fd, SO_DOMAIN), type = socket_option(fd, SO_TYPE);
  if (family == AF_UNIX && type != SOCK_DGRAM && has_peer(fd)) return true;
  const bool usual = family == AF_UNIX || family == AF_INET || family == AF_INET6;
  return network == CommandNetwork::hosts && usual && type != SOCK_RAW;
}

Result<StdioMode> socket_mode(int fd, int number, CommandNetwork network) {
  if (may_pass(fd, network)) return StdioMode::pass;
  return refuse(number,
                "it is a socket of the host's network, and a command can connect it anew, to whatever the host reaches",
                "put a pipe between: `cat | snug run ...`, or use --net host");
}

bool one_open_file(int a, int b) {
  const auto self = getpid();
  const long order = syscall(SYS_kcmp, self, self, KCMP_FILE, a, b);
  if (order >= 0) return order == 0;
  // Without kcmp (a container's filter): the same file, opened the same way, at the same place.
  struct stat left {
  }, right{};
  if (fstat(a, &left) != 0 || fstat(b, &right) != 0) return false;
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino && fcntl(a, F_GETFL) == fcntl(b, F_GETFL) &&
         lseek(a, 0, SEEK_CUR) == lseek(b, 0, SEEK_CUR);
}

// What execve(2) would have closed did not come from the caller: cli/ keeps the place of a closed descriptor with it.
bool is_held_place(int fd) { return fd <= STDERR_FILENO && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

}  // namespace

Result<StdioMode> stdio_mode(int fd, int number, CommandNetwork network) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || is_held_place(fd)) return StdioMode::closed;
  struct stat status {};
  if (fstat(fd, &status) != 0) return refuse(number, "it cannot be examined", "");
  if (S_ISDIR(status.st_mode)) return refuse_directory(number);
  if ((flags & O_PATH) != 0) return refuse(number, "it is a mere handle on a path (O_PATH)", "open it for reading");
  switch (status.st_mode & S_IFMT) {
    case S_IFIFO:
      return StdioMode::pass;
    case S_IFSOCK:
      return socket_mode(fd, number, network);
    case S_IFCHR:
      return device_mode(fd, number);
    case S_IFREG:
    case S_IFBLK:
      return could_be_written(fd, flags, status) ? StdioMode::relay : StdioMode::pass;
    default:
      return refuse(number, "it is no file, pipe, socket or device", "redirect it to one of these");
  }
}

Result<StdioPlan> plan_stdio(CommandNetwork network, const std::array<int, 3>& fds) {
  StdioPlan plan{};
  for (int number = 0; number < 3; ++number) {
    auto mode = stdio_mode(fds[number], number, network);
    if (!mode) return std::move(mode).error();
    plan[number] = *mode;
  }
  if (plan[1] == StdioMode::relay && plan[2] == StdioMode::relay && one_open_file(fds[1], fds[2])) {
    plan[2] = StdioMode::as_stdout;
  }
  return plan;
}

}  // namespace snug
