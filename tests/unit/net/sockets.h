// Sockets on the loopback, and a queue turned until something holds.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <string>

#include "net/event_queue.h"
#include "support/catch.h"
#include "sys/inet.h"

namespace snug::test {

inline Fd bound(int type) {
  Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const SocketAddress any = to_socket_address({*parse_ip("127.0.0.1"), 0});
  REQUIRE(bind(socket.get(), any.get(), any.size) == 0);
  if (type == SOCK_STREAM) REQUIRE(listen(socket.get(), 16) == 0);
  return socket;
}

inline Endpoint end_of(const Fd& socket) { return local_endpoint(socket.get()).value(); }

/// Blocking.
inline Fd connected_to(const Fd& socket, int type = SOCK_STREAM) {
  Fd client(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const SocketAddress to = to_socket_address(end_of(socket));
  REQUIRE(connect(client.get(), to.get(), to.size) == 0);
  return client;
}

inline Fd accepted(const Fd& listener) {
  pollfd wait{listener.get(), POLLIN, 0};
  REQUIRE(poll(&wait, 1, 5000) == 1);
  return Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

/// Turns the queue until `holds`; fails after five seconds.
inline void turn_until(int fd, const std::function<void()>& turn, const std::function<bool()>& holds) {
  const auto end = EventQueue::Clock::now() + std::chrono::seconds(5);
  while (!holds()) {
    REQUIRE(EventQueue::Clock::now() < end);
    pollfd wait{fd, POLLIN, 0};
    poll(&wait, 1, 20);
    turn();
  }
}

inline void turn_until(EventQueue& queue, const std::function<bool()>& holds) {
  turn_until(
      queue.fd(), [&] { queue.turn(); }, holds);
}

/// What is there without waiting; "<end>" and "<reset>" are what they say.
inline std::string received(const Fd& socket) {
  std::string all;
  char some[65536];
  while (true) {
    const ssize_t got = recv(socket.get(), some, sizeof some, MSG_DONTWAIT);
    if (got == 0) return all + "<end>";
    if (got < 0) return errno == ECONNRESET ? all + "<reset>" : all;
    all.append(some, static_cast<std::size_t>(got));
  }
}

inline void send_all(const Fd& socket, const std::string& text) {
  REQUIRE(send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

}  // namespace snug::test
