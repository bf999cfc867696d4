// The packets that a sandbox's network sends to its gateway, as far as snug looks at them by itself: the first one of a
// TCP connection, and UDP's. And the packets it sends back. Pure: bytes in, bytes out. They come from the sandboxed
// side; nothing is read outside them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sys/inet.h"

namespace snug {

struct Arrival {
  enum class Kind { connection, datagram } kind = Kind::connection;
  Endpoint from, to;
  std::uint32_t sequence = 0;         ///< of the connection
  std::vector<std::uint8_t> header;   ///< TCP's with its options, UDP's
  std::vector<std::uint8_t> payload;  ///< of a datagram
};

/// A packet from its IP header on; of a connection's first one the headers are enough. Nothing: any other packet, a
/// fragment, one with extension headers.
std::optional<Arrival> read_arrival(std::span<const std::uint8_t> packet);

using Packet = std::vector<std::uint8_t>;

/// The same first packet of a connection, without options of IP and without what it carries (which its sender sends
/// again).
Packet same_again(const Arrival& arrival);

/// A datagram.
Packet datagram(const Endpoint& from, const Endpoint& to, std::span<const std::uint8_t> payload);

/// Refuses a connection: ECONNREFUSED.
Packet reset(const Arrival& arrival);

enum class Unreachable {
  host,  ///< EHOSTUNREACH
  port   ///< ECONNREFUSED
};
/// The message of ICMP that says so.
Packet unreachable(const Arrival& arrival, Unreachable what);

}  // namespace snug
