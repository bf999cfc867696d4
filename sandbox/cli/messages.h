// How messages get out to stderr: at once, or, while a command runs beside this process, without ever waiting.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"

namespace snug {

/// All of `text` to stderr. Waits for whoever reads it, unless an UnwaitingMessages lives.
void put_message(std::string_view text);

/// While one lives, no message waits for whoever reads stderr: the command may have filled that pipe and keep it full,
/// and its limits, and requests from outside, are still to be seen to. What is not taken is kept, 64 KiB at most, until
/// go_on(), or the end of this, which waits. One at a time.
class UnwaitingMessages {
 public:
  UnwaitingMessages() noexcept;
  ~UnwaitingMessages();
  UnwaitingMessages(const UnwaitingMessages&) = delete;
  UnwaitingMessages& operator=(const UnwaitingMessages&) = delete;

  void put(std::string_view text);
  /// Borrowed: writable when go_on() can write something; -1: nothing is kept.
  int waits_for() const noexcept { return kept_.empty() ? -1 : way_.get(); }
  void go_on();

 private:
  std::string kept_;
  std::size_t dropped_ = 0;  // messages
  Fd way_;                   // stays open: an event loop knows it by its number
};

}  // namespace snug
