#include "net/factory.h"

#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/errno.h"

namespace snug {
namespace {

constexpr int kBatch = 16;

/// What the process that enters the network is told and tells. Shared memory.
struct Order {
  int network, user, family;
  int made[kBatch];
  int count = 0;
  int problem = 0;
  alignas(16) char stack[16384];
};

// On its own stack while its maker waits (CLONE_VFORK): system calls only.
int fill_order(void* context) {
  auto& order = *static_cast<Order*>(context);
  if (setns(order.user, CLONE_NEWUSER) < 0 || setns(order.network, CLONE_NEWNET) < 0) {
    order.problem = errno;
    return 0;
  }
  while (order.count < kBatch) {
    const int made = socket(order.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) break;
    order.made[order.count++] = made;
  }
  order.problem = errno;
  return 0;
}

}  // namespace

Result<SocketFactory> SocketFactory::of_network(int socket) {
  Fd network(ioctl(socket, SIOCGSKNS));
  if (!network) return sys_error("find the sandbox's network");
  Fd user(ioctl(network.get(), NS_GET_USERNS));
  if (!user) return sys_error("find the owner of the sandbox's network");
  return SocketFactory(std::move(network), std::move(user));
}

Fd SocketFactory::make(int family) noexcept {
  std::vector<Fd>& ready = ready_[family == AF_INET ? 0 : 1];
  if (ready.empty() && !make_batch(family)) return {};
  Fd socket = std::move(ready.back());
  ready.pop_back();
  return socket;
}

// Signals wait meanwhile: a handler would run in both processes' memory.
bool SocketFactory::make_batch(int family) noexcept {
  Order order{.network = network_.get(), .user = user_.get(), .family = family};
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES;  // no signal at its end: nobody else waits for it
  const pid_t pid = clone(fill_order, order.stack + sizeof order.stack, flags, &order);
  const int failure = errno;
  if (pid > 0) waitpid(pid, nullptr, __WCLONE);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  std::vector<Fd>& ready = ready_[family == AF_INET ? 0 : 1];
  for (int i = 0; i < order.count; ++i) ready.emplace_back(order.made[i]);
  errno = pid < 0 ? failure : order.problem;
  return order.count > 0;
}

}  // namespace snug
