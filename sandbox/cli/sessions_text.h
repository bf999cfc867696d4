// What `snug ps` prints.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "changes/tally.h"
#include "sessions/kept.h"
#include "sessions/processes.h"
#include "sessions/record.h"

namespace snug {

/// A sandbox and what runs in it now.
struct SeenSandbox {
  SessionRecord record;
  std::vector<pid_t> processes;    ///< as seen from outside; init is not among them
  std::uint64_t memory = 0;        ///< bytes
  bool over = false;               ///< it was detached, and has ended
  std::optional<RunEnd> end = {};  ///< how, if its snug was there to see it
};

/// What a sandbox uses now, as far as somebody counts it.
struct Use {
  std::optional<std::uint64_t> group_memory, group_tasks, group_cpu_us;  ///< of its control group
  std::uint64_t largest_data = 0;                                        ///< of the process with most, RLIMIT_DATA's
  std::uint64_t tasks = 0;
};

/// What there is to know about one.
struct SandboxDetail {
  std::map<std::string, std::uint64_t> namespaces;  ///< "user": the inode number that lsns shows
  std::vector<Process> processes;
  std::vector<std::string> listening;    ///< "127.0.0.1:8080"; with a network of its own only
  std::vector<std::string> connections;  ///< "127.0.0.1:8080 127.0.0.1:41234": own end, other end
  std::vector<std::string> listening_udp;
  std::string plan;           ///< JSON, from the snug around it; empty if that did not answer
  std::optional<Tally> held;  ///< what is captured so far; none: nothing is captured
  Use use;                    ///< of what is limited
};

/// The upper directories of the capture that a plan's JSON names; none: nothing is captured.
std::vector<std::string> uppers_in_plan(const std::string& plan);

/// {"schema": 1, ...}: what sandboxes_to_json() has for it, and the rest.
std::string detail_to_json(const SeenSandbox& sandbox, const SandboxDetail& detail, std::int64_t now);

/// Characters of a command that a table shows; `--json` has all of it.
inline constexpr std::size_t kLongestCommand = 40;

/// A table with a line for each. `now`: seconds since 1970. `home` is shown as "~".
std::string sandboxes_to_text(const std::vector<SeenSandbox>& sandboxes, std::int64_t now, const std::string& home,
                              std::size_t longest_command = kLongestCommand);

/// Of a terminal; 0: not known, and taken for without end.
struct TextSize {
  std::size_t lines = 0, columns = 0;
};

/// A table as it is sent to a terminal over the one before: from the top, lines cut to its width, and no more of them
/// than it shows without scrolling; the last then says how many are missing.
std::string drawn_over(std::string_view table, TextSize size);

/// The same of sandboxes, their commands cut so that the rest of each line fits.
std::string sandboxes_to_screen(const std::vector<SeenSandbox>& sandboxes, std::int64_t now, const std::string& home,
                                TextSize size);

/// {"schema": 1, "sandboxes": [...]}; documented in snug-sessions(7).
std::string sandboxes_to_json(const std::vector<SeenSandbox>& sandboxes, std::int64_t now);

/// On one line, cut short.
std::string command_line_of(const std::vector<std::string>& command, std::size_t longest = kLongestCommand);

/// "45s", "12m", "3h", "2d": one unit, rounded down.
std::string age_to_text(std::int64_t seconds);

/// "512K", "37M", "1.2G": at most three digits.
std::string memory_to_text(std::uint64_t bytes);

}  // namespace snug
