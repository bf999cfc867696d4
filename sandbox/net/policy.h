// What the rules of network.allow and network.deny say about a name or an address at a port. Pure: knows no sockets.
//
// - A rule of deny wins over every rule of allow.
// - A name is allowed by a rule that names it, a name above it ("*.") or anyone ("*").
// - An address is allowed by a range; a public one also by "*".
// - An address that is not public (special.h) is allowed only by a range that lies within what makes it special:
//   "10.0.0.0/8", not "0.0.0.0/0". That holds for what an allowed name resolves to as well, or whoever answers for the
//   name could lead into the host's own networks.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/origin.h"
#include "profile/network_rule.h"

namespace snug {

struct NetworkVerdict {
  enum class Reason {
    allowed,
    denied,       ///< a rule of network.deny
    no_rule,      ///< no rule of network.allow names it
    other_ports,  ///< one does, but not at this port
    not_public,   ///< only by rules that do not reach special addresses
  } reason = Reason::no_rule;
  const Origin* rule = nullptr;  ///< allowed, denied: which. Lives as long as the policy
  bool by_range = false;         ///< allowed: the rule names the address itself, not anyone
  bool by_anyone = false;        ///< allowed: the rule is "*", which names nobody
  bool allowed() const { return reason == Reason::allowed; }
};

/// What is left of a verdict about a name where a proxy looks it up, so that nobody here sees what it leads to: "*"
/// opens no names that only networks of their own have, and none is let through that might be taken for an address
/// (special.h).
NetworkVerdict by_proxy(const NetworkVerdict& verdict, std::string_view name);

class NetworkPolicy {
 public:
  using Rules = std::vector<Sourced<NetworkRule>>;

  using Protocol = NetworkRule::Protocol;

  /// For one protocol: of network.allow the rules of that one count, of network.deny those of tcp for udp as well, or
  /// what is denied would be reached another way. Precondition: no groups (they are expanded in the plan).
  NetworkPolicy(Rules allow, Rules deny, Protocol protocol = Protocol::tcp);
  /// Allows nothing.
  NetworkPolicy() = default;

  /// May some port of the name be reached, so that it has an address inside? Precondition for names: normalised.
  NetworkVerdict name(std::string_view name) const;
  NetworkVerdict name(std::string_view name, std::uint16_t port) const;
  /// A destination given by its address alone.
  NetworkVerdict address(const IpAddress& address, std::uint16_t port) const;
  /// What an allowed name resolved to: a public address needs no rule of its own.
  NetworkVerdict resolved(const IpAddress& address, std::uint16_t port) const;

  /// Rules that come while connections are made: the next one is decided with them. Precondition: of the protocol.
  void allow(Sourced<NetworkRule> rule) { allow_.push_back(std::move(rule)); }
  /// Takes out every rule of network.allow that says the same and comes from the same source. False: there was none.
  bool take_back(const Sourced<NetworkRule>& rule);

 private:
  Rules allow_, deny_;
};

}  // namespace snug
