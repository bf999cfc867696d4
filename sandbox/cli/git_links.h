// What a capture makes of git's index: a path that it marks as a repository of its own is one that git status enters,
// whose configuration it obeys.
#pragma once

#include <vector>

#include "cli/captured.h"

namespace snug {

/// Has somebody look at each changed index that marks more such paths than the host's, or cannot be read.
void review_git_links(const OpenCapture& open, std::vector<SeenChange>& changes);

}  // namespace snug
