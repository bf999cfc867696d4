// Two connected sockets, what one sends becoming what the other receives. Forwards the end of each direction by itself
// (half-close), an error as a reset, and reads no more than the other side takes (back-pressure).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/fd.h"
#include "net/buffers.h"
#include "net/event_queue.h"

namespace snug {

/// Makes closing `socket` send a reset.
void reset_on_close(int socket) noexcept;

class SocketPair final : public EventHandler {
 public:
  /// Calls `ended` once, when both directions have ended or one broke; the pair does nothing afterwards and may then be
  /// destroyed (not from within). Both sockets are non-blocking.
  SocketPair(EventQueue& queue, Buffers& buffers, Fd first, Fd second, std::function<void()> ended);
  ~SocketPair();

  /// Calls `carries_much` once, as the last of an event's handling, when kMuch has gone through.
  static constexpr std::uint64_t kMuch = 1 << 20;
  void when_much(std::function<void()> carries_much) { carries_much_ = std::move(carries_much); }

  // From one queue to another, whose thread it belongs to from enter() on.
  void leave() noexcept;
  void enter(EventQueue& queue);
  /// `tell` is given `ended` in the thread of its queue, as the last it does, instead of calling it.
  void when_ended(std::function<void(std::function<void()> ended)> tell) { tell_ended_ = std::move(tell); }

  /// Sees what the first socket sends, as it comes, until it returns false.
  using Watch = std::function<bool(std::span<const char> bytes)>;
  void watch(Watch watch) { watch_ = std::move(watch); }

  /// Bytes that came from the first (0) or second (1) socket and were read.
  std::uint64_t bytes_from(int side) const noexcept { return flows_[side].bytes; }
  bool broken() const noexcept { return broken_; }

 private:
  /// What goes from one socket to the other.
  struct Flow {
    Buffers::Buffer buffer;          // holds what waits
    std::vector<char> small;         // where there was no buffer left
    std::size_t begin = 0, end = 0;  // of what waits
    bool source_ended = false, sink_ended = false;
    std::uint64_t bytes = 0;

    bool waits() const noexcept { return begin < end; }
    const char* data() const noexcept { return (buffer ? buffer.get() : small.data()) + begin; }
  };

  void ready(int side, std::uint32_t events) override;
  bool move(int from);
  bool pass_end_on(int from);
  bool drain(int from);
  bool fill(int from, bool& more);
  void let_go(Flow& flow);
  void state_interest();
  void finish(bool broken);

  Buffers& buffers_;
  std::array<Fd, 2> sockets_;
  std::array<std::optional<Interest>, 2> interests_;
  std::array<Flow, 2> flows_;  // by where they come from
  std::function<void()> ended_, carries_much_;
  std::function<void(std::function<void()>)> tell_ended_;
  Watch watch_;
  bool done_ = false, broken_ = false;
};

}  // namespace snug
