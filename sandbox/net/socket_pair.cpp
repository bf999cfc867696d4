#include "net/socket_pair.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace snug {
namespace {

constexpr int kRounds = 4;               // of one event: other connections have a turn after so many buffers
constexpr std::size_t kSmall = 4 << 10;  // what is read where no buffer is left

void send_at_once(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // of no effect on what is no TCP socket
}

}  // namespace

void reset_on_close(int socket) noexcept {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

SocketPair::SocketPair(EventQueue& queue, Buffers& buffers, Fd first, Fd second, std::function<void()> ended)
    : buffers_(buffers), sockets_{std::move(first), std::move(second)}, ended_(std::move(ended)) {
  for (const Fd& socket : sockets_) send_at_once(socket.get());
  enter(queue);
}

void SocketPair::enter(EventQueue& queue) {
  for (const int side : {0, 1}) interests_[side].emplace(queue, sockets_[side].get(), *this, side);
  state_interest();
}

void SocketPair::leave() noexcept {
  for (auto& interest : interests_) interest.reset();
}

SocketPair::~SocketPair() {
  for (Flow& flow : flows_) let_go(flow);
}

void SocketPair::ready(int side, std::uint32_t events) {
  const bool readable = (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
  const bool writable = (events & ~static_cast<std::uint32_t>(EPOLLIN)) != 0;
  const bool fine = (!readable || move(side)) && (!writable || move(1 - side));
  if (!fine) return finish(true);
  if (flows_[0].sink_ended && flows_[1].sink_ended) return finish(false);
  state_interest();
  if (carries_much_ && flows_[0].bytes + flows_[1].bytes >= kMuch) std::exchange(carries_much_, nullptr)();
}

// False: a socket is broken.
bool SocketPair::move(int from) {
  Flow& flow = flows_[from];
  bool more = true;
  for (int round = 0;; ++round) {
    if (!drain(from)) return false;
    if (flow.waits()) return true;
    if (flow.source_ended) return pass_end_on(from);
    if (!more || round == kRounds) return true;
    if (!fill(from, more)) return false;
  }
}

bool SocketPair::pass_end_on(int from) {
  if (!std::exchange(flows_[from].sink_ended, true)) shutdown(sockets_[1 - from].get(), SHUT_WR);
  return true;
}

bool SocketPair::drain(int from) {
  Flow& flow = flows_[from];
  while (flow.waits()) {
    const ssize_t put = send(sockets_[1 - from].get(), flow.data(), flow.end - flow.begin, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno == EAGAIN;
    flow.begin += static_cast<std::size_t>(put);
  }
  let_go(flow);
  return true;
}

// `more`: there may be more to read now. Precondition: nothing waits.
bool SocketPair::fill(int from, bool& more) {
  Flow& flow = flows_[from];
  flow.buffer = buffers_.take();
  if (!flow.buffer) flow.small.resize(kSmall);
  const std::size_t size = flow.buffer ? Buffers::kSize : kSmall;
  char* const to = flow.buffer ? flow.buffer.get() : flow.small.data();
  const ssize_t got = recv(sockets_[from].get(), to, size, MSG_DONTWAIT);
  flow.begin = 0;
  flow.end = got > 0 ? static_cast<std::size_t>(got) : 0;
  flow.bytes += flow.end;
  flow.source_ended = got == 0;
  more = flow.end == size;
  if (from == 0 && watch_ && got > 0 && !watch_({to, flow.end})) watch_ = nullptr;
  if (got > 0) return true;
  const int code = errno;
  let_go(flow);
  return got == 0 || code == EAGAIN || code == EINTR;
}

void SocketPair::let_go(Flow& flow) {
  buffers_.give_back(std::exchange(flow.buffer, nullptr));
  if (!flow.small.empty()) std::vector<char>().swap(flow.small);
}

void SocketPair::state_interest() {
  for (const int side : {0, 1}) {
    const Flow& from = flows_[side];
    const std::uint32_t in = !from.waits() && !from.source_ended ? EPOLLIN : 0U;
    const std::uint32_t out = flows_[1 - side].waits() ? EPOLLOUT : 0U;
    interests_[side]->want(in | out);
  }
}

void SocketPair::finish(bool broken) {
  if (done_) return;
  done_ = true;
  broken_ = broken;
  leave();
  for (Fd& socket : sockets_) {
    if (broken) reset_on_close(socket.get());
    socket.reset();
  }
  // Whom this is told may destroy the pair at once.
  const auto tell = std::move(tell_ended_);
  auto ended = std::move(ended_);
  tell ? tell(std::move(ended)) : ended();
}

}  // namespace snug
