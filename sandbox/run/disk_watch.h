// How much the layers of a run hold (limits.disk). Looks now and then: a layer is an ordinary directory, whose growth
// the kernel does not bound. What a run writes to tmpfs is bounded by their sizes instead.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace snug {

class DiskWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// Of the overlays of `plan` whose layers are new or captured; watches nothing without a limit or such a layer.
  /// `init`: the sandbox's first process.
  DiskWatch(const Plan& plan, pid_t init);

  bool active() const { return limit_ != 0 && !layers_.empty(); }
  /// How long to wait before the next look, so that looking takes little of the time.
  std::chrono::milliseconds pause() const { return pause_; }
  /// Do the layers hold more than they may? Looks at each file only if so much was written to their disk meanwhile that
  /// it could be, and once in a while.
  bool used_up();
  /// What to tell then.
  const std::string& text() const { return text_; }

 private:
  struct Free {
    std::uint64_t bytes = 0, files = 0;
  };
  Free look_at_disk() const;
  void measure();
  std::uint64_t lost() const;

  std::vector<std::string> layers_;
  const pid_t init_;
  std::uint64_t limit_ = 0;
  std::uint64_t used_ = 0, used_at_start_ = 0, free_at_start_ = 0;
  Free free_then_;
  Clock::time_point measured_;
  std::chrono::milliseconds pause_{0}, cost_{0};
  std::string text_;
};

/// Bytes on the disk of all that is in `directory` and can be looked at, each file once. Follows no symbolic link.
std::uint64_t disk_usage(const std::string& directory);

}  // namespace snug
