#include "cli/messages.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/write.h"

namespace snug {
namespace {

constexpr std::size_t kMostKept = 64 << 10;
UnwaitingMessages* unwaiting = nullptr;

bool is_pipe_or_terminal(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || isatty(fd) == 1);
}

// Opened anew it has flags of its own: those of stderr are the caller's, and the command's, which has the same pipe. A
// file would have a place of its own, too, and a socket cannot be opened: what is not to be waited for there is told
// with each message.
Fd way_to_stderr() {
  constexpr int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd way(is_pipe_or_terminal(STDERR_FILENO) ? open("/proc/self/fd/2", flags) : -1);
  return way ? std::move(way) : Fd(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

bool takes_something(int fd) {
  pollfd entry{fd, POLLOUT, 0};
  return poll(&entry, 1, 0) != 0;
}

ssize_t put_some(int fd, std::string_view text) {
  if (!takes_something(fd)) return errno = EAGAIN, -1;
  const ssize_t sent = send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 && errno == ENOTSOCK ? write(fd, text.data(), text.size()) : sent;
}

}  // namespace

void put_message(std::string_view text) {
  if (unwaiting != nullptr) return unwaiting->put(text);
  static_cast<void>(write_all_to_whoever_reads(STDERR_FILENO, text));
}

UnwaitingMessages::UnwaitingMessages() noexcept { unwaiting = this; }

UnwaitingMessages::~UnwaitingMessages() {
  unwaiting = nullptr;
  if (dropped_ != 0) kept_ += "snug: " + std::to_string(dropped_) + " more messages were not read in time\n";
  if (!kept_.empty()) static_cast<void>(write_all_to_whoever_reads(STDERR_FILENO, kept_));
}

void UnwaitingMessages::put(std::string_view text) {
  if (kept_.size() + text.size() > kMostKept) return void(++dropped_);
  kept_ += text;
  go_on();
}

void UnwaitingMessages::go_on() {
  if (!way_) way_ = way_to_stderr();
  while (!kept_.empty()) {
    const ssize_t put = put_some(way_.get(), kept_);
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0 && errno == EINTR) continue;
    kept_.erase(0, put > 0 ? static_cast<std::size_t>(put) : kept_.size());  // nobody is left to tell
  }
}

}  // namespace snug
