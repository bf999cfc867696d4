#include "profile/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "base/quote.h"

namespace snug {
namespace {

bool is_address(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return text.find('\0') == std::string_view::npos && inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stop != end) return {};
  return value;
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  const std::optional<unsigned> value = number(text);
  if (!value || *value < 1 || *value > 65535) return {};
  return static_cast<std::uint16_t>(*value);
}

Error bad_port(std::string_view whole, std::string_view port) {
  return {.what = quote_for_display(whole) + ": " + quote_for_display(port) + " is no port; ports are 1 to 65535"};
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// --- network rules --------------------------------------------------------------------------------------

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

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_label(std::string_view label) {
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, allowed);
}

// A last label of digits alone is an address gone wrong ("10.0.0.300"), never a name.
bool is_host_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > 253) return false;
  const std::vector<std::string_view> labels = split(name, '.');
  return std::ranges::all_of(labels, is_label) && !number(labels.back());
}

bool is_prefix(std::string_view text, unsigned most) {
  const std::optional<unsigned> bits = number(text);
  return bits && *bits <= most;
}

// "ADDRESS" or "ADDRESS/BITS", IPv6 with or without brackets around either.
bool is_address_or_range(std::string_view who) {
  std::string text(who);
  std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
  if (std::ranges::count(who, '[') != std::ranges::count(who, ']') || std::ranges::count(who, '[') > 1) return false;
  const bool bracketed = text.size() != who.size();
  if (bracketed && !who.starts_with('[')) return false;
  const std::vector<std::string_view> parts = split(text, '/');
  if (parts.size() > 2) return false;
  if (is_address(AF_INET6, parts[0])) return parts.size() == 1 || is_prefix(parts[1], 128);
  return !bracketed && is_address(AF_INET, parts[0]) && (parts.size() == 1 || is_prefix(parts[1], 32));
}

bool is_group(std::string_view who) { return who.starts_with('@') && is_label(who.substr(1)); }

bool is_who(std::string_view who) {
  if (who == "*") return true;
  return is_host_name(who.starts_with("*.") ? who.substr(2) : who) || is_address_or_range(who);
}

Error bad_rule(std::string_view rule) {
  return {.what = quote_for_display(rule) +
                  " is no host, address or range; write such as \"example.com\", \"*.example.com:22,443\", "
                  "\"10.0.0.0/8:5432\" or \"[::1]:8080\""};
}

}  // namespace

Result<void> check_network_rule(std::string_view rule) {
  const RuleParts parts = split_rule(rule);
  if (is_group(parts.who)) {
    if (!parts.ports) return {};
    return Error{.what =
                     quote_for_display(rule) + ": a group has ports of its own; write " + quote_for_display(parts.who)};
  }
  const bool is_url = rule.find("://") != std::string_view::npos;
  if (is_url || !is_who(parts.who)) return bad_rule(rule);
  if (!parts.ports) return {};
  for (const std::string_view port : split(*parts.ports, ',')) {
    if (!port_number(port)) return bad_port(rule, port);
  }
  return {};
}

// --- published ports ------------------------------------------------------------------------------------

namespace {

struct AddressAndPorts {
  std::string_view address;  ///< empty: none written
  std::string_view ports;
};

AddressAndPorts split_published(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find("]:");
    if (bracket != std::string_view::npos) return {text.substr(1, bracket - 1), text.substr(bracket + 2)};
  }
  const std::size_t colon = text.find(':');
  const std::string_view first = text.substr(0, colon);
  const bool is_port = !first.empty() && std::ranges::all_of(first, [](char c) { return c >= '0' && c <= '9'; });
  if (is_port || colon == std::string_view::npos) return {{}, text};
  return {first, text.substr(colon + 1)};
}

Error bad_published(std::string_view text) {
  return {.what = quote_for_display(text) +
                  " is not [ADDRESS:]PORT[:PORT]; write such as \"8080\", \"3000:80\" or \"127.0.0.1:3000:80\""};
}

Error bad_address(std::string_view text, std::string_view address) {
  return {.what = quote_for_display(text) + ": " + quote_for_display(address) +
                  " is no address; write one such as \"127.0.0.1\" or \"[::1]\""};
}

}  // namespace

Result<Published> parse_published(std::string_view text) {
  const AddressAndPorts parts = split_published(text);
  const bool has_address = parts.address.data() != nullptr;
  if (has_address && !is_address(AF_INET, parts.address) && !is_address(AF_INET6, parts.address)) {
    return bad_address(text, parts.address);
  }
  const std::vector<std::string_view> ports = split(parts.ports, ':');
  if (ports.size() > 2 || parts.ports.empty()) return bad_published(text);
  const std::optional<std::uint16_t> host = port_number(ports.front());
  if (!host) return bad_port(text, ports.front());
  const std::optional<std::uint16_t> sandbox = port_number(ports.back());
  if (!sandbox) return bad_port(text, ports.back());
  Published published{.host_port = *host, .sandbox_port = *sandbox};
  if (has_address) published.address = parts.address;
  return published;
}

}  // namespace snug
