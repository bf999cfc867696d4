// errno -> Error, for the thin wrappers of this folder.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

#include "base/error.h"

namespace snug {

/// "cannot WHAT: strerror(code)"; `code` defaults to the current errno.
Error sys_error(std::string what, int code = errno);

/// The same of fork(2) or clone(2), whose EAGAIN means a limit.
Error fork_error(std::string what, int code = errno);

}  // namespace snug
