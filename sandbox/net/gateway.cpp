#include "net/gateway.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "net/datagrams.h"
#include "net/factory.h"
#include "net/name_service.h"
#include "net/passage.h"
#include "net/synthetic.h"

namespace snug {
namespace {

constexpr std::size_t kMostConnections = 16384;
constexpr std::size_t kMostTold = 1024;  // refused destinations told of
constexpr int kAcceptedAtOnce = 16;
constexpr std::uint32_t kSecondsToLive = 30;

// Two descriptors a connection, and some for everything else. Returns how many connections that allows.
std::size_t raise_descriptor_limit() {
  constexpr rlim_t kOthers = 1536;  // listeners of ports, resolver, terminal
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 64;
  const rlim_t wanted = std::min<rlim_t>(2 * kMostConnections + kOthers, limit.rlim_max);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) getrlimit(RLIMIT_NOFILE, &limit);
  }
  const rlim_t left = limit.rlim_cur > kOthers ? limit.rlim_cur - kOthers : limit.rlim_cur / 4;
  return std::min<std::size_t>(kMostConnections, std::max<std::size_t>(left / 2, 16));
}

// What programs ask for without meaning to reach it is not worth telling: services ("_http._tcp.deb.debian.org") and
// names of addresses.
bool worth_telling(const dns::Query& query) {
  const bool address = query.type == dns::Type::a || query.type == dns::Type::aaaa || query.type == dns::Type::https;
  return address && !query.name.empty() && !query.name.starts_with('_') && !query.name.ends_with(".arpa");
}

// The host, where network.host-ports names some of its ports: they are the sandbox's own.
constexpr std::string_view kHostName = "host.snug";

bool is_localhost(std::string_view name) { return name == "localhost" || name.ends_with(".localhost"); }

}  // namespace

class Gateway::Impl final : public EventHandler {
 public:
  Impl(EventQueue queue, NetworkPolicy tcp, NetworkPolicy udp, GatewaySockets sockets, NetworkEvents events,
       std::optional<UpstreamProxy> proxy);

  ~Impl();

  int fd() const noexcept { return queue_.fd(); }
  void turn();
  bool wait(int other, int milliseconds);
  void tidy();
  void allow(Sourced<NetworkRule> rule) { policy_of(rule.value).allow(std::move(rule)); }
  bool take_back(const Sourced<NetworkRule>& rule);
  void publish(PortListener listener);
  bool unpublish(const Endpoint& end);

 private:
  void ready(int listener, std::uint32_t events) override;
  void accept_from(int listener);
  void begin(Fd client, Destination destination);
  Destination destination_of(const Way& way) const;
  void add_listener(Fd socket, Connection::Kind kind, std::uint16_t port);
  void knocked(const Way& way);
  void entered(const Way& way, Fd client);
  void left(const Way& way);
  void take_datagram(Arrival arrival, std::size_t segment);
  NetworkPolicy& policy_of(const NetworkRule& rule) {
    return rule.protocol == NetworkRule::Protocol::udp ? udp_policy_ : policy_;
  }
  Passage* waiting(const Way& way);
  dns::Answer answer(const dns::Query& query);
  void tell(const Blocked& blocked);
  void listen(bool on);

  EventQueue queue_;
  Buffers buffers_;
  Relays relays_;
  Resolver resolver_;
  NetworkPolicy policy_, udp_policy_;
  const std::optional<UpstreamProxy> proxy_;
  const NetworkEvents events_;
  SyntheticAddresses addresses_;
  std::set<std::tuple<NetworkRule::Protocol, std::string, std::uint16_t>> told_;
  Passage::Surroundings around_;
  /// Where connections to a port of the other side's loopback come from.
  struct Listener {
    Fd socket;
    Connection::Kind kind;
    std::uint16_t port;
    std::unique_ptr<Interest> interest;
  };
  std::map<int, Listener> listeners_;  // by the number their events come with
  int next_listener_ = 0;
  const bool host_has_name_;  // some port of the host is reached
  SocketFactory inside_, in_gateway_;
  NameService names_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Passage>> passages_;
  std::map<Way, std::uint64_t> waiting_;  // numbers of those at the door
  Door door_;
  Datagrams datagrams_;
  std::vector<std::uint64_t> over_;
  std::uint64_t next_ = 0;
  const std::size_t most_;
  bool listening_ = false;
};

Gateway::Impl::Impl(EventQueue queue, NetworkPolicy tcp, NetworkPolicy udp, GatewaySockets sockets,
                    NetworkEvents events, std::optional<UpstreamProxy> proxy)
    : queue_(std::move(queue)),
      relays_(queue_),
      resolver_(queue_),
      policy_(std::move(tcp)),
      udp_policy_(std::move(udp)),
      proxy_(std::move(proxy)),
      events_(std::move(events)),
      around_{.queue = queue_,
              .buffers = buffers_,
              .relays = relays_,
              .resolver = resolver_,
              .policy = policy_,
              .proxy = proxy_ ? &*proxy_ : nullptr,
              .door = &door_,
              .socket_inside = [this](int family) { return inside_.make(family); },
              .blocked = [this](const Blocked& blocked) { tell(blocked); },
              .read_server_names = static_cast<bool>(events_.ended),
              .ended =
                  [this](std::uint64_t number, const Connection& record) {
                    over_.push_back(number);
                    if (events_.ended) events_.ended(record);
                  },
              .find =
                  [this](std::uint64_t number) {
                    const auto found = passages_.find(number);
                    return found == passages_.end() ? nullptr : found->second.get();
                  }},
      host_has_name_(!sockets.host_ports.empty()),
      inside_(sockets.name_datagrams.get()),
      in_gateway_(sockets.knocks.get()),
      names_(queue_, std::move(sockets.name_datagrams), std::move(sockets.name_listener),
             [this](const dns::Query& query) { return answer(query); }),
      door_(queue_, std::move(sockets.knocks), std::move(sockets.datagrams), in_gateway_,
            {.knocked = [this](const Way& way) { knocked(way); },
             .entered = [this](const Way& way, Fd client) { entered(way, std::move(client)); },
             .left = [this](const Way& way) { left(way); },
             .datagram = [this](Arrival arrival, std::size_t segment) { take_datagram(std::move(arrival), segment); }}),
      datagrams_({.queue = queue_,
                  .resolver = resolver_,
                  .policy = udp_policy_,
                  .door = door_,
                  .blocked = [this](const Blocked& blocked) { tell(blocked); },
                  .ended = events_.ended}),
      most_(raise_descriptor_limit()) {
  for (PortListener& one : sockets.host_ports) {
    add_listener(std::move(one.socket), Connection::Kind::host_port, one.port);
  }
  for (PortListener& one : sockets.published) {
    add_listener(std::move(one.socket), Connection::Kind::published, one.port);
  }
  listen(true);
}

// What the command has closed with its last breath is still to be told.
Gateway::Impl::~Impl() {
  turn();
  relays_.stop();
  for (const auto& [number, passage] : passages_) passage->stop();
}

void Gateway::Impl::add_listener(Fd socket, Connection::Kind kind, std::uint16_t port) {
  const int number = next_listener_++;
  auto interest = std::make_unique<Interest>(queue_, socket.get(), *this, number);
  if (listening_) interest->want(EPOLLIN);
  listeners_.emplace(number, Listener{std::move(socket), kind, port, std::move(interest)});
}

bool Gateway::Impl::take_back(const Sourced<NetworkRule>& rule) {
  told_.clear();  // what was let through meanwhile is told again
  return policy_of(rule.value).take_back(rule);
}

void Gateway::Impl::publish(PortListener listener) {
  add_listener(std::move(listener.socket), Connection::Kind::published, listener.port);
}

bool Gateway::Impl::unpublish(const Endpoint& end) {
  return std::erase_if(listeners_, [&](const auto& entry) {
           const Listener& one = entry.second;
           return one.kind == Connection::Kind::published && local_endpoint(one.socket.get()) == end;
         }) > 0;
}

void Gateway::Impl::turn() {
  queue_.turn();
  tidy();
}

bool Gateway::Impl::wait(int other, int milliseconds) {
  const bool readable = queue_.wait(other, milliseconds);
  tidy();
  return readable;
}

void Gateway::Impl::tidy() {
  for (const std::uint64_t number : std::exchange(over_, {})) passages_.erase(number);
  datagrams_.sweep();
  listen(passages_.size() < most_);
}

// What cannot be served waits in the listener's queue.
void Gateway::Impl::listen(bool on) {
  door_.open(on);  // which the last connection there was room for has shut by itself
  if (std::exchange(listening_, on) == on) return;
  for (const auto& [number, listener] : listeners_) listener.interest->want(on ? EPOLLIN : 0U);
}

void Gateway::Impl::ready(int listener, std::uint32_t) { accept_from(listener); }

void Gateway::Impl::accept_from(int number) {
  const Listener& listener = listeners_.at(number);
  for (int i = 0; i < kAcceptedAtOnce && passages_.size() < most_; ++i) {
    Fd client(accept4(listener.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return;
    begin(std::move(client), {.kind = listener.kind, .name = {}, .end = {{}, listener.port}, .way = {}});
  }
}

void Gateway::Impl::begin(Fd client, Destination destination) {
  const std::uint64_t number = next_++;
  const auto made =
      passages_.emplace(number, std::make_unique<Passage>(around_, number, std::move(client), std::move(destination)));
  made.first->second->start();
}

// --- what comes over the link ---

Destination Gateway::Impl::destination_of(const Way& way) const {
  const std::string* name = addresses_.name_of(way.to.address);
  return {.name = name != nullptr ? *name : std::string(), .end = way.to, .way = way};
}

void Gateway::Impl::knocked(const Way& way) {
  waiting_[way] = next_;
  begin({}, destination_of(way));
  door_.open(passages_.size() < most_);
}

Passage* Gateway::Impl::waiting(const Way& way) {
  const auto number = waiting_.extract(way);
  return number ? around_.find(number.mapped()) : nullptr;
}

void Gateway::Impl::entered(const Way& way, Fd client) {
  if (Passage* passage = waiting(way)) passage->entered(std::move(client));
}

void Gateway::Impl::left(const Way& way) {
  if (Passage* passage = waiting(way)) passage->left();
}

void Gateway::Impl::take_datagram(Arrival arrival, std::size_t segment) {
  const std::string* name = addresses_.name_of(arrival.to.address);
  datagrams_.take(std::move(arrival), segment, name != nullptr ? *name : std::string());
}

dns::Answer Gateway::Impl::answer(const dns::Query& query) {
  if (is_localhost(query.name) || (host_has_name_ && query.name == kHostName))
    return {.addresses = {*parse_ip("127.0.0.1"), *parse_ip("::1")}};
  const NetworkVerdict verdict = query.name.empty() ? NetworkVerdict{} : policy_.name(query.name);
  if (verdict.allowed() || (!query.name.empty() && udp_policy_.name(query.name).allowed())) {
    const bool asked = query.type == dns::Type::a;
    return {.addresses = asked ? std::vector{addresses_.address_of(query.name)} : std::vector<IpAddress>(),
            .seconds_to_live = kSecondsToLive};
  }
  if (worth_telling(query)) {
    Blocked blocked{.who = query.name, .reason = verdict.reason};
    if (verdict.rule != nullptr) blocked.rule = *verdict.rule;
    tell(blocked);
  }
  return {.status = dns::Status::no_such_name};
}

void Gateway::Impl::tell(const Blocked& blocked) {
  if (told_.size() >= kMostTold || !told_.insert({blocked.protocol, blocked.who, blocked.port}).second) return;
  if (events_.blocked) events_.blocked(blocked);
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::make(const NetworkPolicy::Rules& allow, const NetworkPolicy::Rules& deny,
                                               GatewaySockets sockets, NetworkEvents events,
                                               std::optional<UpstreamProxy> proxy) {
  auto queue = EventQueue::make();
  if (!queue) return std::move(queue).error();
  auto impl = std::make_unique<Impl>(std::move(queue).value(), NetworkPolicy(allow, deny),
                                     NetworkPolicy(allow, deny, NetworkRule::Protocol::udp), std::move(sockets),
                                     std::move(events), std::move(proxy));
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

int Gateway::fd() const noexcept { return impl_->fd(); }

void Gateway::turn() { impl_->turn(); }
bool Gateway::wait(int other, int milliseconds) { return impl_->wait(other, milliseconds); }

void Gateway::allow(Sourced<NetworkRule> rule) { impl_->allow(std::move(rule)); }

bool Gateway::take_back(const Sourced<NetworkRule>& rule) { return impl_->take_back(rule); }

void Gateway::publish(PortListener listener) { impl_->publish(std::move(listener)); }

bool Gateway::unpublish(const Endpoint& end) { return impl_->unpublish(end); }

}  // namespace snug
