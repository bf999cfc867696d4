// Where a detached run goes on: in a process and session of its own, which has nothing of its caller's.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "launch/launch.h"

namespace snug {

/// How a terminal of the sandbox's own starts, if the caller is on one: standard input and output.
std::optional<PtyStart> terminal_like_the_callers();

/// The two processes after go_to_background(), each with its own.
struct Background {
  enum class Side { caller, background } side = Side::caller;

  // Of the caller's, once the other has told or ended:
  std::string told;           ///< what the other said, or empty: it has ended
  std::optional<int> status;  ///< its exit status, if it said nothing; none where it was killed

  // Of the other's:
  Fd report;
};

/// Makes the process. It has /dev/null for standard input and output, the caller's standard error, and of the caller's
/// other descriptors `kept` alone. Precondition: one thread.
Result<Background> go_to_background(std::optional<int> kept);

/// Lets the caller go. False: it is gone, and nobody knows of this run.
bool tell_caller(Background& background, const std::string& text);

}  // namespace snug
