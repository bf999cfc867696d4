// Which profile texts a run loads: what -p names, or the compiled-in default.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/request.h"
#include "profile/load.h"

namespace snug {

struct ChosenProfile {
  std::vector<ProfileText> texts;  ///< empty: the default alone
  std::string file;                ///< absolute path of the file that -p named; empty: a name, or none
  std::string notice;              ///< a line for people: a snug.toml that is not used
};

/// `named` is the word after -p. Errors: those of profile_files.h.
Result<ChosenProfile> choose_profile(const std::optional<std::string>& named, const Caller& caller);

/// The nearest snug.toml from `from` upwards, not above `home` nor across a file system's border.
std::optional<std::string> find_project_profile(const std::string& from, const std::string& home);

}  // namespace snug
