// Names of the files that users keep for snug below $XDG_CONFIG_HOME/snug: projects/NAME-HASH.toml, which is laid over
// the profile of one project, and profiles/NAME.toml.
#pragma once

#include <string>
#include <string_view>

namespace snug {

/// "web-0123456789abcdef.toml" for the project at the absolute path `project`, links followed; for "" (no project)
/// "no-project-...".
std::string user_file_name(std::string_view project);

/// May a profile be asked for by this name? Letters, digits, '-', '_' and '.', the first a letter or digit, at most 64;
/// what ends in ".toml" is a file.
bool is_profile_name(std::string_view word);

}  // namespace snug
