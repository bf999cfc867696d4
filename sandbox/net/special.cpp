#include "net/special.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace snug {
namespace {

struct Row {
  std::string_view range;
  std::string_view what;
};

// IANA's special-purpose registries (RFC 6890 and its updates), everything there that is not "globally reachable", with
// what reaches such an address by another name. The first match names it.
constexpr Row rows[] = {
    {"0.0.0.0/8", "an address of this machine"},
    {"10.0.0.0/8", "a private address"},
    {"100.64.0.0/10", "a shared address of a provider's network"},
    {"127.0.0.0/8", "a loopback address"},
    {"169.254.0.0/16", "a link-local address, where clouds keep their metadata"},
    {"172.16.0.0/12", "a private address"},
    {"192.0.0.0/24", "an address of protocol assignments"},
    {"192.0.2.0/24", "an address for documentation"},
    {"192.88.99.0/24", "a relay of 6to4"},
    {"192.168.0.0/16", "a private address"},
    {kSyntheticRange, "an address for benchmarks"},
    {"198.51.100.0/24", "an address for documentation"},
    {"203.0.113.0/24", "an address for documentation"},
    {"224.0.0.0/4", "a multicast address"},
    {"240.0.0.0/4", "a reserved address"},
    {"::/96", "an address of this machine"},
    {"::ffff:0:0:0/96", "a translated IPv4 address"},
    {"64:ff9b::/96", "an IPv4 address behind NAT64"},
    {"64:ff9b:1::/48", "an IPv4 address behind NAT64"},
    {"100::/64", "an address that discards"},
    {"2001::/23", "an address of protocol assignments"},
    {"2001:db8::/32", "an address for documentation"},
    {"2002::/16", "an IPv4 address behind 6to4"},
    {"3fff::/20", "an address for documentation"},
    {"5f00::/16", "an address of segment routing"},
    {"fc00::/7", "a private address"},
    {"fe80::/10", "a link-local address"},
    {"fec0::/10", "a private address"},
    {"ff00::/8", "a multicast address"},
};

// RFC 6761, 6762, 8375, ICANN's .internal (where clouds keep their metadata), and what routers and offices make up.
constexpr std::string_view private_ends[] = {".localhost", ".local", ".internal", ".home.arpa", ".intranet",
                                             ".private",   ".corp",  ".home",     ".lan",       ".localdomain"};

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::vector<SpecialRange> read_rows() {
  std::vector<SpecialRange> ranges;
  for (const Row& row : rows) ranges.push_back({parse_ip_range(row.range).value(), row.what});
  return ranges;
}

}  // namespace

bool is_private_name(std::string_view name) {
  return name.find('.') == std::string_view::npos ||
         std::ranges::any_of(private_ends, [&](std::string_view end) { return name.ends_with(end); });
}

// All that inet_aton takes ends in a number; one of digits alone is no name here anyway.
bool reads_as_address(std::string_view name) {
  const std::string_view last = name.substr(name.find_last_of('.') + 1);
  return last.starts_with("0x") && is_hexadecimal(last.substr(2));
}

std::span<const SpecialRange> special_ranges() {
  static const std::vector<SpecialRange> ranges = read_rows();
  return ranges;
}

const SpecialRange* special_range(const IpAddress& address) {
  const auto all = special_ranges();
  const auto found = std::ranges::find_if(all, [&](const SpecialRange& row) { return row.range.contains(address); });
  return found == all.end() ? nullptr : &*found;
}

std::string_view what_it_is(const IpAddress& address) {
  const SpecialRange* special = special_range(address);
  return special != nullptr ? special->what : "an address of this machine";
}

}  // namespace snug
