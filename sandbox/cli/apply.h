// The part of `snug apply` that the end of a run shares.
#pragma once

#include <string>

#include "cli/captured.h"
#include "cli/parse.h"

namespace snug {

/// As `invocation`'s flags and words say; `cwd` is where relative words start. Returns the exit status.
int apply_open(const Invocation& invocation, OpenCapture open, const std::string& cwd);

}  // namespace snug
