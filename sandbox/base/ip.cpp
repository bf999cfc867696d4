#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace snug {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

bool share_bits(const IpAddress& a, const IpAddress& b, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + static_cast<std::ptrdiff_t>(whole), b.bytes.begin())) return false;
  if (bits % 8 == 0) return true;
  const int mask = 0xff & (0xff00 >> (bits % 8));
  return ((a.bytes[whole] ^ b.bytes[whole]) & mask) == 0;
}

IpAddress first_bits(const IpAddress& address, int bits) {
  IpAddress cut;
  for (int i = 0; i < bits; ++i) cut.bytes[i / 8] |= address.bytes[i / 8] & (0x80 >> (i % 8));
  return cut;
}

std::optional<int> prefix_length(std::string_view text, int most) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stop != end || value < 0 || value > most || text.starts_with("-")) return {};
  return value;
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  std::ranges::copy(kMapped, address.bytes.begin());
  for (int i = 0; i < 4; ++i) address.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

std::uint32_t IpAddress::v4_value() const {
  std::uint32_t value = 0;
  for (int i = 12; i < 16; ++i) value = value << 8 | bytes[i];
  return value;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  char copy[INET6_ADDRSTRLEN + 1] = {};
  if (text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return {};
  std::ranges::copy(text, copy);
  IpAddress address;
  if (inet_pton(AF_INET6, copy, address.bytes.data()) == 1) return address;
  in_addr v4{};
  if (inet_pton(AF_INET, copy, &v4) == 1) return IpAddress::v4(ntohl(v4.s_addr));
  return {};
}

std::string to_text(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = address.is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data() + (v4 ? 12 : 0), text, sizeof text);
  return text;
}

bool IpRange::contains(const IpAddress& address) const {
  if (bits < kMappedBits && address.is_v4()) return false;
  return share_bits(base, address, bits);
}

bool IpRange::contains(const IpRange& other) const { return other.bits >= bits && contains(other.base); }

std::optional<IpRange> parse_ip_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return {};
  if (slash == std::string_view::npos) return IpRange{*address, 128};
  // "::ffff:10.0.0.0/104" counts its bits as IPv6 does, "10.0.0.0/8" as IPv4 does.
  const bool written_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const auto length = prefix_length(text.substr(slash + 1), written_v4 ? 32 : 128);
  if (!length) return {};
  const int bits = written_v4 ? *length + kMappedBits : *length;
  return IpRange{first_bits(*address, bits), bits};
}

std::string to_text(const IpRange& range) {
  if (range.bits == 128) return to_text(range.base);
  return to_text(range.base) + "/" + std::to_string(range.is_v4() ? range.bits - kMappedBits : range.bits);
}

}  // namespace snug
