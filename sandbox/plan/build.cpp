#include "plan/build.h"
namespace snug {
PlanOutcome build_plan(const Profile&, const HostFacts&, HostView&, const Request&) { return {}; }
}  // namespace snug
