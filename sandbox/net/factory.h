// Sockets in another network: a connection to a server inside a sandbox must start there.
#pragma once

#include <array>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

/// Makes TCP sockets in the network that a given socket belongs to. No process stays there: for a batch of sockets, one
/// that shares this process's memory and descriptors enters the network, makes them and is gone (60 us).
/// The network's user namespace must be this process's own child or below, as that of a sandbox is.
class SocketFactory {
 public:
  /// Precondition: one thread.
  static Result<SocketFactory> of_network(int socket);

  /// AF_INET or AF_INET6, non-blocking; empty with errno set where none can be made.
  Fd make(int family) noexcept;

 private:
  SocketFactory(Fd network, Fd user) : network_(std::move(network)), user_(std::move(user)) {}
  bool make_batch(int family) noexcept;

  Fd network_, user_;
  std::array<std::vector<Fd>, 2> ready_;  // IPv4, IPv6
};

}  // namespace snug
