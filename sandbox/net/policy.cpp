#include "net/policy.h"

#include <algorithm>
#include <bitset>

#include "net/special.h"

namespace snug {
namespace {

using Reason = Verdict::Reason;
using Who = NetworkRule::Who;

bool holds_port(std::span<const PortRange> ports, std::uint16_t port) {
  return std::ranges::any_of(ports, [port](PortRange range) { return port >= range.first && port <= range.last; });
}

bool is_tcp(const NetworkRule& rule) { return rule.protocol == NetworkRule::Protocol::tcp; }

bool lies_below(std::string_view name, std::string_view above) {
  return name.size() > above.size() + 1 && name.ends_with(above) && name[name.size() - above.size() - 1] == '.';
}

bool names(const NetworkRule& rule, std::string_view name) {
  if (!is_tcp(rule)) return false;
  if (rule.who == Who::name) return rule.name == name;
  if (rule.who == Who::below) return lies_below(name, rule.name);
  return rule.who == Who::anyone;
}

bool denies_address(const NetworkRule& rule, const IpAddress& address) {
  return is_tcp(rule) && (rule.who == Who::anyone || (rule.who == Who::range && rule.range.contains(address)));
}

// A range names a special address only from within: "0.0.0.0/0" is all that is public.
bool allows_address(const NetworkRule& rule, const IpAddress& address, const SpecialRange* special) {
  if (!is_tcp(rule)) return false;
  if (rule.who == Who::anyone) return special == nullptr;
  if (rule.who != Who::range || !rule.range.contains(address)) return false;
  return special == nullptr || special->range.contains(rule.range);
}

/// The rule of `rules` that matches at this port.
template <class Matches>
const Origin* find_rule(const Policy::Rules& rules, std::uint16_t port, auto ports, Matches matches) {
  for (const auto& rule : rules) {
    if (matches(rule.value) && holds_port(ports(rule.value), port)) return &rule.origin;
  }
  return nullptr;
}

template <class Matches>
bool any_rule(const Policy::Rules& rules, Matches matches) {
  return std::ranges::any_of(rules, [&](const auto& rule) { return matches(rule.value); });
}

template <class Denies, class Allows>
Verdict decide(const Policy::Rules& allow, const Policy::Rules& deny, std::uint16_t port, Denies denies,
               Allows allows) {
  if (const Origin* rule = find_rule(deny, port, denied_ports, denies)) return {Reason::denied, rule};
  if (const Origin* rule = find_rule(allow, port, allowed_ports, allows)) return {Reason::allowed, rule};
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

Verdict Policy::name(std::string_view name) const {
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
  return by_deny ? Verdict{Reason::denied, denial} : Verdict{Reason::no_rule, nullptr};
}

Verdict Policy::name(std::string_view name, std::uint16_t port) const {
  const auto matches = [name](const NetworkRule& rule) { return names(rule, name); };
  return decide(allow_, deny_, port, matches, matches);
}

Verdict Policy::address(const IpAddress& address, std::uint16_t port) const {
  const SpecialRange* special = special_range(address);
  const Verdict verdict = decide(
      allow_, deny_, port, [&](const NetworkRule& rule) { return denies_address(rule, address); },
      [&](const NetworkRule& rule) { return allows_address(rule, address, special); });
  const bool hidden = verdict.reason == Reason::no_rule && special != nullptr &&
                      any_rule(allow_, [&](const NetworkRule& rule) { return allows_address(rule, address, nullptr); });
  return hidden ? Verdict{Reason::not_public, nullptr} : verdict;
}

Verdict Policy::resolved(const IpAddress& address, std::uint16_t port) const {
  const Verdict verdict = this->address(address, port);
  if (verdict.allowed() || verdict.reason == Reason::denied) return verdict;
  if (special_range(address) == nullptr) return {Reason::allowed, nullptr};
  return {Reason::not_public, nullptr};
}

std::vector<IpRange> Policy::ranges() const {
  std::vector<IpRange> ranges;
  for (const auto& rule : allow_) {
    if (is_tcp(rule.value) && rule.value.who == Who::range) ranges.push_back(rule.value.range);
  }
  return ranges;
}

bool Policy::allows_anyone() const {
  return any_rule(allow_, [](const NetworkRule& rule) { return is_tcp(rule) && rule.who == Who::anyone; });
}

std::vector<std::uint16_t> ports_of(const Policy::Rules& allow) {
  std::bitset<65536> all;
  for (const auto& rule : allow) {
    if (!is_tcp(rule.value)) continue;
    for (const PortRange range : allowed_ports(rule.value)) {
      for (unsigned port = range.first; port <= range.last; ++port) all.set(port);
    }
  }
  std::vector<std::uint16_t> ports;
  for (unsigned port = 1; port < all.size(); ++port) {
    if (all.test(port)) ports.push_back(static_cast<std::uint16_t>(port));
  }
  return ports;
}

}  // namespace snug
