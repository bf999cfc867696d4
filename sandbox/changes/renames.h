// Files that look renamed: a new one that holds what one that is gone held.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "changes/change.h"
#include "changes/scan.h"

namespace snug {

/// New path -> old path, each old one once, names that stay the same first. Looks at so many files and bytes at most
/// that it ends soon: a guess for people, who lose nothing where there is none. What cannot be read is none.
std::map<std::string, std::string> find_renames(const Sides& sides, const std::vector<const Change*>& changes);

}  // namespace snug
