// Addresses with ports as the kernel has them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "base/ip.h"

namespace snug {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const noexcept { return storage.ss_family; }
};

/// Of the family of the address: AF_INET or AF_INET6.
SocketAddress to_socket_address(const Endpoint& endpoint) noexcept;

/// Nothing for other families.
std::optional<Endpoint> read_endpoint(const sockaddr* address) noexcept;

/// What a socket is bound to; of an accepted one the address its peer meant.
std::optional<Endpoint> local_endpoint(int socket) noexcept;

/// Does the kernel speak it?
bool has_ipv6() noexcept;

}  // namespace snug
