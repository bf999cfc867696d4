// One connection of the sandbox from its acceptance to its end: destination, rules, name, connection, bytes.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "net/buffers.h"
#include "net/dialer.h"
#include "net/door.h"
#include "net/event_queue.h"
#include "net/policy.h"
#include "net/relays.h"
#include "net/report.h"
#include "net/resolver.h"
#include "net/socket_pair.h"
#include "net/tunnel.h"
#include "profile/proxy.h"
#include "sys/inet.h"

namespace snug {

/// Where a connection is meant to go.
struct Destination {
  Connection::Kind kind = Connection::Kind::out;
  std::string name;  ///< with Kind::out; empty: an address alone
  /// out: the rules decide (with a name only the port counts). Else: a port of the other side's loopback.
  Endpoint end;
  std::optional<Way> way;  ///< it waits at the door; else it has been accepted
};

class Passage final : public EventHandler {
 public:
  /// What all passages share; lives longer than they.
  struct Surroundings {
    EventQueue& queue;
    Buffers& buffers;
    Relays& relays;
    Resolver& resolver;
    const NetworkPolicy& policy;
    const UpstreamProxy* proxy;        ///< null: none
    Door* door;                        ///< for destinations with a way
    Dialer::MakeSocket socket_inside;  ///< for Kind::published
    std::function<void(const Blocked&)> blocked;
    bool read_server_names;
    std::function<void(std::uint64_t number, const Connection&)> ended;  ///< destroy it later, not from within
    std::function<Passage*(std::uint64_t number)> find;                  ///< a name's answer may come after the end
  };

  /// Without a client: it waits at the door, and enters if the other end can be reached.
  Passage(Surroundings& around, std::uint64_t number, Fd client, Destination destination);
  /// Precondition: `find` finds it. May end it at once.
  void start();
  void entered(Fd client);
  /// Its sender has given up before it entered.
  void left();
  /// The sandbox has ended.
  void stop();

 private:
  void rang(int tag) override;
  void ready(int, std::uint32_t) override {}
  void go_out();
  bool has_proxy() const { return !record_.proxy.empty(); }
  bool needs_proxy() const;
  void go_to_proxy(const NetworkVerdict& verdict);
  void proxy_resolved(const Resolver::Outcome& outcome);
  void ask_proxy(Dialer::Outcome outcome);
  void tunnelled(Tunnel::Outcome outcome);
  void fail_at_proxy(const std::string& problem, Door::Refusal refusal);
  void tell_of_proxy(const std::string& problem);
  void resolve(const std::string& name);
  void resolved(const Resolver::Outcome& outcome);
  void dial(std::vector<Endpoint> ends);
  void dialled(Dialer::Outcome outcome);
  void refuse(const NetworkVerdict& verdict, const IpAddress* resolved);
  void reached(Fd server);
  void relay(Fd server);
  bool read_hello_in(std::span<const char> bytes);
  void end(Connection::End how, std::string problem = {}, Door::Refusal refusal = Door::Refusal::silent);

  Surroundings& around_;
  const std::uint64_t number_;
  Fd client_;
  Fd server_;  // connected, while the client is about to enter
  const Destination destination_;
  Connection record_;
  const EventQueue::Clock::time_point start_ = EventQueue::Clock::now();
  Alarm alarm_;
  std::optional<Dialer> dialer_;
  std::optional<Tunnel> tunnel_;
  std::optional<SocketPair> pair_;
  std::vector<std::uint8_t> first_bytes_;  // of the client, until its hello is there
  bool over_ = false;
};

}  // namespace snug
