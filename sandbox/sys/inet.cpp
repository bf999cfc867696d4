#include "sys/inet.h"

#include <algorithm>
#include <cstring>

#include "base/fd.h"

namespace snug {

SocketAddress to_socket_address(const Endpoint& endpoint) noexcept {
  SocketAddress result;
  if (endpoint.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    v4.sin_addr.s_addr = htonl(endpoint.address.v4_value());
    std::memcpy(&result.storage, &v4, result.size = sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::ranges::copy(endpoint.address.bytes, v6.sin6_addr.s6_addr);
    std::memcpy(&result.storage, &v6, result.size = sizeof v6);
  }
  return result;
}

std::optional<Endpoint> read_endpoint(const sockaddr* address) noexcept {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return Endpoint{IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  if (address->sa_family != AF_INET6) return {};
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  Endpoint endpoint{.port = ntohs(v6.sin6_port)};
  std::ranges::copy(v6.sin6_addr.s6_addr, endpoint.address.bytes.begin());
  return endpoint;
}

std::optional<Endpoint> local_endpoint(int socket) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) < 0) return {};
  return read_endpoint(reinterpret_cast<const sockaddr*>(&storage));
}

bool has_ipv6() noexcept { return static_cast<bool>(Fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0))); }

}  // namespace snug
