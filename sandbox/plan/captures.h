// The names of captures in the state directory.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace snug {

/// Where all captures are: below it one directory a project, and in that one a capture.
std::string captures_in(const std::string& state_directory);

/// Where those of `project` are.
std::string captures_of(const std::string& state_directory, const std::string& project);

/// A name for the next one beside `names`: the number after the highest.
std::string next_capture_name(const std::vector<std::string>& names);

/// Moves the plan's capture, with all that lies in it, to `name` beside where it was to be. Precondition: there is one.
void rename_capture(Plan& plan, const std::string& name);

}  // namespace snug
