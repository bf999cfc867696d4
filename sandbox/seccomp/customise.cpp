#include "seccomp/customise.h"

#include <vector>

#include "base/origin.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "seccomp/constants.h"

namespace snug {
namespace {

std::string did_you_mean(std::string_view nearest) {
  return nearest.empty() ? "" : "did you mean " + quote_for_display(nearest) + "?";
}

using Mistakes = std::vector<Diagnostic>;

std::string with_hint(std::string message, const std::string& hint) {
  return hint.empty() ? message : message + "; " + hint;
}

std::string unknown(const char* kind, std::string_view name, const std::string& hint) {
  return with_hint(std::string("unknown ") + kind + " " + quote_for_display(name), hint);
}

std::string unknown_constant(std::string_view name) {
  const std::string hint = did_you_mean(nearest_constant(argument_constants(), name));
  return unknown("constant", name, hint.empty() ? "write the number" : hint);
}

std::string unknown_error(std::string_view name) {
  const std::string hint = did_you_mean(nearest_constant(error_constants(), name));
  return unknown("error name", name, hint.empty() ? "errno(3) lists them" : hint);
}

// None: unknown, which is a mistake, or of another architecture, which is not.
std::optional<std::uint32_t> number_of(const Sourced<std::string>& call, Architecture architecture,
                                       Mistakes& mistakes) {
  if (is_call_name(call.value)) return call_number(architecture, call.value);
  const std::string hint = nearest_call_hint(call.value, architecture);
  mistakes.push_back(diagnostic_at(call.origin, unknown("system call", call.value, hint)));
  return std::nullopt;
}

void set_all(const std::vector<Sourced<std::string>>& calls, Action action, Architecture architecture, Policy& policy,
             Mistakes& mistakes) {
  for (const auto& call : calls) {
    if (const auto number = number_of(call, architecture, mistakes)) policy.calls[*number] = {{}, action};
  }
}

std::optional<std::uint64_t> value_of(const SeccompRule& rule, Mistakes& mistakes) {
  if (const auto* number = std::get_if<std::uint64_t>(&rule.value)) return *number;
  const auto& name = std::get<std::string>(rule.value);
  const auto value = find_constant(argument_constants(), name);
  if (!value) mistakes.push_back(diagnostic_at(rule.origin, unknown_constant(name)));
  return value;
}

std::optional<Action> action_of(const SeccompRule& rule, Mistakes& mistakes) {
  switch (rule.action) {
    case SeccompRule::Action::allow:
      return allow_call;
    case SeccompRule::Action::kill:
      return kill_process;
    case SeccompRule::Action::log:
      return Action{Action::Kind::log, 0};
    case SeccompRule::Action::error:
      break;
  }
  if (const auto code = find_constant(error_constants(), rule.error)) return refuse_call(static_cast<int>(*code));
  mistakes.push_back(diagnostic_at(rule.origin, unknown_error(rule.error)));
  return std::nullopt;
}

bool lets_through(const Action& action) {
  return action.kind == Action::Kind::allow || action.kind == Action::Kind::log;
}

std::uint64_t mask_of(const SeccompRule& rule, std::uint64_t value, const Action& action) {
  constexpr std::uint64_t low_half = 0xffffffff;
  if (rule.compare == SeccompRule::Compare::masked) return rule.mask;
  return !lets_through(action) && value <= low_half ? low_half : ~std::uint64_t{0};
}

std::optional<int> argument_of(const SeccompRule& rule, Mistakes& mistakes) {
  if (rule.argument >= 0 && rule.argument <= 5) return rule.argument;
  mistakes.push_back(diagnostic_at(
      rule.origin, "a system call has no argument " + std::to_string(rule.argument) + "; count from 0, the last is 5"));
  return std::nullopt;
}

// Each part is looked at, whatever the others are, so that all mistakes are told at once.
std::optional<Clause> clause_of(const SeccompRule& rule, Mistakes& mistakes) {
  const auto action = action_of(rule, mistakes);
  const auto argument = argument_of(rule, mistakes);
  const auto value = value_of(rule, mistakes);
  if (!action || !argument || !value) return std::nullopt;
  const Test test{*argument, mask_of(rule, *value, *action), *value};
  if ((test.value & ~test.mask) == 0) return Clause{{test}, *action};
  mistakes.push_back(diagnostic_at(rule.origin, "the value of a rule for " + quote_for_display(rule.syscall) +
                                                    " can never be met: it has bits outside the mask"));
  return std::nullopt;
}

// The clauses of one call, so far only those of rules: they go before what the policy says of it.
using RuleClauses = std::map<std::uint32_t, std::vector<Clause>>;

RuleClauses clauses_of(const std::vector<SeccompRule>& rules, Architecture architecture, Mistakes& mistakes) {
  RuleClauses clauses;
  for (const SeccompRule& rule : rules) {
    const auto number = number_of({rule.syscall, rule.origin}, architecture, mistakes);
    auto clause = clause_of(rule, mistakes);
    if (number && clause) clauses[*number].push_back(std::move(*clause));
  }
  return clauses;
}

void put_first(Policy& policy, std::uint32_t number, std::vector<Clause> clauses) {
  CallRule& rule = policy.calls.try_emplace(number, CallRule{{}, policy.otherwise}).first->second;
  clauses.insert(clauses.end(), rule.clauses.begin(), rule.clauses.end());
  rule.clauses = std::move(clauses);
}

}  // namespace

std::string nearest_call_hint(std::string_view name, Architecture architecture) {
  const std::vector<std::string> names = call_names(architecture);
  const std::vector<std::string_view> known(names.begin(), names.end());
  return did_you_mean(nearest_word(name, known));
}

std::vector<Diagnostic> customise(const SeccompPlan& plan, Architecture architecture, Policy& policy) {
  Mistakes mistakes;
  set_all(plan.allow, allow_call, architecture, policy, mistakes);
  set_all(plan.deny, refuse_call(EPERM), architecture, policy, mistakes);
  for (auto& [number, list] : clauses_of(plan.rules, architecture, mistakes)) {
    put_first(policy, number, std::move(list));
  }
  return mistakes;
}

}  // namespace snug
