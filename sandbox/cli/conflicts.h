// What the host changed while a capture waited: merged, decided for one side, or left.
#pragma once

#include <vector>

#include "cli/captured.h"
#include "cli/parse.h"

namespace snug {

struct Conflicts {
  std::vector<SeenChange> left;     ///< nobody has decided about them
  std::vector<SeenChange> dropped;  ///< decided for the host's
};

/// Takes them out of `changes`; where both sides' changes of a text go together, the change stays as their merge, and
/// it is said.
Conflicts resolve_conflicts(const OpenCapture& open, std::vector<SeenChange>& changes, const Invocation& invocation);

}  // namespace snug
