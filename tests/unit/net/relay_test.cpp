// Connections copied, made and answered, with real sockets on the loopback.
#include <netinet/tcp.h>

#include <memory>
#include <optional>
#include <thread>

#include "net/dialer.h"
#include "net/gateway.h"
#include "net/relays.h"
#include "net/resolver.h"
#include "net/socket_pair.h"
#include "unit/net/sockets.h"

namespace {

using namespace snug;
using namespace snug::test;

/// client - pair - server
struct Bench {
  EventQueue queue = EventQueue::make().value();
  Buffers buffers;
  Fd client, server;
  std::optional<SocketPair> pair;
  bool ended = false;

  Bench() {
    const Fd inside = bound(SOCK_STREAM), outside = bound(SOCK_STREAM);
    client = connected_to(inside);
    server = connected_to(outside);
    pair.emplace(queue, buffers, accepted(inside), accepted(outside), [this] { ended = true; });
  }
  void turn() {
    for (int i = 0; i < 20; ++i) {
      pollfd wait{queue.fd(), POLLIN, 0};
      poll(&wait, 1, 1);
      queue.turn();
    }
  }
  std::string received_by(const Fd& socket, std::size_t size) {
    std::string all;
    turn_until(queue, [&] { return (all += received(socket)).size() >= size; });
    return all;
  }
};

}  // namespace

TEST_CASE("what one side sends the other receives") {
  Bench bench;
  send_all(bench.client, "hello");
  CHECK(bench.received_by(bench.server, 5) == "hello");
  send_all(bench.server, "world");
  CHECK(bench.received_by(bench.client, 5) == "world");
  CHECK(bench.pair->bytes_from(0) == 5);
  CHECK(bench.pair->bytes_from(1) == 5);
}

TEST_CASE("one direction may end before the other") {
  Bench bench;
  send_all(bench.client, "question");
  shutdown(bench.client.get(), SHUT_WR);
  CHECK(bench.received_by(bench.server, 13) == "question<end>");
  CHECK_FALSE(bench.ended);
  send_all(bench.server, "answer");
  CHECK(bench.received_by(bench.client, 6) == "answer");
  bench.server.reset();
  turn_until(bench.queue, [&] { return bench.ended; });
  CHECK_FALSE(bench.pair->broken());
  CHECK(received(bench.client) == "<end>");
}

TEST_CASE("a reset stays a reset") {
  Bench bench;
  send_all(bench.client, "x");
  bench.received_by(bench.server, 1);
  reset_on_close(bench.server.get());
  bench.server.reset();
  turn_until(bench.queue, [&] { return bench.ended; });
  CHECK(bench.pair->broken());
  CHECK(received(bench.client) == "<reset>");
}

TEST_CASE("no more is read than the other side takes, and nothing is lost") {
  Bench bench;
  const std::string block(1 << 20, 'x');
  std::size_t sent = 0;
  for (int i = 0; i < 64; ++i) {
    const ssize_t put = send(bench.client.get(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put > 0) sent += static_cast<std::size_t>(put);
    bench.turn();
  }
  CHECK(sent < std::size_t{40} << 20);  // it stopped taking more
  const std::uint64_t read_ahead = bench.pair->bytes_from(0);
  bench.turn();
  CHECK(bench.pair->bytes_from(0) == read_ahead);
  pollfd idle{bench.queue.fd(), POLLIN, 0};
  CHECK(poll(&idle, 1, 50) == 0);  // and waits without turning
  shutdown(bench.client.get(), SHUT_WR);
  std::size_t got = 0;
  bool end = false;
  turn_until(bench.queue, [&] {
    const std::string some = received(bench.server);
    end = some.ends_with("<end>");
    got += some.size() - (end ? 5 : 0);
    return end;
  });
  CHECK(got == sent);
}

TEST_CASE("connections get on without a buffer of their own") {
  Bench bench;
  std::vector<Buffers::Buffer> all;
  while (auto buffer = bench.buffers.take()) all.push_back(std::move(buffer));
  CHECK(all.size() == Buffers::kMost);
  const std::string text(100000, 'y');
  send_all(bench.client, text);
  CHECK(bench.received_by(bench.server, text.size()) == text);
  for (auto& buffer : all) bench.buffers.give_back(std::move(buffer));
}

TEST_CASE("an end is passed on wherever in a turn it comes") {
  for (std::size_t blocks = 0; blocks < 12; ++blocks) {
    Bench bench;
    std::vector<Buffers::Buffer> all;  // so that a block is small
    while (auto buffer = bench.buffers.take()) all.push_back(std::move(buffer));
    const std::string text(blocks * 4096, 'z');
    send_all(bench.client, text);
    shutdown(bench.client.get(), SHUT_WR);
    CHECK(bench.received_by(bench.server, text.size() + 5) == text + "<end>");
  }
}

// --- several that carry much -----------------------------------------------------------------------------------

namespace {

/// Connections that share their threads, each with somebody at both ends who does not wait.
struct Many {
  struct One {
    Fd client, server;
    std::unique_ptr<SocketPair> pair;
    bool ended = false;
    std::thread::id ended_in;
    std::size_t got = 0;
    bool whole = true;
  };
  EventQueue queue = EventQueue::make().value();
  Buffers buffers;
  Relays relays{queue};
  std::vector<std::unique_ptr<One>> all;

  ~Many() { relays.stop(); }

  explicit Many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      One& one = *all.emplace_back(std::make_unique<One>());
      const Fd inside = bound(SOCK_STREAM), outside = bound(SOCK_STREAM);
      one.client = connected_to(inside);
      one.server = connected_to(outside);
      one.pair = std::make_unique<SocketPair>(queue, buffers, accepted(inside), accepted(outside), [this, &one] {
        one.ended = true;
        one.ended_in = std::this_thread::get_id();
        relays.gone(*one.pair);
      });
      one.pair->when_much([this, &one] { relays.share_out(*one.pair); });
    }
  }

  static char byte(std::size_t which, std::size_t place) { return static_cast<char>(which * 31 + place % 251); }

  void receive(std::size_t which) {
    One& one = *all[which];
    for (const char c : received(one.server)) one.whole = one.whole && c == byte(which, one.got++);
  }

  /// `size` bytes from each client; its server has them all at the end.
  void pass(std::size_t size) {
    std::vector<std::size_t> sent(all.size(), 0);
    std::string block(1 << 16, 0);
    turn_until(queue, [&] {
      bool done = true;
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t left = std::min(size - sent[i], block.size());
        for (std::size_t k = 0; k < left; ++k) block[k] = byte(i, sent[i] + k);
        const ssize_t put = send(all[i]->client.get(), block.data(), left, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put > 0) sent[i] += static_cast<std::size_t>(put);
        receive(i);
        done = done && all[i]->got == size;
      }
      return done;
    });
  }
};

constexpr std::size_t kALot = 3 * SocketPair::kMuch;

}  // namespace

TEST_CASE("connections that carry much share the processors, and nothing is lost") {
  Many many(6);
  many.pass(kALot);
  for (const auto& one : many.all) {
    CHECK(one->whole);
    one->client.reset();
    turn_until(many.queue, [&] { return received(one->server) == "<end>"; });
    one->server.reset();
  }
  for (const auto& one : many.all) {
    turn_until(many.queue, [&] { return one->ended; });
    CHECK_FALSE(one->pair->broken());
    CHECK(one->ended_in == std::this_thread::get_id());
    CHECK(one->pair->bytes_from(0) == kALot);
    one->pair.reset();
  }
}

TEST_CASE("a reset stays a reset in another thread") {
  Many many(4);
  many.pass(kALot);
  for (const auto& one : many.all) {
    reset_on_close(one->server.get());
    one->server.reset();
    turn_until(many.queue, [&] { return one->ended; });
    CHECK(one->pair->broken());
    CHECK(received(one->client) == "<reset>");
  }
}

TEST_CASE("what ended with the last breath is told when the threads end") {
  Many many(4);
  many.pass(kALot);
  for (const auto& one : many.all) {
    one->client.reset();
    one->server.reset();
  }
  many.queue.turn();
  many.relays.stop();
  for (const auto& one : many.all) CHECK(one->ended);
}

TEST_CASE("connections may be given up while threads copy for them") {
  Many many(4);
  many.pass(kALot);
  for (const auto& one : many.all) send(one->client.get(), "more", 4, MSG_NOSIGNAL);
  many.relays.stop();
  for (const auto& one : many.all) {
    one->pair.reset();
    CHECK(received(one->server).ends_with("<end>"));
  }
}

TEST_CASE("an alarm rings once, in its time, unless taken back") {
  struct Ears final : EventHandler {
    void ready(int, std::uint32_t) override {}
    void rang(int tag) override { heard.push_back(tag); }
    std::vector<int> heard;
  } ears;
  EventQueue queue = EventQueue::make().value();
  Alarm late(queue, ears, 2), early(queue, ears, 1), never(queue, ears, 3);
  never.set_in(std::chrono::milliseconds(1));
  late.set_in(std::chrono::milliseconds(30));
  early.set_in(std::chrono::milliseconds(10));
  never.clear();
  turn_until(queue, [&] { return ears.heard.size() == 2; });
  CHECK(ears.heard == std::vector<int>{1, 2});
}

TEST_CASE("the addresses of a destination are tried in turn") {
  EventQueue queue = EventQueue::make().value();
  const Fd server = bound(SOCK_STREAM);
  Endpoint closed = end_of(bound(SOCK_STREAM));  // nobody listens there any more
  std::optional<Dialer::Outcome> outcome;
  Dialer dialer(queue, {closed, end_of(server)}, own_socket,
                [&](Dialer::Outcome result) { outcome = std::move(result); });
  dialer.start();
  turn_until(queue, [&] { return outcome.has_value(); });
  CHECK(outcome->socket);
  CHECK(outcome->to.port == end_of(server).port);

  outcome.reset();
  Dialer nobody(queue, {closed}, own_socket, [&](Dialer::Outcome result) { outcome = std::move(result); });
  nobody.start();
  turn_until(queue, [&] { return outcome.has_value(); });
  CHECK_FALSE(outcome->socket);
  CHECK(outcome->code == ECONNREFUSED);
}

TEST_CASE("addresses of this machine are known") {
  CHECK(is_own_address(*parse_ip("127.0.0.1")));
  CHECK_FALSE(is_own_address(*parse_ip("192.0.2.77")));
}

TEST_CASE("names of the hosts file are resolved, again from memory") {
  EventQueue queue = EventQueue::make().value();
  Resolver resolver(queue);
  for (int i = 0; i < 2; ++i) {
    std::optional<Resolver::Outcome> outcome;
    resolver.resolve("localhost", [&](const Resolver::Outcome& result) { outcome = result; });
    turn_until(queue, [&] { return outcome.has_value(); });
    REQUIRE(!outcome->addresses.empty());
    CHECK((outcome->addresses[0] == parse_ip("127.0.0.1") || outcome->addresses[0] == parse_ip("::1")));
  }
}

TEST_CASE("a question unanswered when the resolver goes is answered to nobody") {
  EventQueue queue = EventQueue::make().value();
  bool called = false;
  {
    Resolver resolver(queue);
    resolver.resolve("no-such-name.invalid", [&](const Resolver::Outcome&) { called = true; });
    called = false;
  }
  CHECK_FALSE(called);
}

// --- the gateway without its namespaces --------------------------------------------------------------------

namespace {

struct Gate {
  std::vector<Blocked> blocked;
  std::vector<Connection> ended;
  Endpoint names_by_udp, names_by_tcp;
  std::unique_ptr<Gateway> gateway;

  explicit Gate(const std::vector<std::string>& allow) {
    NetworkPolicy::Rules rules;
    for (const std::string& text : allow) rules.push_back({parse_network_rule(text).value(), {}});
    GatewaySockets sockets;
    sockets.name_datagrams = bound(SOCK_DGRAM);
    sockets.name_listener = bound(SOCK_STREAM);
    names_by_udp = end_of(sockets.name_datagrams);
    names_by_tcp = end_of(sockets.name_listener);
    gateway = Gateway::make(rules, {}, std::move(sockets),
                            {.blocked = [this](const Blocked& one) { blocked.push_back(one); },
                             .ended = [this](const Connection& one) { ended.push_back(one); }})
                  .value();
  }
  void until(const std::function<bool()>& holds) {
    turn_until(
        gateway->fd(), [&] { gateway->turn(); }, holds);
  }
  std::string ask(int type, const Endpoint& to, std::string message) {
    Fd client(socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const SocketAddress address = to_socket_address(to);
    REQUIRE(connect(client.get(), address.get(), address.size) == 0);
    send_all(client, message);
    std::string got;
    until([&] { return (got += received(client)).size() > 12; });
    return got;
  }
};

std::string question(const std::string& first, const std::string& second) {
  const auto label = [](const std::string& text) { return std::string(1, static_cast<char>(text.size())) + text; };
  return std::string("\x12\x34\x01\0\0\1\0\0\0\0\0\0", 12) + label(first) + label(second) +
         std::string("\0\0\1\0\1", 5);
}

}  // namespace

TEST_CASE("the name service answers names of the rules, and tells the others once") {
  Gate gate({"a.example"});
  const std::string known = gate.ask(SOCK_DGRAM, gate.names_by_udp, question("A", "example"));
  CHECK(known.ends_with(std::string("\xc6\x12\x01\x00", 4)));  // 198.18.1.0
  for (int i = 0; i < 3; ++i) {
    const std::string unknown = gate.ask(SOCK_DGRAM, gate.names_by_udp, question("b", "example"));
    CHECK((unknown[3] & 0xf) == 3);
  }
  REQUIRE(gate.blocked.size() == 1);
  CHECK(gate.blocked[0].who == "b.example");
  CHECK(missing_rule(gate.blocked[0]) == "b.example");
  gate.ask(SOCK_DGRAM, gate.names_by_udp, question("_http", "example"));
  CHECK(gate.blocked.size() == 1);
}

TEST_CASE("the name service answers over TCP, however the question is cut") {
  Gate gate({"a.example"});
  const std::string message = question("a", "example");
  const std::string framed = std::string(1, '\0') + static_cast<char>(message.size()) + message;
  const std::string answer = gate.ask(SOCK_STREAM, gate.names_by_tcp, framed + framed.substr(0, 5));
  CHECK(answer.ends_with(std::string("\xc6\x12\x01\x00", 4)));
  CHECK(static_cast<std::size_t>(answer[1]) == answer.size() - 2);
}

TEST_CASE("rules and published ports come and go while the gateway runs") {
  Gate gate({"a.example"});
  const std::string message = question("b", "example");
  const auto status = [&] { return gate.ask(SOCK_DGRAM, gate.names_by_udp, message)[3] & 0xf; };
  CHECK(status() == 3);
  const NetworkRule rule = parse_network_rule("b.example:5").value();
  gate.gateway->allow({rule, {}});
  CHECK(status() == 0);
  CHECK_FALSE(gate.gateway->take_back({rule, {.kind = OriginKind::file, .source = "another.toml"}}));
  CHECK(gate.gateway->take_back({rule, {}}));
  CHECK_FALSE(gate.gateway->take_back({rule, {}}));
  CHECK(status() == 3);
  CHECK(gate.blocked.size() == 2);  // told again: it was let through meanwhile

  PortListener published{.port = 1, .socket = bound(SOCK_STREAM)};
  const Endpoint end = end_of(published.socket);
  gate.gateway->publish(std::move(published));
  CHECK(gate.gateway->unpublish(end));
  CHECK_FALSE(gate.gateway->unpublish(end));
  Fd late(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress to = to_socket_address(end);
  CHECK(connect(late.get(), to.get(), to.size) < 0);
}
