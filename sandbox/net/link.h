// The link between a sandbox's network and its gateway's: which addresses lead there, and the kernel's messages
// (rtnetlink(7)) that set it up. The set-up child sends them as they are.
//
//     sandbox (S)                                gateway (G), no way out, no process
//     s0 198.18.0.1/30 ---------- veth --------- g0 198.18.0.2/30; every address is local, so that every connection
//     routes: what the rules may allow via g0,   lands on G's listeners, which know the address that was meant
//             everything else prohibited
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "net/policy.h"

namespace snug {

/// How programs' packets find their way, of the sandbox's network.
struct Route {
  IpRange to;
  enum class Kind {
    gateway,    ///< to the listeners, where the rules decide
    prohibited  ///< refused at once, EACCES
  } kind = Kind::prohibited;
  bool operator==(const Route&) const = default;
};

/// The routes for a policy, each range once. IPv6 ones only if some rule reaches an IPv6 address.
std::vector<Route> routes_of(const NetworkPolicy& policy);
bool needs_ipv6(const std::vector<Route>& routes);

struct LinkMessages {
  std::vector<std::uint8_t> gateway;  ///< to be sent in G, first
  std::size_t place_of_sandbox = 0;   ///< in `gateway`: where the 32-bit descriptor of S belongs
  std::vector<std::uint8_t> sandbox;  ///< to be sent in S
};

/// Each is a batch of messages for one send: the last asks for an acknowledgement, and so do all that fail.
LinkMessages link_messages(const std::vector<Route>& routes);

}  // namespace snug
