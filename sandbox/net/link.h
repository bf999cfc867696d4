// The link between a sandbox's network and its gateway's: which addresses lead there, and the kernel's messages
// (rtnetlink(7)) that set it up. The set-up child sends them as they are.
//
//     sandbox (S)                                gateway (G), no way out, no process
//     s0 198.18.0.1/30 ---------- veth --------- g0 198.18.0.2/30
//     every address via g0                       from g0: nothing but ports that were opened is taken, the rest is lost
//                                                from lo: every address is local
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ip.h"

namespace snug {

/// The number of the link's end in either network, which no kernel gives by itself in one this young: no need to ask.
inline constexpr int kLinkNumber = 1000;

/// The address that the sandbox's packets come from, of either family.
bool is_sandbox_end(const IpAddress& address);

struct LinkMessages {
  std::vector<std::uint8_t> gateway;  ///< to be sent in G, first
  std::size_t place_of_sandbox = 0;   ///< in `gateway`: where the 32-bit descriptor of S belongs
  std::vector<std::uint8_t> sandbox;  ///< to be sent in S
};

/// Each is a batch of messages for one send: the last asks for an acknowledgement, and so do all that fail.
/// `joined`: several datagrams may come as one packet, as programs give them to the kernel (UDP_SEGMENT).
LinkMessages link_messages(bool v6, bool joined);

/// Does a packet socket of this kernel tell where one datagram of several ends (VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2)?
/// Before, such a packet is lost at it: EINVAL.
bool tells_of_joined_datagrams();

/// To be sent in G: what comes over the link for this port of any address belongs to who listens there.
std::vector<std::uint8_t> port_messages(std::uint16_t port, bool v6);

}  // namespace snug
