// epoll over a handful of known descriptors. Interest is set anew before every wait; only changes cost a call.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

class Poller {
 public:
  static constexpr int kSlots = 14;

  static Result<Poller> make();

  /// Watches `fd` for `events` (EPOLLIN, EPOLLOUT) in `slot`. With 0 events or fd -1 it is not watched at all: the
  /// kernel would otherwise report a hang-up over and over. One descriptor belongs in one slot.
  void want(int slot, int fd, std::uint32_t events) noexcept;

  /// Readable when a wait would end at once.
  int fd() const noexcept { return epoll_.get(); }
  /// Waits for something or until `milliseconds` have passed (-1: for ever). ready() tells what.
  void wait(int milliseconds) noexcept;
  /// Nothing has happened, as somebody else has seen.
  void clear() noexcept;
  /// The events of the last wait; a hang-up or error counts as what was asked for.
  bool readable(int slot) const noexcept;
  bool writable(int slot) const noexcept;
  /// The last wait found the other side gone and nothing to read.
  bool hung_up(int slot) const noexcept;

 private:
  struct Slot {
    int fd = -1;
    std::uint32_t wanted = 0, ready = 0;
  };

  Fd epoll_;
  std::array<Slot, kSlots> slots_{};
};

}  // namespace snug
