// Which changed paths git would ignore: by the .gitignore files the host has, which the command inside cannot have
// written, and no other configuration.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/capture.h"
#include "changes/change.h"

namespace snug {

/// Paths of changes and directories above them that git ignores; what lies below such a directory is not named itself.
/// Empty where the project is no git work tree. Errors: git cannot be asked.
Result<std::set<std::string, std::less<>>> ignored_paths(const Capture& capture,
                                                         const std::vector<const Change*>& changes);

/// The one of `ignored` that is `path` or a directory above it; empty if there is none.
std::string_view ignored_by(const std::set<std::string, std::less<>>& ignored, std::string_view path);

}  // namespace snug
