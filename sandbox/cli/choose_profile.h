// Which profile texts a run loads: what -p names, else the project's snug.toml, else the compiled-in default; and on
// top the user's own file for the project, and the one that lasts for this session.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/view.h"
#include "plan/request.h"
#include "profile/load.h"

namespace snug {

/// A snug.toml that was found by looking upwards.
struct FoundProfile {
  std::string file;                  ///< absolute; empty: there is none that counts
  std::vector<std::string> notices;  ///< lines for people: a snug.toml that does not count, and why
};

/// The nearest snug.toml from `caller.cwd` upwards, not in the home or above it nor across a file system's border. One
/// that belongs to somebody else, or lies in a directory where others may put one, does not count. Errors: it is the
/// caller's, but others may write it or its directory, or it is a symbolic link.
Result<FoundProfile> find_project_profile(const Caller& caller);

struct ChosenProfile {
  std::vector<ProfileText> texts;  ///< the profile (none: the default alone), then the user's own two files
  std::string file;                ///< absolute path of the file found or named by path; empty: a name, or none
  ProjectChoice project;           ///< as choose_project() answers
  std::string user_file;           ///< where the user's own file for the project lies, if there is one
  std::string session_file;        ///< the same for this session's; empty: there can be none
  bool has_session_file = false;
  std::vector<std::string> notices;  ///< lines for people
};

/// `named` is the word after -p. Errors: those of profile_files.h and find_project_profile().
Result<ChosenProfile> choose_profile(const std::optional<std::string>& named, const Caller& caller, HostView& host);

}  // namespace snug
