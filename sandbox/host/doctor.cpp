#include "host/doctor.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>

#include "host/attempts.h"
#include "host/control_groups.h"
#include "host/observation.h"
#include "host/probe.h"
#include "host/refusals.h"
#include "host/subids.h"

namespace snug {
namespace {

using State = Check::State;

// What is needed before an attempt can mean anything.
enum class Needs { nothing, user_namespace, scratch };

struct Trial {
  const char* id;
  const char* title;
  Needs needs;
  State if_refused;
  Attempt (*attempt)(const std::string& scratch);
  const char* detail;    ///< if it went well
  const char* only_for;  ///< what a degraded check costs
};

constexpr std::array trials{
    Trial{"user-namespace", "user namespace", Needs::nothing, State::missing,
          [](const std::string&) { return try_user_namespace(); }, "id maps written, a mount made, loopback up", ""},
    Trial{"namespaces", "other namespaces", Needs::user_namespace, State::missing,
          [](const std::string&) { return try_namespaces(); }, "mount, network, process, IPC, host name, cgroup", ""},
    Trial{"mount-api", "mount calls", Needs::scratch, State::missing, try_mount_calls,
          "a tree cloned, made read-only at once and attached", ""},
    Trial{"proc", "own /proc", Needs::scratch, State::missing, try_proc, "mounted in a new process namespace", ""},
    Trial{"terminal", "own terminals", Needs::scratch, State::missing, try_devpts, "devpts mounted, a terminal opened",
          ""},
    Trial{"seccomp", "seccomp", Needs::nothing, State::missing, [](const std::string&) { return try_seccomp(); },
          "filter with notification descriptor installed", ""},
    Trial{"memory-file", "executable memory files", Needs::nothing, State::missing,
          [](const std::string&) { return try_memory_file(); }, "a program executed from one", ""},
    Trial{"overlay", "overlay", Needs::scratch, State::degraded, try_overlay,
          "mounted by an ordinary user, a merged directory removed", "profiles with overlays cannot run"},
    Trial{"landlock", "Landlock", Needs::nothing, State::degraded, [](const std::string&) { return try_landlock(); },
          "", "the second wall behind the mounts is missing"},
    Trial{"time-namespace", "time namespace", Needs::user_namespace, State::degraded,
          [](const std::string&) { return try_time_namespace(); }, "made", "profiles with namespaces.time cannot run"},
};

constexpr Trial idmap_trial{"idmapped-mounts",
                            "idmapped mounts",
                            Needs::scratch,
                            State::degraded,
                            try_idmap,
                            "the state directory's file system shows its files under another owner",
                            "started by root, the command runs as the host's root (--user host-root)"};

std::string words_for(const std::string& step) {
  const auto steps = known_steps();
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const auto& known) { return known.step == step; });
  return found == steps.end() ? step : std::string(found->words);
}

std::string refusal_text(const Attempt& attempt, const Diagnosis& diagnosis) {
  std::string text = "cannot " + words_for(attempt.step) + ": " + std::strerror(attempt.code);
  return diagnosis.why.empty() ? text : text + "\n" + diagnosis.why;
}

Check check_of(const Trial& trial, const Attempt& attempt, const Observation& seen) {
  Check check{.id = trial.id, .title = trial.title, .detail = trial.detail};
  if (attempt.ok()) return check;
  const auto diagnosis = explain(seen, attempt.step, attempt.code);
  check.state = trial.if_refused;
  check.detail = refusal_text(attempt, diagnosis);
  if (*trial.only_for != '\0') check.detail += std::string("\n") + trial.only_for;
  check.fix = diagnosis.fix;
  return check;
}

Check not_tried(const Trial& trial, const char* reason) {
  return {
      .state = trial.if_refused, .id = trial.id, .title = trial.title, .detail = std::string("not tried: ") + reason};
}

Check check_kernel(const Observation& seen) {
  Check check{.id = "kernel", .title = "kernel", .detail = "Linux " + seen.kernel_release};
  const bool old = seen.kernel_major < 5 || (seen.kernel_major == 5 && seen.kernel_minor < 14);
  if (!old) return check;
  check.state = State::missing;
  check.detail += " is older than 5.14";
  check.fix = "upgrade to Linux 5.14 or later (Debian 12, Ubuntu 22.04, RHEL 9)";
  return check;
}

constexpr const char* more_controllers =
    "sudo mkdir -p /etc/systemd/system/user@.service.d\n"
    "printf '[Service]\\nDelegate=cpu memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/60-snug.conf\n"
    "then log in anew";

const char* advice_on(ControlGroups::Missing missing) {
  switch (missing) {
    case ControlGroups::Missing::nothing:
      return "";
    case ControlGroups::Missing::file_system:
      return "boot with systemd.unified_cgroup_hierarchy=1 on the kernel's command line";
    case ControlGroups::Missing::manager:
      return "log in where systemd runs for you (loginctl enable-linger keeps it running)";
    case ControlGroups::Missing::controllers:
      return more_controllers;
  }
  return "";
}

Check check_groups(const ControlGroups& groups) {
  Check check{.id = "cgroup", .title = "cgroup for limits"};
  if (groups.memory && groups.processes && groups.cpus) {
    check.detail = groups.from == ControlGroups::From::systemd ? "the user's systemd makes one for a run"
                                                               : "one can be made in " + groups.directory;
    return check;
  }
  check.state = State::degraded;
  check.detail = groups.why + "\nlimits.memory, limits.processes and limits.cpus are held by weaker bounds then";
  check.fix = advice_on(groups.missing);
  return check;
}

Check check_subids(const Subids& subids) {
  Check check{.id = "subids", .title = "several user numbers"};
  const auto sum = [](const std::vector<SubidRange>& ranges) {
    std::uint64_t count = 0;
    for (const SubidRange& range : ranges) count += range.count;
    return std::to_string(count);
  };
  if (subids.usable()) {
    check.detail = sum(subids.uids) + " more user and " + sum(subids.gids) + " more group numbers";
    return check;
  }
  check.state = State::degraded;
  check.detail = subids.why + "\nonly subids = \"auto\" needs them";
  check.fix = subids.fix;
  return check;
}

Check check_state(const Result<Scratch>& scratch, const std::string& state_dir) {
  Check check{.id = "state", .title = "state directory", .detail = state_dir + " can be written"};
  if (scratch) return check;
  check.state = State::missing;
  check.detail = to_text(scratch.error());
  check.fix = "XDG_STATE_HOME=/a/directory/you/can/write";
  return check;
}

// Ctrl-C in the middle would leave the scratch directory behind.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&ending, signal);
    sigprocmask(SIG_BLOCK, &ending, &before_);
  }
  ~SignalsHeld() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_{};
};

class Examination {
 public:
  Examination(const Observation& seen, const std::string& state_dir) : seen_(seen), scratch_(Scratch::make(state_dir)) {
    checks_.push_back(check_kernel(seen));
    checks_.push_back(check_state(scratch_, state_dir));
  }

  void run(const Trial& trial) {
    if (trial.needs != Needs::nothing && !user_namespace_) {
      checks_.push_back(not_tried(trial, "needs user namespaces"));
    } else if (trial.needs == Needs::scratch && !scratch_) {
      checks_.push_back(not_tried(trial, "needs the state directory"));
    } else {
      checks_.push_back(check_of(trial, trial.attempt(scratch_ ? scratch_->path() : ""), seen_));
    }
    if (checks_.back().id == trials[0].id) user_namespace_ = checks_.back().state == State::ok;
  }

  void add(Check check) { checks_.push_back(std::move(check)); }

  std::vector<Check> take_checks() { return std::move(checks_); }

 private:
  const Observation& seen_;
  Result<Scratch> scratch_;
  bool user_namespace_ = false;
  std::vector<Check> checks_;
};

// Root of a user namespace has no more rights on the host than its owner.
bool is_real_root() { return getuid() == 0 && probe_facts().initial_user_namespace; }

void add_landlock_version(std::vector<Check>& checks) {
  for (auto& check : checks) {
    if (check.id == "landlock" && check.state == State::ok) check.detail = "version " + std::to_string(landlock_abi());
  }
}

}  // namespace

DoctorReport run_doctor(const std::string& state_dir) {
  const SignalsHeld held;
  const Observation seen = observe();
  Examination examination{seen, state_dir};
  for (const auto& trial : trials) examination.run(trial);
  if (is_real_root()) examination.run(idmap_trial);
  examination.add(check_groups(find_control_groups()));
  examination.add(check_subids(find_subids()));
  DoctorReport report{.checks = examination.take_checks(), .surroundings = surroundings_of(seen)};
  add_landlock_version(report.checks);
  return report;
}

bool can_run(const DoctorReport& report) {
  return std::none_of(report.checks.begin(), report.checks.end(),
                      [](const Check& check) { return check.state == State::missing; });
}

Diagnosis diagnose(const std::string& step, int code) { return explain(observe(), step, code); }

}  // namespace snug
