// Resource limits, the system-call policy and Landlock: copied, with the lines they came from.
#include "plan/planner.h"

namespace snug {

namespace {

// Host root could change kernel settings and read every file where the mounts had a hole: no run without a second wall.
void note_landlock(Planner& planner) {
  Plan& plan = planner.plan;
  plan.landlock_abi = planner.facts.landlock_abi;
  if (plan.landlock_abi > 0) return;
  if (plan.identity.kind == Identity::Kind::host_root) {
    return planner.fail("cannot run as uid 0 of the host without Landlock", plan.identity.origin,
                        "this kernel has no Landlock, and the mounts alone do not hold root",
                        "boot with lsm=landlock,... on the kernel's command line, or start snug as an ordinary user");
  }
  planner.note(Note::Level::information, "this kernel has no Landlock: the mounts are the only wall around files");
}

}  // namespace

SeccompPlan seccomp_plan(const Profile& profile) {
  const SeccompSection& seccomp = profile.seccomp;
  return {.policy = seccomp.policy.value,
          .allow = seccomp.allow,
          .deny = seccomp.deny,
          .rules = seccomp.rules,
          .nested = profile.nested.value,
          .policy_origin = seccomp.policy.origin};
}

void copy_limits(Planner& planner) {
  note_landlock(planner);
  const Profile& profile = planner.profile;
  Plan& plan = planner.plan;
  for (const LimitsSection::Rlimit& limit : profile.limits.rlimits) {
    plan.rlimits.push_back({.name = limit.name, .soft = limit.value, .hard = limit.value, .origin = limit.origin});
  }
  plan.timeout = profile.limits.timeout;
  plan.seccomp = seccomp_plan(profile);
  if (plan.seccomp.policy == SeccompPolicy::off) {
    plan.notes.push_back({.level = Note::Level::warning,
                          .text = "no system-call filter: seccomp.policy = \"off\"",
                          .origin = profile.seccomp.policy.origin});
  }
}

}  // namespace snug
