// Resource limits and the system-call policy: copied, with the lines they came from.
#include "plan/planner.h"

namespace snug {

void copy_limits(Planner& planner) {
  const Profile& profile = planner.profile;
  Plan& plan = planner.plan;
  for (const LimitsSection::Rlimit& limit : profile.limits.rlimits) {
    plan.rlimits.push_back({.name = limit.name, .soft = limit.value, .hard = limit.value, .origin = limit.origin});
  }
  plan.timeout = profile.limits.timeout;
  plan.seccomp = {.policy = profile.seccomp.policy.value,
                  .allow = profile.seccomp.allow,
                  .deny = profile.seccomp.deny,
                  .rules = profile.seccomp.rules,
                  .nested = profile.nested.value};
  if (plan.seccomp.policy == SeccompPolicy::off) {
    plan.notes.push_back({.level = Note::Level::warning,
                          .text = "no system-call filter: seccomp.policy = \"off\"",
                          .origin = profile.seccomp.policy.origin});
  }
}

}  // namespace snug
