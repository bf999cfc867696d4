// Calling git so that it obeys nobody: no configuration of the project, the user or the system, no attributes, hooks or
// repository but those that are named.
#pragma once

#include <string>
#include <vector>

#include "sys/programs.h"

namespace snug {

/// `git WORDS...`; without --git-dir among them there is no repository.
Program git_program(const std::vector<std::string>& words);

}  // namespace snug
