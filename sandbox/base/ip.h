// Internet addresses and ranges of them as values. An IPv4 address is held as the IPv6 address it is mapped to, so that
// "1.2.3.4" and "::ffff:1.2.3.4" are one value. Which ranges are public is net/'s to say.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snug {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  ///< network order

  static IpAddress v4(std::uint32_t host_order);
  bool is_v4() const;
  /// Precondition: is_v4().
  std::uint32_t v4_value() const;
  auto operator<=>(const IpAddress&) const = default;
};

/// "10.0.0.1", "::1". No brackets, no zone ("%eth0"), no port. Four decimal numbers are always needed: "127.1" and
/// "0x7f.1" are no addresses here, whatever inet_aton(3) makes of them.
std::optional<IpAddress> parse_ip(std::string_view text);
std::string to_text(const IpAddress& address);

/// All addresses that share their first `bits` with `base`.
struct IpRange {
  IpAddress base;  ///< the bits behind the prefix are 0
  int bits = 128;  ///< 0-128, also of an IPv4 range: 10.0.0.0/8 has 104

  /// An IPv6 range that reaches over the mapped addresses ("::/0") holds no IPv4 address.
  bool contains(const IpAddress& address) const;
  /// Does every address of `other` lie in this range?
  bool contains(const IpRange& other) const;
  bool is_v4() const { return bits >= 96 && base.is_v4(); }
  bool operator==(const IpRange&) const = default;
};

/// "10.0.0.0/8", "fc00::/7", or an address alone. Bits behind the prefix are cleared.
std::optional<IpRange> parse_ip_range(std::string_view text);
/// The shortest form that parse_ip_range reads: an address alone where it is one.
std::string to_text(const IpRange& range);

}  // namespace snug
