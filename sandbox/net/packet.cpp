#include "net/packet.h"

#include <algorithm>

namespace snug {
namespace {

using Bytes = std::span<const std::uint8_t>;

enum Protocol : std::uint8_t { icmp = 1, tcp = 6, udp = 17, icmp6 = 58 };
enum TcpFlag : std::uint8_t { syn = 0x02, rst = 0x04, ack = 0x10 };

constexpr std::size_t kIpv4 = 20, kIpv6 = 40, kTcp = 20, kUdp = 8;
constexpr std::uint8_t kTimeToLive = 64;

std::uint16_t number16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t number32(Bytes bytes, std::size_t at) {
  return std::uint32_t{number16(bytes, at)} << 16 | number16(bytes, at + 2);
}

void put16(Packet& out, std::size_t number) {
  out.push_back(static_cast<std::uint8_t>(number >> 8));
  out.push_back(static_cast<std::uint8_t>(number));
}

void put32(Packet& out, std::uint32_t number) {
  put16(out, number >> 16);
  put16(out, number & 0xffff);
}

void set16(Packet& out, std::size_t at, std::uint16_t number) {
  out[at] = static_cast<std::uint8_t>(number >> 8);
  out[at + 1] = static_cast<std::uint8_t>(number);
}

IpAddress v6_address(Bytes bytes, std::size_t at) {
  IpAddress address;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 16, address.bytes.begin());
  return address;
}

/// What an IP header says, and what is behind it.
struct Inner {
  IpAddress from, to;
  std::uint8_t protocol = 0;
  Bytes payload;
};

std::optional<Inner> open_v4(Bytes packet) {
  if (packet.size() < kIpv4) return {};
  const std::size_t header = (packet[0] & 0xfU) * 4;
  const bool fragment = (number16(packet, 6) & 0x3fff) != 0;  // more of them, or not the first
  if (header < kIpv4 || header > packet.size() || fragment) return {};
  return Inner{IpAddress::v4(number32(packet, 12)), IpAddress::v4(number32(packet, 16)), packet[9],
               packet.subspan(header)};
}

std::optional<Inner> open_v6(Bytes packet) {
  if (packet.size() < kIpv6) return {};
  Inner inner{v6_address(packet, 8), v6_address(packet, 24), packet[6], packet.subspan(kIpv6)};
  // A mapped address has no place in a packet of IPv6; here it would be taken for one of IPv4.
  if (inner.from.is_v4() || inner.to.is_v4()) return {};
  return inner;
}

std::optional<Inner> open_ip(Bytes packet) {
  if (packet.empty()) return {};
  const int version = packet[0] >> 4;
  if (version == 4) return open_v4(packet);
  return version == 6 ? open_v6(packet) : std::nullopt;
}

std::optional<Arrival> read_tcp(const Inner& inner) {
  const Bytes bytes = inner.payload;
  if (bytes.size() < kTcp) return {};
  const std::size_t header = (bytes[12] >> 4) * 4U;
  const bool first = (bytes[13] & (syn | rst | ack)) == syn;
  if (!first || header < kTcp || header > bytes.size()) return {};
  return Arrival{.kind = Arrival::Kind::connection,
                 .from = {inner.from, number16(bytes, 0)},
                 .to = {inner.to, number16(bytes, 2)},
                 .sequence = number32(bytes, 4),
                 .header = {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header)},
                 .payload = {}};
}

std::optional<Arrival> read_udp(const Inner& inner) {
  const Bytes bytes = inner.payload;
  if (bytes.size() < kUdp) return {};
  const std::size_t size = number16(bytes, 4);
  if (size < kUdp || size > bytes.size()) return {};
  return Arrival{.kind = Arrival::Kind::datagram,
                 .from = {inner.from, number16(bytes, 0)},
                 .to = {inner.to, number16(bytes, 2)},
                 .sequence = 0,
                 .header = {bytes.begin(), bytes.begin() + kUdp},
                 .payload = {bytes.begin() + kUdp, bytes.begin() + static_cast<std::ptrdiff_t>(size)}};
}

// --- what is sent -----------------------------------------------------------------------------------------

std::size_t own_bytes(const IpAddress& address) { return address.is_v4() ? 4 : 16; }

void put_address(Packet& out, const IpAddress& address) {
  out.insert(out.end(), address.bytes.end() - static_cast<std::ptrdiff_t>(own_bytes(address)), address.bytes.end());
}

std::uint32_t sum_of(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += number16(bytes, i);
  if (bytes.size() % 2 == 1) sum += bytes.back() * 256U;
  return sum;
}

std::uint16_t checksum(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// With the addresses and the protocol (RFC 9293, RFC 4443); ICMP of IPv4 is without.
std::uint16_t checksum_between(const IpAddress& from, const IpAddress& to, std::uint8_t protocol, Bytes payload) {
  Packet pseudo;
  put_address(pseudo, from);
  put_address(pseudo, to);
  return checksum(sum_of(pseudo) + protocol + static_cast<std::uint32_t>(payload.size()) + sum_of(payload));
}

// The kernel fills in an IPv4 header's checksum and number.
Packet ip_header(const IpAddress& from, const IpAddress& to, std::uint8_t protocol, std::size_t payload) {
  Packet out;
  if (from.is_v4()) {
    put16(out, 0x4500);
    put16(out, kIpv4 + payload);
    put32(out, 0x00004000);  // not to be cut
    out.push_back(kTimeToLive);
    out.push_back(protocol);
    put16(out, 0);
  } else {
    put32(out, 0x60000000);
    put16(out, payload);
    out.push_back(protocol);
    out.push_back(kTimeToLive);
  }
  put_address(out, from);
  put_address(out, to);
  return out;
}

Packet packet_of(const IpAddress& from, const IpAddress& to, std::uint8_t protocol, const Packet& payload) {
  Packet out = ip_header(from, to, protocol, payload.size());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace

std::optional<Arrival> read_arrival(Bytes packet) {
  const auto inner = open_ip(packet);
  if (!inner) return {};
  if (inner->protocol == tcp) return read_tcp(*inner);
  return inner->protocol == udp ? read_udp(*inner) : std::nullopt;
}

// What comes over a virtual link has no whole checksum yet: hardware would have finished it.
Packet same_again(const Arrival& arrival) {
  Packet header = arrival.header;
  set16(header, 16, 0);
  set16(header, 16, checksum_between(arrival.from.address, arrival.to.address, tcp, header));
  return packet_of(arrival.from.address, arrival.to.address, tcp, header);
}

// A sum of 0 would mean that there is none.
Packet datagram(const Endpoint& from, const Endpoint& to, Bytes payload) {
  Packet message;
  put16(message, from.port);
  put16(message, to.port);
  put16(message, kUdp + payload.size());
  put16(message, 0);
  message.insert(message.end(), payload.begin(), payload.end());
  const std::uint16_t sum = checksum_between(from.address, to.address, udp, message);
  set16(message, 6, sum == 0 ? 0xffff : sum);
  return packet_of(from.address, to.address, udp, message);
}

Packet reset(const Arrival& arrival) {
  Packet header;
  put16(header, arrival.to.port);
  put16(header, arrival.from.port);
  put32(header, 0);
  put32(header, arrival.sequence + 1);
  put16(header, (kTcp / 4) << 12 | rst | ack);
  header.resize(kTcp);
  set16(header, 16, checksum_between(arrival.to.address, arrival.from.address, tcp, header));
  return packet_of(arrival.to.address, arrival.from.address, tcp, header);
}

Packet unreachable(const Arrival& arrival, Unreachable what) {
  const bool v4 = arrival.to.address.is_v4(), host = what == Unreachable::host;
  const std::uint8_t protocol = arrival.kind == Arrival::Kind::connection ? tcp : udp;
  Packet message{v4 ? std::uint8_t{3} : std::uint8_t{1},
                 static_cast<std::uint8_t>(v4 ? (host ? 1 : 3) : (host ? 3 : 4))};
  message.resize(8);
  const Packet quoted = ip_header(arrival.from.address, arrival.to.address, protocol, arrival.header.size());
  message.insert(message.end(), quoted.begin(), quoted.end());
  message.insert(message.end(), arrival.header.begin(), arrival.header.end());
  set16(message, 2,
        v4 ? checksum(sum_of(message)) : checksum_between(arrival.to.address, arrival.from.address, icmp6, message));
  return packet_of(arrival.to.address, arrival.from.address, v4 ? icmp : icmp6, message);
}

}  // namespace snug
