// The system's directories as the command's own (user = "root" under --capture): what lies over them in an overlay, so
// that what belongs to the host's root can be replaced in it. An overlay cannot copy a directory whose owner has no
// number inside (EOVERFLOW); these belong to the user, and hold copies of the few files that package tools write in
// place.
#pragma once

#include <string>

#include "base/result.h"

namespace snug {

/// Makes `path` a mirror of the host's directory `source`, or brings the one of an earlier run up to date: a directory
/// whose time is the host's has the same directories in it. Directories that cannot be read are empty there.
/// Errors: no room.
Result<void> make_mirror(const std::string& source, const std::string& path);

}  // namespace snug
