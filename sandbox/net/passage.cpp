#include "net/passage.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/hello.h"
#include "net/special.h"

namespace snug {
namespace {

// From the acceptance until bytes can flow: resolving and connecting together.
constexpr std::chrono::seconds kPatience(30);

// From the admission until the client is there: its kernel answers at once, whatever the program does.
constexpr std::chrono::seconds kEntering(5);

Door::Refusal refusal_for(int code) { return code == ECONNREFUSED ? Door::Refusal::reset : Door::Refusal::unreachable; }

std::chrono::milliseconds since(EventQueue::Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(EventQueue::Clock::now() - start);
}

}  // namespace

Passage::Passage(Surroundings& around, std::uint64_t number, Fd client, Destination destination)
    : around_(around),
      number_(number),
      client_(std::move(client)),
      destination_(std::move(destination)),
      alarm_(around.queue, *this) {
  record_.start = std::chrono::system_clock::now();
  record_.kind = destination_.kind;
  record_.name = destination_.name;
  record_.port = destination_.end.port;
  if (record_.name.empty() && record_.kind == Connection::Kind::out)
    record_.address = to_text(destination_.end.address);
}

void Passage::start() {
  alarm_.set_in(kPatience);
  if (destination_.kind == Connection::Kind::out) return go_out();
  // Servers choose one of the two; many clients' "localhost" tries both.
  const std::uint16_t port = destination_.end.port;
  dial({{*parse_ip("127.0.0.1"), port}, {*parse_ip("::1"), port}});
}

void Passage::go_out() {
  const std::uint16_t port = destination_.end.port;
  const bool by_name = !destination_.name.empty();
  const NetworkVerdict verdict =
      by_name ? around_.policy.name(destination_.name, port) : around_.policy.address(destination_.end.address, port);
  if (!verdict.allowed()) return refuse(verdict, nullptr);
  if (needs_proxy()) return go_to_proxy(verdict);
  if (!by_name) return dial({destination_.end});
  resolve(destination_.name);
}

// The answer may come when this has ended and gone.
void Passage::resolve(const std::string& name) {
  around_.resolver.resolve(name, [find = around_.find, number = number_](const auto& outcome) {
    if (Passage* passage = find(number)) passage->resolved(outcome);
  });
}

void Passage::resolved(const Resolver::Outcome& outcome) {
  if (over_) return;
  if (has_proxy()) return proxy_resolved(outcome);
  if (outcome.addresses.empty()) {
    return end(Connection::End::unresolved, outcome.problem, Door::Refusal::unreachable);
  }
  std::vector<Endpoint> ends;
  NetworkVerdict last;
  for (const IpAddress& address : outcome.addresses) {
    const NetworkVerdict verdict = verdict_here(around_.policy, address, destination_.end.port);
    if (verdict.allowed()) ends.push_back({address, destination_.end.port});
    if (!verdict.allowed()) last = verdict;
  }
  if (ends.empty()) return refuse(last, &outcome.addresses.back());
  dial(std::move(ends));
}

void Passage::dial(std::vector<Endpoint> ends) {
  const bool inside = destination_.kind == Connection::Kind::published;
  dialer_.emplace(around_.queue, std::move(ends), inside ? around_.socket_inside : own_socket,
                  [this](Dialer::Outcome outcome) { dialled(std::move(outcome)); });
  dialer_->start();
}

void Passage::dialled(Dialer::Outcome outcome) {
  if (over_) return;
  if (has_proxy()) return ask_proxy(std::move(outcome));
  record_.address = to_text(outcome.to.address);
  if (!outcome.socket) {
    return end(Connection::End::unreachable, std::strerror(outcome.code), refusal_for(outcome.code));
  }
  reached(std::move(outcome.socket));
}

void Passage::reached(Fd server) {
  alarm_.clear();
  if (!destination_.way) return relay(std::move(server));
  server_ = std::move(server);
  alarm_.set_in(kEntering);
  if (around_.door->admit(*destination_.way)) return;
  end(Connection::End::unreachable, std::strerror(errno), Door::Refusal::reset);
}

// --- through the host's proxy ---
// It resolves names by itself, so that nobody here sees what they lead to. "*" therefore opens no names that only
// networks of their own have; a rule that names one does.

bool Passage::needs_proxy() const {
  const UpstreamProxy* const proxy = around_.proxy;
  if (proxy == nullptr) return false;
  const Endpoint& end = destination_.end;
  return !(destination_.name.empty() ? is_exception(*proxy, end.address, end.port)
                                     : is_exception(*proxy, destination_.name, end.port));
}

void Passage::go_to_proxy(const NetworkVerdict& verdict) {
  const std::string& name = destination_.name;
  const NetworkVerdict left = name.empty() ? verdict : by_proxy(verdict, name);
  if (!left.allowed() && reads_as_address(name)) {
    tell_of_proxy("the proxy may take the name for an address");
    return end(Connection::End::blocked, {}, Door::Refusal::reset);
  }
  if (!left.allowed()) return refuse(left, nullptr);
  const UpstreamProxy& proxy = *around_.proxy;
  record_.proxy = to_text(proxy);
  if (const auto address = parse_ip(proxy.host)) return dial({{*address, proxy.port}});
  resolve(proxy.host);
}

void Passage::proxy_resolved(const Resolver::Outcome& outcome) {
  if (outcome.addresses.empty()) {
    return fail_at_proxy("has no address: " + outcome.problem, Door::Refusal::unreachable);
  }
  std::vector<Endpoint> ends;
  for (const IpAddress& address : outcome.addresses) ends.push_back({address, around_.proxy->port});
  dial(std::move(ends));
}

void Passage::ask_proxy(Dialer::Outcome outcome) {
  if (!outcome.socket) {
    return fail_at_proxy("cannot be reached: " + std::string(std::strerror(outcome.code)), Door::Refusal::unreachable);
  }
  const Endpoint& end = destination_.end;
  const std::string& name = destination_.name;
  const std::string to = host_and_port(name.empty() ? to_text(end.address) : name, end.port);
  tunnel_.emplace(around_.queue, std::move(outcome.socket), connect_request(to, around_.proxy->credentials),
                  [this](Tunnel::Outcome open) { tunnelled(std::move(open)); });
  tunnel_->start();
}

void Passage::tunnelled(Tunnel::Outcome outcome) {
  if (over_) return;
  if (outcome.socket) return reached(std::move(outcome.socket));
  fail_at_proxy(outcome.problem, outcome.refused ? Door::Refusal::reset : Door::Refusal::unreachable);
}

void Passage::fail_at_proxy(const std::string& problem, Door::Refusal refusal) {
  const std::string told = "the proxy " + record_.proxy + " " + problem;
  tell_of_proxy(told);
  end(Connection::End::unreachable, told, refusal);
}

void Passage::tell_of_proxy(const std::string& problem) {
  around_.blocked({.who = destination_.name.empty() ? record_.address : destination_.name,
                   .port = destination_.end.port,
                   .reason = NetworkVerdict::Reason::allowed,
                   .by_proxy = problem});
}

// --- the end ---

void Passage::entered(Fd client) {
  if (over_) return;
  alarm_.clear();
  client_ = std::move(client);
  relay(std::move(server_));
}

void Passage::left() { end(Connection::End::broken); }

void Passage::relay(Fd server) {
  pair_.emplace(around_.queue, around_.buffers, std::move(client_), std::move(server),
                [this] { end(pair_->broken() ? Connection::End::broken : Connection::End::closed); });
  pair_->when_much([this] { around_.relays.share_out(*pair_); });
  if (!around_.read_server_names || destination_.kind != Connection::Kind::out) return;
  pair_->watch([this](std::span<const char> bytes) { return read_hello_in(bytes); });
}

bool Passage::read_hello_in(std::span<const char> bytes) {
  const std::size_t room = kMostHello - first_bytes_.size();
  first_bytes_.insert(first_bytes_.end(), bytes.begin(),
                      bytes.begin() + static_cast<std::ptrdiff_t>(std::min(room, bytes.size())));
  Hello hello = read_hello(first_bytes_);
  if (hello.state == Hello::State::more) return true;
  record_.server_name = std::move(hello.name);
  std::vector<std::uint8_t>().swap(first_bytes_);
  return false;
}

void Passage::stop() {
  if (pair_ && !over_) end(Connection::End::closed);
  end(Connection::End::broken);
}

void Passage::rang(int) {
  if (server_) return left();
  if (has_proxy()) return fail_at_proxy("does not answer in time", Door::Refusal::unreachable);
  const bool dialling = dialer_.has_value();
  end(dialling ? Connection::End::unreachable : Connection::End::unresolved, "timed out", Door::Refusal::unreachable);
}

void Passage::refuse(const NetworkVerdict& verdict, const IpAddress* resolved) {
  Blocked blocked{.who = destination_.name.empty() ? record_.address : destination_.name,
                  .port = destination_.end.port,
                  .reason = verdict.reason};
  if (verdict.rule != nullptr) blocked.rule = *verdict.rule;
  const IpAddress& address = resolved != nullptr ? *resolved : destination_.end.address;
  if (resolved != nullptr) blocked.resolved = record_.address = to_text(address);
  const bool by_name = !destination_.name.empty() && resolved == nullptr;
  if (verdict.reason == NetworkVerdict::Reason::not_public) {
    blocked.what = by_name ? "no name of the public internet" : what_it_is(address);
  }
  around_.blocked(blocked);
  end(Connection::End::blocked, {}, Door::Refusal::reset);
}

void Passage::end(Connection::End how, std::string problem, Door::Refusal refusal) {
  if (std::exchange(over_, true)) return;
  alarm_.clear();
  const bool waits = destination_.way && !client_ && !pair_;
  if (waits) around_.door->refuse(*destination_.way, refusal);
  if (destination_.way && !waits) around_.door->gone(*destination_.way);
  for (Fd* const socket : {&client_, &server_}) {
    if (*socket) reset_on_close(socket->get());
    socket->reset();
  }
  record_.end = how;
  record_.problem = std::move(problem);
  record_.duration = since(start_);
  if (pair_) around_.relays.gone(*pair_);
  if (pair_) record_.sent = pair_->bytes_from(0), record_.received = pair_->bytes_from(1);
  around_.ended(number_, record_);
}

}  // namespace snug
