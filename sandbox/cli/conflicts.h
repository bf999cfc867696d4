// What the host changed while a capture waited: merged, decided for one side, or left. A directory that the host
// removed, or has something else for, takes all that the capture has below it along.
#pragma once

#include <vector>

#include "cli/captured.h"
#include "cli/parse.h"

namespace snug {

struct Conflicts {
  std::vector<SeenChange> left;     ///< nobody has decided about them
  std::vector<SeenChange> waiting;  ///< lie in directories of `left` that the host has not
  std::vector<SeenChange> dropped;  ///< decided for the host's
};

/// Takes them out of `changes`; where both sides' changes of a text go together, the change stays as their merge, and
/// it is said.
Conflicts resolve_conflicts(const OpenCapture& open, std::vector<SeenChange>& changes, const Invocation& invocation);

/// Says what is left, why, and how to decide.
void tell_conflicts(const Conflicts& conflicts);

/// The capture forgets what was decided for the host's. What it cannot forget is said.
void drop_changes(const OpenCapture& open, const std::vector<SeenChange>& dropped);

}  // namespace snug
