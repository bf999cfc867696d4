// Profile -> TOML: what all the files, variables and options of a profile come to, as one text that reads back as the
// same profile. Owns the form; which profile it is and where the text goes are cli/'s.
#pragma once

#include <string>
#include <string_view>

#include "profile/keys.h"
#include "profile/profile.h"

namespace snug {

/// All of `profile`, each value that is not the built-in default's with a comment that says which line it came from.
/// Relative paths become absolute: "./x" means beside the file that says it (`cwd` where that is relative or an
/// option). Without `extends` and `vars`, which are spent.
std::string profile_to_toml(const Profile& profile, std::string_view cwd);

/// Every key that profile_to_toml() knows how to print, dotted, as all_keys() has them.
KeyNames printed_keys();

}  // namespace snug
