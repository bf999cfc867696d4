// errno -> Error, for the thin wrappers of this folder.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

#include "base/error.h"

namespace snug {

/// "cannot WHAT: strerror(code)"; `code` defaults to the current errno.
Error sys_error(std::string what, int code = errno);

}  // namespace snug
