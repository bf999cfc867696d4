// Sockets in another network: a connection to a server inside a sandbox must start there, and what listens in the
// gateway's network is made while it runs.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/fd.h"
#include "sys/inet.h"

namespace snug {

/// Makes sockets in the network that a given socket belongs to. No process stays there: for each visit one that shares
/// this process's memory and descriptors enters the network, does what there is to do and is gone (60 us).
/// The network's user namespace must be this process's own child or below, as that of a sandbox is.
class SocketFactory {
 public:
  /// Borrows `socket`, if it is none (-1) nothing is ever made. Precondition: one thread.
  explicit SocketFactory(int socket) : socket_(socket) {}

  /// TCP, AF_INET or AF_INET6, non-blocking; empty with errno set where none can be made.
  Fd make(int family) noexcept;
  /// TCP, non-blocking, bound to any address, and taking connections for addresses that are not the network's own.
  Fd listener(int family, std::uint16_t port) noexcept;
  /// Sends packets with the IP header they begin with.
  Fd sender(int family) noexcept;
  /// Sends a batch of messages of rtnetlink(7), the last of which asks for an acknowledgement.
  bool tell_kernel(std::span<const std::uint8_t> messages) noexcept;

 private:
  bool find_network() noexcept;
  bool make_batch(int family) noexcept;
  template <class Work>
  long visit(Work work) noexcept;

  int socket_;
  Fd network_, user_;                     // once needed
  std::array<std::vector<Fd>, 2> ready_;  // IPv4, IPv6
};

}  // namespace snug
