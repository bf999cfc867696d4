// A process as /proc/PID/stat describes it (proc(5)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snug {

struct ProcessStat {
  pid_t pid = 0;
  char state = 0;  ///< 'R', 'S', ...; 'Z' and 'X': it has ended
  pid_t parent = 0;
  std::uint64_t start = 0;  ///< in clock ticks since boot
};

/// "/proc/PID/FILE"
std::string path_of(pid_t pid, std::string_view file);

/// Nothing: `text` is no such file. The name in it may hold anything, parentheses and spaces too.
std::optional<ProcessStat> process_stat_from(std::string_view text);

}  // namespace snug
