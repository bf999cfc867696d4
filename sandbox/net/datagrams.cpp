#include "net/datagrams.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "net/dialer.h"
#include "net/special.h"

namespace snug {
namespace {

constexpr std::chrono::seconds kQuiet(
    60);  // RFC 4787 asks for two minutes of address translators; these are cheap to renew
constexpr std::size_t kMostWaiting = 16;  // datagrams, while a name is resolved
constexpr int kAtOnce = 32;

}  // namespace

class Datagrams::Flow final : public EventHandler, public std::enable_shared_from_this<Flow> {
 public:
  Flow(const Surroundings& around, Way way, std::string name)
      : around_(around), way_(std::move(way)), alarm_(around.queue, *this) {
    record_.protocol = NetworkRule::Protocol::udp;
    record_.start = std::chrono::system_clock::now();
    record_.name = std::move(name);
    record_.port = way_.to.port;
    if (record_.name.empty()) record_.address = to_text(way_.to.address);
  }

  void start() {
    const bool by_name = !record_.name.empty();
    const NetworkVerdict verdict = by_name ? around_.policy.name(record_.name, way_.to.port)
                                           : around_.policy.address(way_.to.address, way_.to.port);
    if (!verdict.allowed()) return refuse(verdict, nullptr);
    alarm_.set_in(kQuiet);
    if (!by_name) return connect_to(way_.to.address);
    around_.resolver.resolve(record_.name, [self = weak_from_this()](const auto& outcome) {
      if (const auto flow = self.lock()) flow->resolved(outcome);
    });
  }

  void take(Arrival arrival, std::size_t segment) {
    if (over_) return around_.door.refuse_datagram(arrival);
    latest_ = EventQueue::Clock::now();
    last_ = {.kind = arrival.kind, .from = arrival.from, .to = arrival.to, .header = arrival.header, .payload = {}};
    if (socket_) return send_all(arrival.payload, segment);
    if (waiting_.size() < kMostWaiting) waiting_.push_back({std::move(arrival.payload), segment});
  }

  bool over() const { return over_; }
  EventQueue::Clock::time_point latest() const { return latest_; }

  void end(Connection::End how, std::string problem = {}) {
    if (std::exchange(over_, true)) return;
    interest_.reset();
    alarm_.clear();
    socket_.reset();
    record_.end = how;
    record_.problem = std::move(problem);
    record_.duration =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now() - record_.start);
    if (around_.ended && how != Connection::End::blocked) around_.ended(record_);
  }

 private:
  struct Waiting {
    std::vector<std::uint8_t> payload;
    std::size_t segment;
  };

  void resolved(const Resolver::Outcome& outcome) {
    if (over_) return;
    if (outcome.addresses.empty()) return give_up(Connection::End::unresolved, outcome.problem);
    NetworkVerdict last;
    for (const IpAddress& address : outcome.addresses) {
      last = verdict_here(around_.policy, address, way_.to.port);
      if (last.allowed()) return connect_to(address);
    }
    refuse(last, &outcome.addresses.back());
  }

  // The first address that there is a way to; without a handshake nothing more is known.
  void connect_to(const IpAddress& address) {
    const SocketAddress to = to_socket_address({address, way_.to.port});
    socket_ = Fd(socket(to.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    record_.address = to_text(address);
    if (!socket_ || connect(socket_.get(), to.get(), to.size) < 0) {
      return give_up(Connection::End::unreachable, std::strerror(errno));
    }
    interest_.emplace(around_.queue, socket_.get(), *this);
    interest_->want(EPOLLIN);
    for (const Waiting& one : std::exchange(waiting_, {})) send_all(one.payload, one.segment);
  }

  void send_all(std::span<const std::uint8_t> payload, std::size_t segment) {
    if (segment == 0) segment = std::max<std::size_t>(payload.size(), 1);
    do {
      const auto piece = payload.first(std::min(segment, payload.size()));
      payload = payload.subspan(piece.size());
      if (::send(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        record_.sent += piece.size();
      else if (errno == ECONNREFUSED)
        return give_up(Connection::End::unreachable, std::strerror(errno));
    } while (!payload.empty());
  }

  void ready(int, std::uint32_t) override {
    latest_ = EventQueue::Clock::now();
    static std::array<std::uint8_t, 65536> buffer;  // one thread, and nothing stays in it
    for (int i = 0; i < kAtOnce; ++i) {
      const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0 && errno == ECONNREFUSED) return give_up(Connection::End::unreachable, std::strerror(errno));
      if (got < 0) return;
      record_.received += static_cast<std::size_t>(got);
      around_.door.send_datagram(way_.to, way_.from, {buffer.data(), static_cast<std::size_t>(got)});
    }
  }

  void rang(int) override {
    const auto quiet = EventQueue::Clock::now() - latest_;
    if (quiet < kQuiet) return alarm_.set(latest_ + kQuiet);
    end(Connection::End::closed);
  }

  void refuse(const NetworkVerdict& verdict, const IpAddress* resolved) {
    Blocked blocked{.protocol = NetworkRule::Protocol::udp,
                    .who = record_.name.empty() ? record_.address : record_.name,
                    .port = way_.to.port,
                    .reason = verdict.reason};
    if (verdict.rule != nullptr) blocked.rule = *verdict.rule;
    const IpAddress& address = resolved != nullptr ? *resolved : way_.to.address;
    if (resolved != nullptr) blocked.resolved = record_.address = to_text(address);
    if (verdict.reason == NetworkVerdict::Reason::not_public) blocked.what = what_it_is(address);
    around_.blocked(blocked);
    give_up(Connection::End::blocked, {});
  }

  // What sent it hears of it.
  void give_up(Connection::End how, const std::string& problem) {
    if (last_) around_.door.refuse_datagram(*last_);
    end(how, problem);
  }

  const Surroundings& around_;
  const Way way_;
  Connection record_;
  Alarm alarm_;
  Fd socket_;
  std::optional<Interest> interest_;
  std::vector<Waiting> waiting_;
  std::optional<Arrival> last_;
  EventQueue::Clock::time_point latest_ = EventQueue::Clock::now();
  bool over_ = false;
};

Datagrams::Datagrams(Surroundings around) : around_(std::move(around)) {}

Datagrams::~Datagrams() {
  for (const auto& [way, flow] : flows_) flow->end(Connection::End::closed);
}

void Datagrams::take(Arrival arrival, std::size_t segment, const std::string& name) {
  const Way way{arrival.from, arrival.to};
  auto& flow = flows_[way];
  const bool known = flow && !flow->over();
  if (!known) flow = std::make_shared<Flow>(around_, way, name);
  const auto held = flow;  // making room may end it
  held->take(std::move(arrival), segment);
  if (!known) held->start();
  if (flows_.size() > kMostFlows) make_room();
}

void Datagrams::make_room() {
  const auto quietest = std::ranges::min_element(flows_, {}, [](const auto& entry) {
    return entry.second->over() ? EventQueue::Clock::time_point() : entry.second->latest();
  });
  quietest->second->end(Connection::End::closed);
  flows_.erase(quietest);
}

void Datagrams::sweep() {
  std::erase_if(flows_, [](const auto& entry) { return entry.second->over(); });
}

}  // namespace snug
