// What becomes of a capture when its run has ended: [changes] of the profile decides, or the person at the terminal.
#pragma once

#include <string>

#include "plan/plan.h"

namespace snug {

/// After the command ended with `status`. Without a capture or a change nothing happens; else the changes are applied,
/// kept or thrown away, and what was done is said.
void settle_capture(const Plan& plan, int status, const std::string& cwd);

/// After a run that never began: a capture without changes is removed.
void drop_empty_capture(const Plan& plan);

}  // namespace snug
