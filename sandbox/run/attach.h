// The other end of a detached run: its log followed, and keys sent to its terminal. In a process that has no part in
// the run: it may stop, be slow or be killed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "run/enter.h"
#include "sessions/kept.h"
#include "sessions/log.h"

namespace snug {

/// The bytes by which terminals send "ctrl-\\", "ctrl-a"...; also in the long forms that programs can ask them for.
/// Errors: it is no such key. "none": nothing.
Result<std::vector<std::string>> parse_detach_key(std::string_view word);

/// What reads the log prints.
using Printing = std::function<void(const LogPiece&)>;

/// Prints what `reader` has, and what comes, until the run is over and all of it is printed. `run` as it was listed.
Result<void> follow_log(const KeptRun& run, LogReader& reader, const Printing& print);

struct AttachEnd {
  bool detached = false;  ///< by the key; else the run is over
  int signal = 0;         ///< by which this process was asked to end, or 0
};

/// The same from now on, while standard input goes to the command's terminal, until `detach_key` is typed.
Result<AttachEnd> attach(const KeptRun& run, const std::vector<std::string>& detach_key, const Asking& ask);

}  // namespace snug
