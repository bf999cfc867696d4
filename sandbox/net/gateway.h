// The outside end of a sandbox's network: takes what its programs connect to, decides by the rules, connects in the
// host's network and copies bytes. Nothing is read of the programs but what they send. The link and the first sockets
// are made by the set-up child (link.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "net/policy.h"
#include "net/report.h"
#include "profile/proxy.h"
#include "sys/inet.h"

namespace snug {

/// Listens for one port of the other side's loopback.
struct PortListener {
  std::uint16_t port = 0;
  Fd socket;
};

/// Non-blocking sockets, listening or bound.
struct GatewaySockets {
  Fd knocks, datagrams;                  ///< of the gateway's end of the link (door.h); none without a filter
  std::vector<PortListener> host_ports;  ///< in the sandbox's network, for ports of the host
  std::vector<PortListener> published;   ///< on the host, for ports of the sandbox; needs name_datagrams
  Fd name_datagrams, name_listener;
};

class Gateway {
 public:
  /// The rules of network.allow and network.deny, groups expanded.
  /// `proxy`: through which connections to them go, if any; it is no concern of datagrams.
  static Result<std::unique_ptr<Gateway>> make(const NetworkPolicy::Rules& allow, const NetworkPolicy::Rules& deny,
                                               GatewaySockets sockets, NetworkEvents events,
                                               std::optional<UpstreamProxy> proxy = {});
  ~Gateway();

  /// Readable when turn() has something to do.
  int fd() const noexcept;
  /// Handles what has happened; never waits.
  void turn();
  /// EventQueue::wait().
  bool wait(int other, int milliseconds);

  // Changes while it runs. What is connected stays so.
  /// Precondition: no group.
  void allow(Sourced<NetworkRule> rule);
  /// False: there was no such rule from that source.
  bool take_back(const Sourced<NetworkRule>& rule);
  /// Needs name_datagrams.
  void publish(PortListener listener);
  /// What listens on the host at `end` stops. False: nothing of ours does.
  bool unpublish(const Endpoint& end);

 private:
  class Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace snug
