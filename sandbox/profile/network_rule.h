// One rule of network.allow or network.deny as a value: whom it names, at which ports, by which protocol. The only
// parser of rules; what follows from a list of them is net/policy.h's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace snug {

struct PortRange {
  std::uint16_t first = 0, last = 0;  ///< both included
  bool operator==(const PortRange&) const = default;
};

struct NetworkRule {
  enum class Who {
    anyone,  ///< "*": any name, any public address
    name,    ///< "example.com", and nothing below it
    below,   ///< "*.example.com": every name below it, not itself
    range,   ///< an address or a range of them
    group,   ///< "@pypi"
  } who = Who::anyone;
  enum class Protocol { tcp, udp } protocol = Protocol::tcp;
  std::string name;  ///< name, below: normalised; group: without '@'
  IpRange range;
  std::vector<PortRange> ports;  ///< as written; empty: none were written
  bool operator==(const NetworkRule&) const = default;
};

/// "[udp://]WHO[:PORT[-PORT][,PORT[-PORT]...]]"; the port "*" is all of them. WHO is a host name, "*.name", "*", an
/// address, a range "10.0.0.0/8", with IPv6 in brackets when a port follows, or the name of a group, "@pypi", which
/// has ports of its own. Errors say how to write it.
Result<NetworkRule> parse_network_rule(std::string_view text);

/// The ports of a rule of network.allow: those written, else 80 and 443.
std::span<const PortRange> allowed_ports(const NetworkRule& rule);
/// The ports of a rule of network.deny: those written, else all.
std::span<const PortRange> denied_ports(const NetworkRule& rule);

/// A rule as parse_network_rule reads it, or those of the group that it names.
Result<std::vector<NetworkRule>> parse_network_rules(std::string_view text);

/// What parse_network_rule reads as the same rule.
std::string to_text(const NetworkRule& rule);

/// A host name as names are compared: lower case, no dot at the end. Empty if it is none: a label that is empty, longer
/// than 63 characters or holds anything but ASCII letters, digits, '-' and '_', more than 253 characters, or a
/// last label of digits alone, which is an address gone wrong ("10.0.0.300").
std::string normalise_host_name(std::string_view name);

/// The services many projects need, by the name a rule gives them: "@pypi".
struct NetworkGroup {
  std::string_view name;
  std::string_view what;               ///< a few words for people
  std::span<const char* const> rules;  ///< as parse_network_rule reads them; no group among them
};
std::span<const NetworkGroup> network_groups();
/// Nothing if there is no such group.
const NetworkGroup* find_network_group(std::string_view name);

}  // namespace snug
