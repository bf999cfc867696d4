// `snug apply -p`: asks about each change, and of a text about each hunk, with the keys of `git add -p`.
#pragma once

#include <vector>

#include "cli/captured.h"

namespace snug {

/// Leaves in `changes` what somebody chose; what is chosen of a text in parts is in SeenChange::instead. Precondition:
/// can_ask().
void pick_changes(const OpenCapture& open, std::vector<SeenChange>& changes);

}  // namespace snug
