#include "net/dialer.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace snug {
namespace {

// An address that does not answer leaves time for the next one; the last has what the connection as a whole has.
constexpr std::chrono::seconds kOneOfSeveral(4);

int socket_error(int socket) {
  int code = 0;
  socklen_t size = sizeof code;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? errno : code;
}

}  // namespace

Dialer::Dialer(EventQueue& queue, std::vector<Endpoint> to, MakeSocket make_socket, Done done)
    : queue_(queue),
      to_(std::move(to)),
      make_socket_(std::move(make_socket)),
      done_(std::move(done)),
      alarm_(queue, *this) {}

Fd own_socket(int family) { return Fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)); }

void Dialer::try_next() {
  while (true) {
    interest_.reset();
    alarm_.clear();
    if (next_ == to_.size()) return finish(code_);
    const SocketAddress address = to_socket_address(to_[next_++]);
    socket_ = make_socket_(address.family());
    if (socket_ && connect(socket_.get(), address.get(), address.size) == 0) return finish(0);
    if (errno == EINPROGRESS) break;
    code_ = errno;
  }
  interest_.emplace(queue_, socket_.get(), *this);
  interest_->want(EPOLLOUT);
  if (next_ < to_.size()) alarm_.set_in(kOneOfSeveral);
}

void Dialer::ready(int, std::uint32_t) {
  const int code = socket_error(socket_.get());
  if (code == 0) return finish(0);
  code_ = code;
  try_next();
}

void Dialer::rang(int) {
  code_ = ETIMEDOUT;
  try_next();
}

void Dialer::finish(int code) {
  interest_.reset();
  alarm_.clear();
  if (code != 0) socket_.reset();
  const Endpoint last = next_ == 0 ? Endpoint{} : to_[next_ - 1];
  done_({.socket = std::move(socket_), .to = last, .code = code});
}

// The kernel's choice of a source is the destination itself only where the destination is local.
bool is_own_address(const IpAddress& address) noexcept {
  const SocketAddress to = to_socket_address({address, 9});
  const Fd probe(socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe || connect(probe.get(), to.get(), to.size) < 0) return false;
  const auto source = local_endpoint(probe.get());
  return source && source->address == address;
}

NetworkVerdict verdict_here(const NetworkPolicy& policy, const IpAddress& address, std::uint16_t port) {
  const NetworkVerdict verdict = policy.resolved(address, port);
  const bool own = verdict.allowed() && !verdict.by_range && is_own_address(address);
  return own ? NetworkVerdict{NetworkVerdict::Reason::not_public, nullptr} : verdict;
}

}  // namespace snug
