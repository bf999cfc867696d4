// How much a capture holds by now, without comparing it with the host.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace snug {

struct Tally {
  std::uint64_t count = 0;  ///< files, links and marks for what was deleted; no directories
  std::uint64_t bytes = 0;  ///< of files, as long as they are
  bool complete = true;     ///< false: not all could be looked at, or not in time
};

/// Of all in the directories `uppers`, until `deadline`. Follows no symbolic link.
Tally tally(const std::vector<std::string>& uppers, std::chrono::steady_clock::time_point deadline);

}  // namespace snug
