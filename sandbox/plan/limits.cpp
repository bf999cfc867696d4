// Resource limits, the system-call policy and Landlock: copied, with the lines they came from.
#include <algorithm>
#include <limits>

#include "base/units.h"
#include "plan/planner.h"
#include "plan/words.h"

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

struct LeastRow {
  std::string_view name;
  std::uint64_t least;
  const char* why;
};

/// With less, nothing starts, and the kernel's word for it names no line.
constexpr LeastRow least_limits[] = {
    {"nofile", 24, "a sandbox is set up, and entered, with so many open files"},
    {"nproc", 2, "the sandbox's own first process counts"},
};

void refuse_too_little(Planner& planner, const LimitsSection::Rlimit& limit) {
  const auto* const row = std::ranges::find(least_limits, limit.name, &LeastRow::name);
  if (row == std::end(least_limits) || limit.value >= row->least) return;
  planner.fail("limits.rlimit." + limit.name + " = " + std::to_string(limit.value) + " is too little for a sandbox",
               limit.origin, row->why, "write " + std::to_string(row->least) + " or more");
}

/// Only the machine's root may raise a hard limit.
void refuse_too_much(Planner& planner, const LimitsSection::Rlimit& limit) {
  const auto hard = planner.facts.hard_limits.find(limit.name);
  if (hard == planner.facts.hard_limits.end() || limit.value <= hard->second) return;
  const std::string most = std::to_string(hard->second);
  planner.fail(
      "cannot raise limits.rlimit." + limit.name, limit.origin,
      "here it is " + most + " at most (the hard limit of this login), which only the machine's root can raise",
      "write " + most + " or less, or have it raised in /etc/security/limits.conf");
}

/// At the soft limit of processor time the kernel says why (SIGXCPU), at the hard one it kills without a word.
std::uint64_t hard_of(const Planner& planner, const LimitsSection::Rlimit& limit) {
  constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
  if (limit.name != "cpu" || limit.value == none) return limit.value;
  const auto outside = planner.facts.hard_limits.find(limit.name);
  return std::min(limit.value + 1, outside == planner.facts.hard_limits.end() ? none : outside->second);
}

void copy_rlimits(Planner& planner) {
  for (const LimitsSection::Rlimit& limit : planner.profile.limits.rlimits) {
    refuse_too_little(planner, limit);
    refuse_too_much(planner, limit);
    planner.plan.rlimits.push_back(
        {.name = limit.name, .soft = limit.value, .hard = hard_of(planner, limit), .origin = limit.origin});
  }
}

/// Every tmpfs is held to it, those too that the sandbox is set up with.
void refuse_too_small(Planner& planner, const std::string& key, const std::optional<Sourced<std::uint64_t>>& size) {
  constexpr std::uint64_t least = 64 << 10;
  if (!size || size->value >= least) return;
  planner.fail("limits." + key + " = " + size_to_text(size->value) + " is too little for a sandbox", size->origin,
               "its own small files alone take more", "write \"" + size_to_text(least) + "\" or more");
}

/// No file may be larger than all together: of a file without a name, which no look at a layer finds, one is bounded.
void bound_files(Planner& planner, const Sourced<std::uint64_t>& disk) {
  for (const RlimitPlan& limit : planner.plan.rlimits) {
    if (limit.name == "fsize" && limit.hard <= disk.value) return;
  }
  std::erase_if(planner.plan.rlimits, [](const RlimitPlan& limit) { return limit.name == "fsize"; });
  planner.plan.rlimits.push_back(
      {.name = "fsize", .soft = disk.value, .hard = disk.value, .origin = disk.origin, .at_most = true});
}

bool is_written_directly(const Piece& piece) {
  const auto* bind = std::get_if<Bind>(&piece.entry.what);
  return bind && bind->access == Access::write;
}

/// No tmpfs is larger than `size`.
void bound_tmpfs(Planner& planner, std::uint64_t size) {
  for (auto& [path, spot] : planner.layout.spots()) {
    auto* tmpfs = spot.base ? std::get_if<Tmpfs>(&spot.base->entry.what) : nullptr;
    if (!tmpfs || tmpfs->size <= size) continue;
    tmpfs->size = size;
    spot.base->entry.usual = false;  // no longer what every view has
  }
}

bool writes_directly(Planner& planner) {
  return std::ranges::any_of(planner.layout.spots(), [](const auto& entry) {
    return entry.second.base && is_written_directly(*entry.second.base);
  });
}

/// Exact for tmpfs, watched for layers, and nothing for what is the host's own.
void bound_disk(Planner& planner) {
  const auto& disk = planner.profile.limits.disk;
  if (!disk) return;
  planner.plan.disk = disk;
  bound_files(planner, *disk);
  bound_tmpfs(planner, disk->value);
  if (!writes_directly(planner)) return;
  planner.note(Note::Level::warning,
               "limits.disk counts temporary files and captured changes, not what is written to the host's directories "
               "or the stored home: write project = \"overlay\" and home = \"tmpfs\"",
               disk->origin);
}

// --- what all processes use together ----------------------------------------------------------------------

/// A bound of setrlimit(2), unless the profile has a lower one already.
void bound_each(Planner& planner, const char* name, std::uint64_t value, const Origin& origin) {
  std::vector<RlimitPlan>& limits = planner.plan.rlimits;
  const auto same = std::ranges::find(limits, name, &RlimitPlan::name);
  if (same != limits.end() && same->hard <= value) return;
  if (same != limits.end()) limits.erase(same);
  limits.push_back({.name = name, .soft = value, .hard = value, .origin = origin, .at_most = true});
}

std::string because(Planner& planner) {
  const std::string& why = planner.facts.control_groups.why;
  return why.empty() ? "" : ": " + why;
}

void say_weaker(Planner& planner, const std::string& what, const Origin& origin) {
  planner.note(Note::Level::warning, what + "; no cgroup can hold it here" + because(planner), origin);
}

/// RLIMIT_DATA counts private memory that can be written. (RLIMIT_AS would also count what is only reserved: node
/// reserves more than any limit.)
void limit_memory(Planner& planner) {
  const auto& memory = planner.profile.limits.memory;
  if (!memory) return;
  const bool by_group = planner.facts.control_groups.memory;
  planner.plan.limits.memory = {.limit = *memory, .by_group = by_group, .full = by_group};
  bound_tmpfs(planner, std::max<std::uint64_t>(memory->value / 2, 4096));  // as the kernel's own default
  if (by_group) return;
  bound_each(planner, "data", memory->value, memory->origin);
  say_weaker(
      planner,
      "limits.memory = " + size_to_text(memory->value) + " bounds the memory of each process, not of all together",
      memory->origin);
}

/// The kernel counts RLIMIT_NPROC by user namespace and user (Linux 5.14): here that is the sandbox, its own first
/// process among them. It does not count those of the host's root.
void limit_processes(Planner& planner) {
  const auto& processes = planner.profile.limits.processes;
  if (!processes) return;
  const bool by_group = planner.facts.control_groups.processes;
  const bool one_user = planner.profile.subids.value == SubidMode::none;
  planner.plan.limits.processes = {.limit = *processes, .by_group = by_group, .full = by_group || one_user};
  if (by_group) return;
  if (planner.plan.identity.kind == Identity::Kind::host_root) {
    return planner.fail("cannot bound the number of processes of the host's root", processes->origin,
                        "no cgroup can hold them here" + because(planner),
                        "remove limits.processes, or start snug as an ordinary user");
  }
  bound_each(planner, "nproc", processes->value + 1, processes->origin);
  if (!one_user) {
    say_weaker(planner, "limits.processes bounds the processes of each user number inside by itself",
               processes->origin);
  }
}

/// Without a control group only the number of processors bounds the time, and a command may ask for all of them again.
void limit_cpus(Planner& planner) {
  const auto& cpus = planner.profile.limits.cpus;
  if (!cpus) return;
  const bool by_group = planner.facts.control_groups.cpus;
  planner.plan.limits.cpus = {.limit = *cpus, .by_group = by_group, .full = by_group};
  if (by_group) return;
  say_weaker(planner,
             "limits.cpus lets the command run on " + processors_text(*planner.plan.limits.cpus) +
                 ", but it may ask for the others again",
             cpus->origin);
}

void choose_group(Planner& planner) {
  LimitsPlan& limits = planner.plan.limits;
  const auto by_group = [](const auto& held) { return held && held->by_group; };
  if (by_group(limits.memory) || by_group(limits.processes) || by_group(limits.cpus))
    limits.group = planner.facts.control_groups;
}

/// What `require` names must be held as it says, or nothing runs.
void keep_promises(Planner& planner) {
  const LimitsPlan& limits = planner.plan.limits;
  const auto weaker = [](const auto& held) { return held && !held->full; };
  for (const Sourced<std::string>& promise : planner.profile.require) {
    const bool unset = (promise.value == "limits.memory" && !limits.memory) ||
                       (promise.value == "limits.processes" && !limits.processes) ||
                       (promise.value == "limits.cpus" && !limits.cpus) ||
                       (promise.value == "limits.disk" && !planner.profile.limits.disk) ||
                       (promise.value == "limits.timeout" && !planner.profile.limits.timeout);
    const bool broken = (promise.value == "limits.memory" && weaker(limits.memory)) ||
                        (promise.value == "limits.processes" && weaker(limits.processes)) ||
                        (promise.value == "limits.cpus" && weaker(limits.cpus));
    if (unset) {
      planner.fail("cannot promise " + promise.value, promise.origin, "nothing sets that limit",
                   "set it, or take it out of require");
    } else if (broken) {
      planner.fail("cannot promise " + promise.value + " for all processes together", promise.origin,
                   "no cgroup can be had" + because(planner),
                   "`snug doctor` says how to get one; or take it out of require: a weaker bound then holds");
    } else if (promise.value == "limits.disk" && planner.plan.disk && writes_directly(planner)) {
      planner.fail("cannot promise limits.disk", promise.origin,
                   "what is written to the host's directories or the stored home is not counted",
                   "write project = \"overlay\" and home = \"tmpfs\", or take it out of require");
    }
  }
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
  copy_rlimits(planner);
  refuse_too_small(planner, "memory", profile.limits.memory);
  refuse_too_small(planner, "disk", profile.limits.disk);
  bound_disk(planner);
  limit_memory(planner);
  limit_processes(planner);
  limit_cpus(planner);
  choose_group(planner);
  keep_promises(planner);
  plan.measured = planner.request.measured;
  plan.timeout = profile.limits.timeout;
  plan.seccomp = seccomp_plan(profile);
  if (plan.seccomp.policy == SeccompPolicy::off) {
    plan.notes.push_back({.level = Note::Level::warning,
                          .text = "no system-call filter: seccomp.policy = \"off\"",
                          .origin = profile.seccomp.policy.origin});
  }
}

}  // namespace snug
