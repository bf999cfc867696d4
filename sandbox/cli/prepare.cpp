#include "cli/prepare.h"

#include "cli/choose_profile.h"
#include "cli/log.h"
#include "cli/print.h"
#include "cli/profile_files.h"
#include "cli/surroundings.h"
#include "host/probe.h"
#include "plan/build.h"

namespace snug {
namespace {

std::optional<Profile> load(const ChosenProfile& chosen, const Invocation& invocation, const Caller& caller) {
  auto outcome = load_profile(chosen.texts, invocation.overrides, load_context(caller));
  const auto mistakes = all_mistakes(outcome);
  for (const auto& mistake : mistakes) print_message(to_text(mistake));
  if (!mistakes.empty()) return std::nullopt;
  return std::move(outcome.profile);
}

void log_overrides(const std::vector<Override>& overrides) {
  for (const auto& o : overrides) log_decision(o.option + " sets " + o.key + " to " + o.value);
}

void log_facts(const HostFacts& facts) {
  log_decision("kernel " + facts.kernel_release + ", Landlock version " + std::to_string(facts.landlock_abi));
}

std::optional<Plan> build(const Profile& profile, const Request& request) {
  const HostFacts facts = probe_facts();
  log_facts(facts);
  const auto view = real_host_view();
  auto outcome = build_plan(profile, facts, *view, request);
  for (const auto& error : outcome.errors) print_error(error);
  if (!outcome.errors.empty()) return std::nullopt;
  return std::move(outcome.plan);
}

void log_plan(const Plan& plan) {
  if (!logs_decisions()) return;
  log_decision("project " + plan.project + " (" + plan.project_reason + ")");
  for (const auto& entry : plan.view) {
    if (entry.origin.kind == OriginKind::builtin) continue;
    log_decision("view " + entry.target + ": " + entry.why + ", " + to_text(entry.origin));
  }
  log_decision("view of " + std::to_string(plan.view.size()) + " entries; `snug plan` lists them all");
}

}  // namespace

std::optional<Prepared> prepare(const Invocation& invocation, Notices notices) {
  auto caller = read_caller();
  if (!caller) return print_error(caller.error()), std::nullopt;
  const auto chosen = choose_profile(invocation.profile, *caller);
  if (!chosen) return print_error(chosen.error()), std::nullopt;
  if (notices == Notices::tell && !chosen->notice.empty()) print_message(chosen->notice);
  log_decision("profile " + (chosen->file.empty() ? "default, compiled in" : chosen->file));
  log_overrides(invocation.overrides);

  auto profile = load(*chosen, invocation, *caller);
  if (!profile) return std::nullopt;
  Request request{.caller = std::move(*caller), .command = invocation.words, .profile_file = chosen->file};
  auto plan = build(*profile, request);
  if (!plan) return std::nullopt;
  log_plan(*plan);
  return Prepared{std::move(*plan), std::move(*profile), std::move(request.caller)};
}

std::optional<Plan> prepare_plan(const Invocation& invocation) {
  auto prepared = prepare(invocation);
  if (!prepared) return std::nullopt;
  return std::move(prepared->plan);
}

}  // namespace snug
