// What the network tells: destinations that were refused, and connections that have ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "net/policy.h"

namespace snug {

/// A destination that the rules refuse.
struct Blocked {
  NetworkRule::Protocol protocol = NetworkRule::Protocol::tcp;
  std::string who;         ///< a name or an address
  std::uint16_t port = 0;  ///< 0: the name at any port
  NetworkVerdict::Reason reason = NetworkVerdict::Reason::no_rule;
  Origin rule;           ///< denied: the rule
  std::string resolved;  ///< not_public: the address that the name leads to; empty if `who` is an address
  std::string what;      ///< not_public: what kind of address, "a private address"
  std::string by_proxy;  ///< the rules let it through, but not the host's proxy: in words
};

/// "example.com:443", "[::1]:80", or without a port of 0 the host alone.
std::string host_and_port(const std::string& host, std::uint16_t port);

/// The rule of network.allow that would have let it through; empty where a rule of network.deny or a proxy stands
/// against it.
std::string missing_rule(const Blocked& blocked);

struct Connection {
  enum class Kind {
    out,        ///< from the sandbox, by the rules
    host_port,  ///< from the sandbox to a port of the host's loopback (network.host-ports)
    published   ///< from the host to a port of the sandbox's (network.publish)
  } kind = Kind::out;
  enum class End {
    blocked,      ///< by the rules
    unresolved,   ///< the name has no address
    unreachable,  ///< no address of it answered
    closed,
    broken,  ///< by a reset from either side
  } end = End::closed;
  NetworkRule::Protocol protocol = NetworkRule::Protocol::tcp;
  std::chrono::system_clock::time_point start;
  std::chrono::milliseconds duration{0};
  std::string name;     ///< empty: the destination was an address
  std::string address;  ///< what it led to; empty: nothing, or only the proxy knows
  std::string proxy;    ///< through which it was reached, "proxy.example:3128"; empty: none
  std::uint16_t port = 0;
  std::uint64_t sent = 0, received = 0;  ///< bytes, as the side sees it that began the connection
  std::string problem;                   ///< unresolved, unreachable
  std::string server_name;               ///< what a TLS client said it wants; empty: nothing, or it was not looked at
};

struct NetworkEvents {
  std::function<void(const Blocked&)> blocked;   ///< the first time
  std::function<void(const Connection&)> ended;  ///< null: nobody wants to know
};

}  // namespace snug
