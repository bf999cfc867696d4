// Every mistake in a profile, whichever folder knows it.
#pragma once

#include <vector>

#include "profile/load.h"

namespace snug {

/// In order of file and place. What profile/ finds, and the names of system calls and constants that seccomp/ knows.
std::vector<Diagnostic> mistakes_in(const LoadOutcome& outcome);

}  // namespace snug
