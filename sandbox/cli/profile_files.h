// Where profiles lie and who may write them: by name in the user's and the machine's directories and among the shipped
// ones, by path anywhere. Reads; decides nothing about which profile a run uses.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/request.h"
#include "profile/load.h"

namespace snug {

/// The text of `file`, named in messages as the user typed it. A relative one is taken from the current directory.
/// Errors: no such file, too large, another user's, writable by others.
Result<ProfileText> read_profile(const std::string& file, const Caller& caller);

/// The profile of that name: CONFIG/profiles/NAME.toml, then /etc/snug/profiles/NAME.toml, then a shipped one.
/// "default" is always the compiled-in one. Errors as above, and an unknown name.
Result<ProfileText> read_named_profile(const std::string& name, const Caller& caller);

/// What loading a profile takes from this machine: the two above. `caller` must outlive it.
LoadContext load_context(const Caller& caller, const std::string& project);

/// Who besides its owner may write what `info` is about: "anyone", "group staff", or "" for nobody. A group of the
/// caller's own name counts as the caller, root's group as root.
std::string other_writers(const struct stat& info, const Caller& caller);

/// A profile that can be asked for by name.
struct NamedProfile {
  std::string name;
  std::string file;  ///< empty: shipped
};

/// All of them by name, each as read_named_profile() finds it.
std::vector<NamedProfile> list_profiles(const Caller& caller);

}  // namespace snug
