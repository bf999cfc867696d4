// Several layers made into one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace snug {

/// Copies what `layers` (the top one first) hold into the new directory `to`, so that over any directory it shows what
/// they show there together: whiteouts and directories that cover what lies below stay what they are. Content with its
/// holes, permission bits without setuid and setgid, times, the names of one file and extended attributes are kept.
/// Errors: what cannot be read or written; a path too long to be reached. What was made until then is there.
Result<void> merge_layers(const std::vector<std::string>& layers, const std::string& to);

}  // namespace snug
