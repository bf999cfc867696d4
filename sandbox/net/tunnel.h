// A way through a proxy: what is asked of it (CONNECT, RFC 9110) and how it answers. It may be a stranger's: what it
// says is bounded, and none of its words are repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "net/event_queue.h"

namespace snug {

/// `to`: "example.com:443". `credentials`: "NAME:PASSWORD", or nothing.
std::string connect_request(std::string_view to, std::string_view credentials);

/// Reads a proxy's answer as far as it goes. Pure; takes any bytes.
class ProxyAnswer {
 public:
  /// More bytes than this, or more answers that are none yet (1xx), are too many.
  static constexpr std::size_t kMost = 16 << 10;

  enum class State {
    more,  ///< not all of it is there
    whole,
    broken  ///< it is no answer of HTTP, or too long
  };

  /// Returns how many of `bytes` belong to it; what is behind them is the destination's. Precondition: State::more.
  std::size_t take(std::span<const char> bytes);
  State state() const noexcept { return state_; }
  /// whole: a number from 200 to 999, or 101.
  int status() const noexcept { return status_; }
  bool opened() const noexcept { return state_ == State::whole && status_ >= 200 && status_ < 300; }

 private:
  void end_line();

  State state_ = State::more;
  std::string line_;
  std::size_t taken_ = 0;
  int status_ = 0;  // 0: the next line is the first of an answer
};

/// In words, of an answer that opened nothing.
std::string proxy_refusal(int status);

class Tunnel final : public EventHandler {
 public:
  struct Outcome {
    Fd socket;             ///< leads to the destination; nothing that came from there has been read. Empty: `problem`
    std::string problem;   ///< "asks for a name and a password (407)"
    bool refused = false;  ///< the proxy will not; else it cannot
  };
  using Done = std::function<void(Outcome)>;

  /// `socket` is connected to the proxy, and non-blocking. Calls `done` once, perhaps from within start(). The tunnel
  /// may be destroyed then (not from within). Sets no limit of time.
  Tunnel(EventQueue& queue, Fd socket, std::string request, Done done);
  void start();

 private:
  void ready(int tag, std::uint32_t events) override;
  bool ask();
  void read_answer();
  void finish(std::string problem, bool refused = false);

  Fd socket_;
  std::string request_;  // what has not been sent yet
  const Done done_;
  std::optional<Interest> interest_;
  ProxyAnswer answer_;
};

}  // namespace snug
