// Which addresses are not the public internet: those a sandbox reaches only by a rule that names them.
#pragma once

#include <span>
#include <string_view>

#include "base/ip.h"

namespace snug {

struct SpecialRange {
  IpRange range;
  std::string_view what;  ///< "a private address"
};

/// The range that `address` is special by; nothing for a public address. IPv6 addresses that carry an IPv4 address
/// (NAT64, 6to4, Teredo) are special whatever they carry: a translator on the way makes them reach it.
const SpecialRange* special_range(const IpAddress& address);

std::span<const SpecialRange> special_ranges();

/// In words, of an address that was refused for what it is: that, or this machine's own.
std::string_view what_it_is(const IpAddress& address);

/// Does the name belong to networks of their own, by its shape or by its end: no name of the public internet?
/// Precondition: normalised.
bool is_private_name(std::string_view name);

/// Might somebody who resolves the name by inet_aton(3) take it for an address: "0x7f000001", "1.0x7f"? Precondition:
/// normalised.
bool reads_as_address(std::string_view name);

/// What the sandbox's names stand for: the addresses of RFC 2544, which no network routes.
inline constexpr std::string_view kSyntheticRange = "198.18.0.0/15";

}  // namespace snug
