// Tells when a run has reached what bounds it as a whole (limits.memory, limits.processes), as far as the kernel says
// so: a control group counts both; without one it is seen how many processes there are, now and then.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "plan/plan.h"

namespace snug {

class LimitWatch {
 public:
  /// `group`: the directory of the run's control group, or empty. `init`: the sandbox's first process.
  LimitWatch(const LimitsPlan& limits, const std::string& group, pid_t init);

  /// Readable when take() may have something new; -1: never.
  int fd() const noexcept { return events_.get(); }
  /// How long to wait before each look(); nothing: none is needed.
  std::optional<std::chrono::milliseconds> pause() const noexcept { return pause_; }
  /// Counts the processes.
  void look();

  /// The command has ended: the largest process had `peak` bytes, and this many were left behind.
  void look_at_end(std::uint64_t peak, std::uint64_t left_behind);

  /// What is to be told, each once. Precondition of asking at the end: the group is still there.
  std::vector<std::string> take();

  /// Has the kernel killed a process because of the memory limit?
  bool killed_for_memory() const noexcept { return kills_ > 0; }
  /// What to tell of a run whose command was killed for it.
  std::string death_text() const;
  /// The same of one that ended by itself with a failure, after look_at_end(). Nothing: the limit was far, or is held
  /// by a group, which would have said so.
  std::optional<std::string> hint() const;

 private:
  void watch(const Fd& file);
  void reach_memory();
  void reach_processes();

  LimitsPlan limits_;
  pid_t init_;
  Fd events_, memory_, processes_;
  std::uint64_t kills_ = 0, refusals_ = 0, peak_ = 0;
  bool told_memory_ = false, told_processes_ = false;
  std::optional<std::chrono::milliseconds> pause_;
  std::vector<std::string> untold_;
};

/// What to tell of a command that ended with this status because the kernel sent it a signal at a limit of its own
/// process: a file's size, processor time. Nothing: none of them says so.
std::optional<std::string> death_at_own_limit(const std::vector<RlimitPlan>& limits, int status);

/// The number behind `key` in lines of "key number", as the kernel writes them; 0: there is none.
std::uint64_t number_of(std::string_view text, std::string_view key);

}  // namespace snug
