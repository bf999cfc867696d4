#include "sys/close_later.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace snug {
namespace {

constexpr std::size_t kMost = 16;

}  // namespace

// A socket in its own queue is referred to by nothing but itself. What the collector finds it takes apart in a worker
// of its own, with all that is in the same message.
void close_later(std::vector<Fd> fds) noexcept {
  std::erase_if(fds, [](const Fd& fd) { return !fd; });
  int ends[2];
  if (fds.empty() || fds.size() >= kMost || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return;
  const Fd sender(ends[0]), queue(ends[1]);
  int numbers[kMost] = {queue.get()};
  std::ranges::transform(fds, numbers + 1, &Fd::get);
  const std::size_t size = (fds.size() + 1) * sizeof(int);
  char byte = 0;
  iovec part{&byte, sizeof byte};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof numbers)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* const control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(control), numbers, size);
  (void)!sendmsg(sender.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  fds.clear();  // before the pair, whose end wakes the collector: it must be the last that lets go
}

}  // namespace snug
