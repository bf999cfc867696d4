#include "launch/receive.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace snug {
namespace {

bool wait_readable(int socket) {
  constexpr int kLook = 500;  // milliseconds
  pollfd entry{socket, POLLIN, 0};
  while (poll(&entry, 1, kLook) <= 0) {
    if (interrupted()) return false;
  }
  return true;
}

}  // namespace

bool interrupted() {
  sigset_t pending;
  sigpending(&pending);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    if (sigismember(&pending, signal) == 1) return true;
  }
  return false;
}

std::optional<Received> receive(int socket) {
  if (!wait_readable(socket)) return std::nullopt;
  Received received;
  iovec part{&received.report, sizeof received.report};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  ssize_t got = 0;
  // A child that ends before it has read all commands resets the socket: that is told once, then come its last words.
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && (errno == EINTR || errno == ECONNRESET));
  if (got != sizeof received.report) return std::nullopt;
  const cmsghdr* control = CMSG_FIRSTHDR(&message);
  if (control != nullptr && control->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
    received.fd.reset(fd);
  }
  return received;
}

int exit_status_of_exec(const protocol::Report& report) {
  if (report.a == 1) return 125;
  return report.b == ENOENT || report.b == ENOTDIR ? 127 : 126;
}

void set_non_blocking(const Fd& fd) {
  if (fd) fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

}  // namespace snug
