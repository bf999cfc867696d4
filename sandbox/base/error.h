// What went wrong, in the terms a person needs to mend it. Owns the shape of every error message;
// printing is left to cli/.
#pragma once

#include <string>
#include <utility>

namespace snug {

/// An error as one screen shows it:
///
///     snug: cannot create a user namespace: Operation not permitted
///       needed by: every sandbox
///       fix: sudo sysctl -w kernel.unprivileged_userns_clone=1
///
/// Every field but `what` may be empty. `what` starts in lower case and has no full stop.
struct Error {
  std::string what;       ///< what could not be done, and on what
  int code = 0;           ///< the errno behind it, or 0
  std::string why;        ///< the reason in words; empty: strerror(code) is shown
  std::string needed_by;  ///< the profile line, option or feature that asked for it
  std::string fix;        ///< the command to run or the line to write; may hold several lines; empty: fix_of_shortage()
};

/// What to do where the machine or a limit of this process has run out of something; empty for other codes. (What
/// EAGAIN and ENOSPC say depends on who says it.)
std::string fix_of_shortage(int code);

/// The error as text, without the leading "snug: ", lines separated by '\n', no trailing newline.
std::string to_text(const Error& error);

}  // namespace snug
