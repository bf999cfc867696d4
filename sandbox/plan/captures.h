// The names of captures in the state directory.
#pragma once

#include <string>
#include <vector>

namespace snug {

/// Where all captures are: below it one directory a project, and in that one a capture.
std::string captures_in(const std::string& state_directory);

/// Where those of `project` are.
std::string captures_of(const std::string& state_directory, const std::string& project);

/// A name for the next one beside `names`: the number after the highest.
std::string next_capture_name(const std::vector<std::string>& names);

}  // namespace snug
