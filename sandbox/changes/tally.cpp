#include "changes/tally.h"

#include "sys/walk.h"

namespace snug {

Tally tally(const std::vector<std::string>& uppers, std::chrono::steady_clock::time_point deadline) {
  Tally found;
  const auto see = [&](const struct stat& info) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    if (!S_ISDIR(info.st_mode)) ++found.count;
    if (S_ISREG(info.st_mode)) found.bytes += static_cast<std::uint64_t>(info.st_size);
    return true;
  };
  for (const std::string& upper : uppers) found.complete = see_all_below(upper, see) && found.complete;
  return found;
}

}  // namespace snug
