// Which directory is the project. Asked before the profile is read, because the user's own file for the project and
// ${project} hang on it; whether that directory may be one is judged with the plan.
#pragma once

#include <string>

#include "host/view.h"
#include "plan/request.h"

namespace snug {

/// The directory of `profile_file` if that is a snug.toml, else the git work tree around the current directory, else
/// the current directory. `profile_file` is absolute, or empty.
ProjectChoice choose_project(HostView& host, const Caller& caller, const std::string& profile_file);

/// Why `directory` can be nobody's project, or "": the root, a home, a directory of the system or of somebody else.
std::string why_no_project(HostView& host, const Caller& caller, const std::string& directory);

}  // namespace snug
