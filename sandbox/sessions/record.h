// What is known of a running sandbox, as the text of one small file. Owns the format; where the files lie is
// directory.h's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snug {

/// A process that cannot be taken for another one: its number and when it started. A number alone is given anew.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  ///< clock ticks since boot, as field 22 of /proc/PID/stat
  bool operator==(const ProcessIdentity&) const = default;
};

/// Process `pid` as it is now; nothing if there is none. A process that has ended and waits for its parent counts as
/// none.
std::optional<ProcessIdentity> identify_process(pid_t pid);

/// `stat`: the text of /proc/PID/stat. Nothing if it is of a process that has ended.
std::optional<ProcessIdentity> identity_from_stat(std::string_view stat);

struct SessionRecord {
  std::string id;                    ///< eight hexadecimal digits
  std::string name;                  ///< as --name gave it, or empty
  ProcessIdentity snug;              ///< outside, whose end is the sandbox's
  ProcessIdentity init;              ///< the sandbox's first process, as seen from outside; pid 0 while it is made
  std::uint64_t pid_namespace = 0;   ///< in which the numbers count
  std::uint64_t time_namespace = 0;  ///< in which the times do; 0: the kernel has none
  std::int64_t started = 0;          ///< seconds since 1970
  std::string profile, project;      ///< project empty: none
  std::string network;               ///< network.mode
  bool detached = false;
  bool terminal = false;  ///< detached with a terminal that others can attach to
  std::vector<std::string> command;
};

std::string to_text(const SessionRecord& record);
/// Nothing if `text` is no such record, or of a version this one cannot read.
std::optional<SessionRecord> session_from_text(std::string_view text);

/// A word that --name takes: a letter or digit, then up to 62 of these, '.', '_' and '-'.
bool is_session_name(std::string_view word);

}  // namespace snug
