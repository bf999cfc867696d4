#include "net/policy.h"

#include <algorithm>

#include "net/special.h"

namespace snug {
namespace {

using Reason = NetworkVerdict::Reason;
using Who = NetworkRule::Who;

bool holds_port(std::span<const PortRange> ports, std::uint16_t port) {
  return std::ranges::any_of(ports, [port](PortRange range) { return port >= range.first && port <= range.last; });
}

bool lies_below(std::string_view name, std::string_view above) {
  return name.size() > above.size() + 1 && name.ends_with(above) && name[name.size() - above.size() - 1] == '.';
}

bool names(const NetworkRule& rule, std::string_view name) {
  if (rule.who == Who::name) return rule.name == name;
  if (rule.who == Who::below) return lies_below(name, rule.name);
  return rule.who == Who::anyone;
}

bool denies_address(const NetworkRule& rule, const IpAddress& address) {
  return rule.who == Who::anyone || (rule.who == Who::range && rule.range.contains(address));
}

// A range names a special address only from within: "0.0.0.0/0" is all that is public.
bool allows_address(const NetworkRule& rule, const IpAddress& address, const SpecialRange* special) {
  if (rule.who == Who::anyone) return special == nullptr;
  if (rule.who != Who::range || !rule.range.contains(address)) return false;
  return special == nullptr || special->range.contains(rule.range);
}

/// The rule of `rules` that matches at this port.
template <class Matches>
const Sourced<NetworkRule>* find_rule(const NetworkPolicy::Rules& rules, std::uint16_t port, auto ports,
                                      Matches matches) {
  for (const auto& rule : rules) {
    if (matches(rule.value) && holds_port(ports(rule.value), port)) return &rule;
  }
  return nullptr;
}

template <class Matches>
bool any_rule(const NetworkPolicy::Rules& rules, Matches matches) {
  return std::ranges::any_of(rules, [&](const auto& rule) { return matches(rule.value); });
}

template <class Denies, class Allows>
NetworkVerdict decide(const NetworkPolicy::Rules& allow, const NetworkPolicy::Rules& deny, std::uint16_t port,
                      Denies denies, Allows allows) {
  if (const auto* rule = find_rule(deny, port, denied_ports, denies)) return {Reason::denied, &rule->origin};
  if (const auto* rule = find_rule(allow, port, allowed_ports, allows)) {
    return {Reason::allowed, &rule->origin, rule->value.who == Who::range, rule->value.who == Who::anyone};
  }
  return {any_rule(allow, allows) ? Reason::other_ports : Reason::no_rule, nullptr};
}

// The first port from `port` on, up to `last`, that no range holds; above `last` if there is none.
unsigned first_left(const std::vector<PortRange>& denied, unsigned port, unsigned last) {
  for (bool moved = true; moved && port <= last;) {
    moved = false;
    for (const PortRange range : denied) {
      if (port < range.first || port > range.last) continue;
      port = range.last + 1U;
      moved = true;
    }
  }
  return port;
}

}  // namespace

NetworkVerdict by_proxy(const NetworkVerdict& verdict, std::string_view name) {
  const bool refused = verdict.allowed() && (reads_as_address(name) || (verdict.by_anyone && is_private_name(name)));
  return refused ? NetworkVerdict{Reason::not_public, nullptr} : verdict;
}

NetworkPolicy::NetworkPolicy(Rules allow, Rules deny, Protocol protocol)
    : allow_(std::move(allow)), deny_(std::move(deny)) {
  std::erase_if(allow_, [protocol](const auto& rule) { return rule.value.protocol != protocol; });
  if (protocol == Protocol::udp) return;
  std::erase_if(deny_, [](const auto& rule) { return rule.value.protocol == Protocol::udp; });
}

NetworkVerdict NetworkPolicy::name(std::string_view name) const {
  const auto matches = [name](const NetworkRule& rule) { return names(rule, name); };
  std::vector<PortRange> denied;
  const Origin* denial = nullptr;
  for (const auto& rule : deny_) {
    if (!matches(rule.value)) continue;
    const auto ports = denied_ports(rule.value);
    denied.insert(denied.end(), ports.begin(), ports.end());
    denial = &rule.origin;
  }
  bool named = false;
  for (const auto& rule : allow_) {
    if (!matches(rule.value)) continue;
    named = true;
    for (const PortRange range : allowed_ports(rule.value)) {
      if (first_left(denied, range.first, range.last) <= range.last) return {Reason::allowed, &rule.origin};
    }
  }
  const bool by_deny = denial != nullptr && (named || first_left(denied, 1, 65535) > 65535);
  return by_deny ? NetworkVerdict{Reason::denied, denial} : NetworkVerdict{Reason::no_rule, nullptr};
}

NetworkVerdict NetworkPolicy::name(std::string_view name, std::uint16_t port) const {
  const auto matches = [name](const NetworkRule& rule) { return names(rule, name); };
  return decide(allow_, deny_, port, matches, matches);
}

NetworkVerdict NetworkPolicy::address(const IpAddress& address, std::uint16_t port) const {
  const SpecialRange* special = special_range(address);
  const NetworkVerdict verdict = decide(
      allow_, deny_, port, [&](const NetworkRule& rule) { return denies_address(rule, address); },
      [&](const NetworkRule& rule) { return allows_address(rule, address, special); });
  const bool hidden = verdict.reason == Reason::no_rule && special != nullptr &&
                      any_rule(allow_, [&](const NetworkRule& rule) { return allows_address(rule, address, nullptr); });
  return hidden ? NetworkVerdict{Reason::not_public, nullptr} : verdict;
}

NetworkVerdict NetworkPolicy::resolved(const IpAddress& address, std::uint16_t port) const {
  const NetworkVerdict verdict = this->address(address, port);
  if (verdict.allowed() || verdict.reason == Reason::denied) return verdict;
  if (special_range(address) == nullptr) return {Reason::allowed, nullptr};
  return {Reason::not_public, nullptr};
}

bool NetworkPolicy::take_back(const Sourced<NetworkRule>& rule) {
  const auto is_it = [&](const Sourced<NetworkRule>& one) {
    return one.value == rule.value && one.origin.kind == rule.origin.kind &&
           one.origin.source.str() == rule.origin.source.str();
  };
  return std::erase_if(allow_, is_it) > 0;
}

}  // namespace snug
