#include "seccomp/query.h"

#include <algorithm>

#include "base/quote.h"
#include "seccomp/customise.h"
#include "seccomp/filter.h"

namespace snug {
namespace {

using Lines = std::vector<Sourced<std::string>>;

std::optional<Origin> line_with(const Lines& lines, std::string_view call) {
  const auto found = std::ranges::find(lines, call, &Sourced<std::string>::value);
  return found == lines.end() ? std::nullopt : std::optional(found->origin);
}

bool lets_through(Action action) { return action.kind == Action::Kind::allow || action.kind == Action::Kind::log; }

bool lets_through(const SeccompRule& rule) {
  return rule.action == SeccompRule::Action::allow || rule.action == SeccompRule::Action::log;
}

std::vector<Origin> rules_for(const SeccompPlan& plan, std::string_view call) {
  std::vector<Origin> origins;
  for (const SeccompRule& rule : plan.rules) {
    if (rule.syscall == call) origins.push_back(rule.origin);
  }
  return origins;
}

CallVerdict policy_verdict(std::string_view call, PolicyVariant variant) {
  const PolicyRow* row = find_row(call, variant);
  if (!row) return {.action = refuse_call(ENOSYS), .reason = "no program needs it: answered as by a kernel without it"};
  const Action action = row->rule.otherwise;
  return {.action = variant.nested && action == report_call ? refuse_call(reported_error) : action,
          .by_argument = !row->rule.clauses.empty(),
          .sometimes =
              std::ranges::any_of(row->rule.clauses, [](const Clause& clause) { return lets_through(clause.action); }),
          .reason = std::string(row->reason)};
}

// As customise(): deny before allow before the policy's row.
CallVerdict whole_verdict(const SeccompPlan& plan, std::string_view call) {
  if (const auto line = line_with(plan.deny, call)) {
    return {.action = refuse_call(EPERM), .reason = "the profile denies it", .line = line};
  }
  if (const auto line = line_with(plan.allow, call)) return {.reason = "the profile allows it", .line = line};
  return policy_verdict(call, variant_of(plan));
}

Error unknown_call(std::string_view name) {
  return {.what = "unknown system call " + quote_for_display(name),
          .fix = nearest_call_hint(name, native_architecture)};
}

CallVerdict without_filter() { return {.reason = "no system call is refused: seccomp.policy is \"off\""}; }

CallVerdict without_call() {
  return {.action = refuse_call(ENOSYS), .reason = "this machine's architecture has no such call"};
}

}  // namespace

Result<CallVerdict> verdict_for(const SeccompPlan& plan, std::string_view call) {
  if (!is_call_name(call)) return unknown_call(call);
  if (!call_number(native_architecture, call)) return without_call();
  if (plan.policy == SeccompPolicy::off) return without_filter();
  CallVerdict verdict = whole_verdict(plan, call);
  verdict.rules = rules_for(plan, call);
  verdict.by_argument |= !verdict.rules.empty();
  verdict.sometimes |= std::ranges::any_of(
      plan.rules, [&](const SeccompRule& rule) { return rule.syscall == call && lets_through(rule); });
  return verdict;
}

}  // namespace snug
