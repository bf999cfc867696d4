// One connection being made in the host's network: the addresses of a destination tried in turn.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "net/event_queue.h"
#include "net/policy.h"
#include "sys/inet.h"

namespace snug {

class Dialer final : public EventHandler {
 public:
  struct Outcome {
    Fd socket;     ///< connected, non-blocking; empty: `code` says why
    Endpoint to;   ///< the address that answered, or the last one tried
    int code = 0;  ///< errno of the last address, 0 with a socket
  };
  using Done = std::function<void(Outcome)>;
  using MakeSocket = std::function<Fd(int family)>;  ///< non-blocking; empty with errno set

  /// Calls `done` once, perhaps from within start(). The dialer may be destroyed then (not from within).
  Dialer(EventQueue& queue, std::vector<Endpoint> to, MakeSocket make_socket, Done done);
  void start() { try_next(); }

 private:
  void ready(int tag, std::uint32_t events) override;
  void rang(int tag) override;
  void try_next();
  void finish(int code);

  EventQueue& queue_;
  const std::vector<Endpoint> to_;
  const MakeSocket make_socket_;
  const Done done_;
  Alarm alarm_;
  std::size_t next_ = 0;
  int code_ = 0;
  Fd socket_;
  std::optional<Interest> interest_;
};

/// A socket of this process's own network.
Fd own_socket(int family);

/// Is it an address of this machine's own?
bool is_own_address(const IpAddress& address) noexcept;

/// May an allowed name lead to `address`? A public address of this machine would be reached past whatever guards its
/// ports from outside: only by a rule that names it.
NetworkVerdict verdict_here(const NetworkPolicy& policy, const IpAddress& address, std::uint16_t port);

}  // namespace snug
