// What a run has used, as far as the kernel has counted it (snug run --stats).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "launch/launch.h"
#include "net/report.h"
#include "plan/plan.h"

namespace snug {

struct RunUsage {
  std::chrono::milliseconds wall{0};
  std::chrono::microseconds cpu{0};             ///< of all processes, in the kernel too
  std::optional<std::uint64_t> memory;          ///< bytes at the most
  bool memory_together = false;                 ///< of all processes and tmpfs; else of the largest process
  std::optional<std::uint64_t> started;         ///< processes and threads
  std::optional<std::uint64_t> at_once;         ///< the most of them at one time
  std::optional<std::uint64_t> written;         ///< bytes to disks; temporary files are not on one
  std::optional<std::uint64_t> sent, received;  ///< bytes of connections through the filter; none: not counted
};

class UsageMeter {
 public:
  /// `sandbox` must be there until stop().
  UsageMeter(const Plan& plan, const Sandbox& sandbox);

  /// Counts its bytes.
  void add(const Connection& connection);
  /// What the largest process had, as init has seen it.
  void set_largest(std::uint64_t bytes) { largest_ = bytes; }
  /// The command has ended; init and the group are still there. `started`: as init counted, 0: it could not.
  void stop(std::int32_t started);
  /// All of the run has been reaped.
  RunUsage finish();

 private:
  using Clock = std::chrono::steady_clock;
  const Sandbox& sandbox_;
  const Clock::time_point begin_ = Clock::now();
  RunUsage usage_;
  std::optional<std::uint64_t> largest_;
};

}  // namespace snug
