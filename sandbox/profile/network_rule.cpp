#include "profile/network_rule.h"

#include <algorithm>
#include <optional>

#include "base/quote.h"
#include "base/suggest.h"
#include "profile/ports.h"
#include "profile/punycode.h"

namespace snug {
namespace {

constexpr std::size_t kMostPortRanges = 64;

/// A rule cut in two; `ports` has no value where none were written.
struct RuleParts {
  std::string_view who;
  std::optional<std::string_view> ports;
};

RuleParts cut_at(std::string_view rule, std::size_t colon) {
  if (colon == std::string_view::npos) return {rule, {}};
  return {rule.substr(0, colon), rule.substr(colon + 1)};
}

// IPv6 has colons of its own: with brackets a port may follow, without them none can.
RuleParts split_rule(std::string_view rule) {
  if (rule.starts_with('[')) {
    const std::size_t bracket = std::min(rule.find(']'), rule.size());
    return cut_at(rule, rule.find(':', bracket));
  }
  if (std::ranges::count(rule, ':') > 1) return {rule, {}};
  return cut_at(rule, rule.find(':'));
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_label(std::string_view label) {
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, allowed);
}

bool only_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// "ADDRESS", "[ADDRESS]", "ADDRESS/BITS", "[ADDRESS/BITS]", "[ADDRESS]/BITS"; brackets are for IPv6 only.
std::optional<IpRange> bracketed_range(std::string_view who) {
  if (!who.starts_with('[')) return parse_ip_range(who);
  const std::size_t bracket = who.find(']');
  if (bracket == std::string_view::npos) return {};
  const std::string_view inner = who.substr(1, bracket - 1);
  if (inner.find(':') == std::string_view::npos) return {};
  return parse_ip_range(std::string(inner).append(who.substr(bracket + 1)));
}

// --- what is wrong --------------------------------------------------------------------------------------

Error bad_rule(std::string_view rule) {
  return {.what = quote_for_display(rule) +
                  " is no host, address or range; write such as \"example.com\", \"*.example.com:22,443\", "
                  "\"10.0.0.0/8:5432\" or \"[::1]:8080\""};
}

Error not_ascii(std::string_view rule, std::string_view who) {
  const std::string form = ascii_host_name(who);
  if (form.empty()) return bad_rule(rule);
  return {.what = quote_for_display(rule) + " holds letters that names on the network cannot hold; write " +
                  quote_for_display(form)};
}

Error unknown_group(std::string_view rule, std::string_view name) {
  std::vector<std::string_view> known;
  std::string all;
  for (const NetworkGroup& group : network_groups()) {
    known.push_back(group.name);
    all += (all.empty() ? "@" : ", @") + std::string(group.name);
  }
  const std::string_view near = nearest_word(name, known);
  const std::string hint = near.empty() ? "; there are " + all : "; did you mean \"@" + std::string(near) + "\"?";
  return {.what = quote_for_display(rule) + " is no known group" + hint};
}

// --- ports ----------------------------------------------------------------------------------------------

std::optional<PortRange> port_range(std::string_view text) {
  if (text == "*") return PortRange{1, 65535};
  const std::size_t dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last || *first > *last) return {};
  return PortRange{*first, *last};
}

Result<std::vector<PortRange>> port_list(std::string_view rule, std::string_view text) {
  std::vector<PortRange> ports;
  for (const std::string_view part : split(text, ',')) {
    const auto range = port_range(part);
    if (!range) return bad_port(rule, part);
    if (ports.size() == kMostPortRanges) return Error{.what = quote_for_display(rule) + ": too many ports"};
    ports.push_back(*range);
  }
  return ports;
}

// --- who ------------------------------------------------------------------------------------------------

Result<NetworkRule> parse_who(std::string_view rule, std::string_view who) {
  using Who = NetworkRule::Who;
  if (who == "*") return NetworkRule{.who = Who::anyone};
  if (const auto range = bracketed_range(who)) return NetworkRule{.who = Who::range, .range = *range};
  const bool below = who.starts_with("*.");
  std::string name = normalise_host_name(below ? who.substr(2) : who);
  if (!name.empty()) return NetworkRule{.who = below ? Who::below : Who::name, .name = std::move(name)};
  return not_ascii(rule, who);
}

Result<NetworkRule> parse_group(std::string_view rule, const RuleParts& parts) {
  const std::string_view name = parts.who.substr(1);
  if (!find_network_group(name)) return unknown_group(rule, name);
  if (parts.ports) {
    return Error{.what =
                     quote_for_display(rule) + ": a group has ports of its own; write " + quote_for_display(parts.who)};
  }
  return NetworkRule{.who = NetworkRule::Who::group, .name = std::string(name)};
}

std::string to_text(const PortRange& range) {
  if (range == PortRange{1, 65535}) return "*";
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + "-" + std::to_string(range.last);
}

std::string who_text(const NetworkRule& rule) {
  switch (rule.who) {
    case NetworkRule::Who::anyone:
      return "*";
    case NetworkRule::Who::name:
      return rule.name;
    case NetworkRule::Who::below:
      return "*." + rule.name;
    case NetworkRule::Who::group:
      return "@" + rule.name;
    case NetworkRule::Who::range:
      break;
  }
  const bool brackets = !rule.range.is_v4() && !rule.ports.empty();
  return brackets ? "[" + to_text(rule.range) + "]" : to_text(rule.range);
}

}  // namespace

std::string normalise_host_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string lower = lower_case(name);
  if (lower.size() > 253) return {};
  const std::vector<std::string_view> labels = split(lower, '.');
  const bool good = std::ranges::all_of(labels, is_label) && !only_digits(labels.back());
  return good ? lower : std::string();
}

Result<NetworkRule> parse_network_rule(std::string_view text) {
  constexpr std::string_view kUdp = "udp://";
  const bool udp = text.starts_with(kUdp);
  const RuleParts parts = split_rule(udp ? text.substr(kUdp.size()) : text);
  if (parts.who.starts_with('@') && !udp) return parse_group(text, parts);
  if (text.find("://", udp ? kUdp.size() : 0) != std::string_view::npos) return bad_rule(text);
  auto rule = parse_who(text, parts.who);
  if (!rule) return rule;
  if (udp) rule->protocol = NetworkRule::Protocol::udp;
  if (udp && !parts.ports) {
    return Error{.what = quote_for_display(text) + ": udp has no usual ports; write such as \"" + std::string(text) +
                         ":123\""};
  }
  if (!parts.ports) return rule;
  auto ports = port_list(text, *parts.ports);
  if (!ports) return ports.error();
  rule->ports = std::move(ports).value();
  return rule;
}

Result<std::vector<NetworkRule>> parse_network_rules(std::string_view text) {
  auto rule = parse_network_rule(text);
  if (!rule) return std::move(rule).error();
  if (rule->who != NetworkRule::Who::group) return std::vector<NetworkRule>{std::move(rule).value()};
  std::vector<NetworkRule> rules;
  for (const char* const inner : find_network_group(rule->name)->rules) {
    rules.push_back(parse_network_rule(inner).value());  // a test reads every one
  }
  return rules;
}

std::span<const PortRange> allowed_ports(const NetworkRule& rule) {
  static constexpr PortRange usual[] = {{80, 80}, {443, 443}};
  return rule.ports.empty() ? std::span<const PortRange>(usual) : rule.ports;
}

std::span<const PortRange> denied_ports(const NetworkRule& rule) {
  static constexpr PortRange all[] = {{1, 65535}};
  return rule.ports.empty() ? std::span<const PortRange>(all) : rule.ports;
}

std::string to_text(const NetworkRule& rule) {
  std::string text = rule.protocol == NetworkRule::Protocol::udp ? "udp://" : "";
  text += who_text(rule);
  for (std::size_t i = 0; i < rule.ports.size(); ++i) text += (i == 0 ? ":" : ",") + to_text(rule.ports[i]);
  return text;
}

}  // namespace snug
