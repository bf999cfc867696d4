#include "run/background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/numbers.h"
#include "run/terminal.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/read.h"
#include "sys/retry.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr std::size_t kMostTold = 64 << 10;

// What was inherited has passed through execve(2); all of snug's own would have been closed by it.
std::vector<int> inherited_descriptors() {
  std::vector<int> found;
  const DirectoryStream stream = open_directory("/proc/self/fd");
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    const int fd = whole_number<int>(entry->d_name).value_or(-1);
    const int flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) found.push_back(fd);
  }
  return found;
}

// A pipe or a lock of the caller's would stay open as long as the sandbox runs.
void leave_caller(std::optional<int> kept) {
  setsid();
  for (const int fd : inherited_descriptors()) {
    if (fd != kept) close(fd);
  }
  const Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  dup2(nothing.get(), STDIN_FILENO);
  dup2(nothing.get(), STDOUT_FILENO);
}

/// Nothing: it was killed.
std::optional<int> wait_for_end(pid_t child) {
  const int status = reap(child);
  return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
}

}  // namespace

std::optional<PtyStart> terminal_like_the_callers() {
  if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) return std::nullopt;
  return Terminal(STDIN_FILENO).pty_start(true);
}

Result<Background> go_to_background(std::optional<int> kept) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return sys_error("make a pipe");
  Fd reading(ends[0]), writing(ends[1]);
  const pid_t child = fork();
  if (child < 0) return fork_error("start another process");
  Background background;
  if (child == 0) {
    leave_caller(kept);
    background.side = Background::Side::background;
    background.report = std::move(writing);
    return background;
  }
  writing.reset();
  background.told = read_all(reading.get(), kMostTold).value_or("");
  if (background.told.empty()) background.status = wait_for_end(child);
  return background;
}

bool tell_caller(Background& background, const std::string& text) {
  const Fd report = std::move(background.report);
  return write_all(report.get(), text);
}

}  // namespace snug
