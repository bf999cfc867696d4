// Resource limits, the system-call policy and Landlock: copied, with the lines they came from.
#include <algorithm>

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

/// No file may be larger than all together: of a file without a name, which no look at a layer finds, one is bounded.
void bound_files(Planner& planner, const Sourced<std::uint64_t>& disk) {
  for (const RlimitPlan& limit : planner.plan.rlimits) {
    if (limit.name == "fsize" && limit.hard <= disk.value) return;
  }
  std::erase_if(planner.plan.rlimits, [](const RlimitPlan& limit) { return limit.name == "fsize"; });
  planner.plan.rlimits.push_back({.name = "fsize", .soft = disk.value, .hard = disk.value, .origin = disk.origin});
}

bool is_written_directly(const Piece& piece) {
  const auto* bind = std::get_if<Bind>(&piece.entry.what);
  return bind && bind->access == Access::write;
}

/// Exact for tmpfs, watched for layers, and nothing for what is the host's own.
void bound_disk(Planner& planner) {
  const auto& disk = planner.profile.limits.disk;
  if (!disk) return;
  planner.plan.disk = disk;
  bound_files(planner, *disk);
  bool direct = false;
  for (auto& [path, spot] : planner.layout.spots()) {
    if (!spot.base) continue;
    auto* tmpfs = std::get_if<Tmpfs>(&spot.base->entry.what);
    if (tmpfs && !spot.base->entry.usual) tmpfs->size = std::min(tmpfs->size, disk->value);
    if (tmpfs && spot.base->entry.usual && tmpfs->size > disk->value) {
      tmpfs->size = disk->value;
      spot.base->entry.usual = false;  // no longer what every view has
    }
    direct = direct || is_written_directly(*spot.base);
  }
  if (!direct) return;
  planner.note(Note::Level::warning,
               "limits.disk counts temporary files and captured changes, not what is written to the host's directories "
               "or the stored home: write project = \"overlay\" and home = \"tmpfs\"",
               disk->origin);
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
  bound_disk(planner);
  plan.timeout = profile.limits.timeout;
  plan.seccomp = seccomp_plan(profile);
  if (plan.seccomp.policy == SeccompPolicy::off) {
    plan.notes.push_back({.level = Note::Level::warning,
                          .text = "no system-call filter: seccomp.policy = \"off\"",
                          .origin = profile.seccomp.policy.origin});
  }
}

}  // namespace snug
