// What `snug ps` prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sessions/processes.h"
#include "sessions/record.h"

namespace snug {

/// A running sandbox and what runs in it now.
struct SeenSandbox {
  SessionRecord record;
  std::vector<pid_t> processes;  ///< as seen from outside; init is not among them
  std::uint64_t memory = 0;      ///< bytes
};

/// A table with a line for each. `now`: seconds since 1970. `home` is shown as "~".
std::string sandboxes_to_text(const std::vector<SeenSandbox>& sandboxes, std::int64_t now, const std::string& home);

/// {"schema": 1, "sandboxes": [...]}; documented in snug-sessions(7).
std::string sandboxes_to_json(const std::vector<SeenSandbox>& sandboxes, std::int64_t now);

/// On one line, cut short.
std::string command_line_of(const std::vector<std::string>& command);

/// "45s", "12m", "3h", "2d": one unit, rounded down.
std::string age_to_text(std::int64_t seconds);

/// "512K", "37M", "1.2G": at most three digits.
std::string memory_to_text(std::uint64_t bytes);

}  // namespace snug
