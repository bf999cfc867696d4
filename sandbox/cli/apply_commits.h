// `snug apply --commits`: commits made in a capture, as commits of the host's repository.
#pragma once

#include "cli/captured.h"
#include "cli/parse.h"

namespace snug {

/// The words of `invocation` name branches. Returns the exit status.
int apply_commits(const Invocation& invocation, const OpenCapture& open);

}  // namespace snug
