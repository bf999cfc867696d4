// What snug itself puts into every view, known without a profile and without asking the host: devices, /proc and what
// is masked in it, temporary directories. The planner places it like anything else, and a profile may put other things
// there; the launch begins with it while the plan is still being made (launch/prologue.h).
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace snug {

/// In the order of a plan's view; every entry is `usual`. `inside_uid` names the runtime directory.
std::vector<ViewEntry> usual_view(std::uint32_t inside_uid);

}  // namespace snug
