#include "net/factory.h"

#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace snug {
namespace {

constexpr int kBatch = 16;

/// A visit of a network. Shared memory.
template <class Work>
struct Visit {
  int network, user;
  Work& work;
  long result = -1;
  int problem = 0;
  alignas(16) char stack[16384];
};

// On its own stack while its maker waits (CLONE_VFORK): system calls only.
template <class Work>
int go(void* context) {
  auto& visit = *static_cast<Visit<Work>*>(context);
  const bool there = setns(visit.user, CLONE_NEWUSER) == 0 && setns(visit.network, CLONE_NEWNET) == 0;
  if (there) visit.result = visit.work();
  visit.problem = errno;
  return 0;
}

}  // namespace

bool SocketFactory::find_network() noexcept {
  if (!network_) network_ = Fd(ioctl(socket_, SIOCGSKNS));
  if (network_ && !user_) user_ = Fd(ioctl(network_.get(), NS_GET_USERNS));
  return static_cast<bool>(user_);
}

// What `work` returns, and its errno; -1 where nobody got there. Signals wait meanwhile: a handler would run in both
// processes' memory.
template <class Work>
long SocketFactory::visit(Work work) noexcept {
  if (!find_network()) return -1;
  Visit<Work> visit{.network = network_.get(), .user = user_.get(), .work = work};
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES;  // no signal at its end: nobody else waits for it
  const pid_t pid = clone(go<Work>, visit.stack + sizeof visit.stack, flags, &visit);
  const int failure = errno;
  if (pid > 0) waitpid(pid, nullptr, __WCLONE);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  errno = pid < 0 ? failure : visit.problem;
  return visit.result;
}

Fd SocketFactory::make(int family) noexcept {
  std::vector<Fd>& ready = ready_[family == AF_INET ? 0 : 1];
  if (ready.empty() && !make_batch(family)) return {};
  Fd socket = std::move(ready.back());
  ready.pop_back();
  return socket;
}

bool SocketFactory::make_batch(int family) noexcept {
  int made[kBatch];
  int count = 0;
  visit([&] {
    while (count < kBatch) {
      const int one = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (one < 0) break;
      made[count++] = one;
    }
    return 0L;
  });
  const int failure = errno;
  std::vector<Fd>& ready = ready_[family == AF_INET ? 0 : 1];
  for (int i = 0; i < count; ++i) ready.emplace_back(made[i]);
  errno = failure;
  return count > 0;
}

// Bound within: ports below 1024, and addresses of others, are for those with rights there.
Fd SocketFactory::listener(int family, std::uint16_t port) noexcept {
  const SocketAddress address = to_socket_address({family == AF_INET ? IpAddress::v4(0) : IpAddress{}, port});
  return Fd(static_cast<int>(visit([&]() -> long {
    const int made = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int off = 0, on = 1;
    if (family == AF_INET6) setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    const bool done = setsockopt(made, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on) == 0 &&
                      bind(made, address.get(), address.size) == 0;
    if (!done && made >= 0) close(made);
    return done ? made : -1;
  })));
}

Fd SocketFactory::sender(int family) noexcept {
  return Fd(
      static_cast<int>(visit([&] { return socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW); })));
}

// They are handled while they are sent; the first answer is the first failure, or the acknowledgement.
bool SocketFactory::tell_kernel(std::span<const std::uint8_t> messages) noexcept {
  struct {
    nlmsghdr header;
    int error;
    char rest[512];
  } answer{};
  const long got = visit([&] {
    const int wire = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    const long put = write(wire, messages.data(), messages.size());
    const long read = put < 0 ? put : recv(wire, &answer, sizeof answer, MSG_DONTWAIT);
    if (wire >= 0) close(wire);
    return read;
  });
  if (got < static_cast<long>(sizeof answer.header + sizeof answer.error)) return false;
  errno = -answer.error;
  return answer.header.nlmsg_type == NLMSG_ERROR && answer.error == 0;
}

}  // namespace snug
