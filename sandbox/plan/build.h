// (Profile, HostFacts, HostView, Request) -> Plan. Pure but for the questions it asks HostView.
#pragma once

#include <vector>

#include "base/result.h"
#include "host/facts.h"
#include "host/view.h"
#include "plan/plan.h"
#include "plan/request.h"
#include "profile/profile.h"

namespace snug {

/// All that is wrong at once, or the plan. A non-empty `errors` means nothing may run.
struct PlanOutcome {
  Plan plan;
  std::vector<Error> errors;
};

PlanOutcome build_plan(const Profile& profile, const HostFacts& facts, HostView& host, const Request& request);

/// The part of the plan that is about system calls. It rests on the profile alone.
SeccompPlan seccomp_plan(const Profile& profile);

}  // namespace snug
