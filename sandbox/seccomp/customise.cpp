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

Error unknown(const char* kind, std::string_view name, std::string fix) {
  return {.what = std::string("unknown ") + kind + " " + quote_for_display(name), .fix = std::move(fix)};
}

Error at(const Origin& origin, Error error) {
  error.needed_by = to_text(origin);
  return error;
}

Error unknown_constant(const char* kind, std::span<const Constant> constants, std::string_view name,
                       const Origin& origin) {
  const std::string hint = did_you_mean(nearest_constant(constants, name));
  return at(origin, unknown(kind, name, hint.empty() ? "write the number" : hint));
}

Result<std::optional<std::uint32_t>> number_of(std::string_view name, Architecture architecture, const Origin& origin) {
  if (!is_call_name(name)) return at(origin, unknown_call(name, architecture));
  return call_number(architecture, name);
}

Result<void> set_all(const std::vector<Sourced<std::string>>& calls, Action action, Architecture architecture,
                     Policy& policy) {
  for (const auto& [name, origin] : calls) {
    const auto number = number_of(name, architecture, origin);
    if (!number) return number.error();
    if (*number) policy.calls[**number] = {{}, action};
  }
  return {};
}

Result<std::uint64_t> value_of(const SeccompRule& rule) {
  if (const auto* number = std::get_if<std::uint64_t>(&rule.value)) return *number;
  const auto& name = std::get<std::string>(rule.value);
  if (const auto value = find_constant(argument_constants(), name)) return *value;
  return unknown_constant("constant", argument_constants(), name, rule.origin);
}

Result<Action> action_of(const SeccompRule& rule) {
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
  return unknown_constant("error name", error_constants(), rule.error, rule.origin);
}

bool lets_through(const Action& action) {
  return action.kind == Action::Kind::allow || action.kind == Action::Kind::log;
}

std::uint64_t mask_of(const SeccompRule& rule, std::uint64_t value, const Action& action) {
  constexpr std::uint64_t low_half = 0xffffffff;
  if (rule.compare == SeccompRule::Compare::masked) return rule.mask;
  return !lets_through(action) && value <= low_half ? low_half : ~std::uint64_t{0};
}

Result<Test> test_of(const SeccompRule& rule, const Action& action) {
  if (rule.argument < 0 || rule.argument > 5) {
    return Error{.what = "a system call has no argument " + std::to_string(rule.argument),
                 .needed_by = to_text(rule.origin),
                 .fix = "count from 0; the last is 5"};
  }
  const auto value = value_of(rule);
  if (!value) return value.error();
  const Test test{rule.argument, mask_of(rule, *value, action), *value};
  if ((test.value & ~test.mask) == 0) return test;
  return Error{.what = "the value of a rule for " + quote_for_display(rule.syscall) + " can never be met",
               .why = "it has bits outside the mask",
               .needed_by = to_text(rule.origin)};
}

Result<Clause> clause_of(const SeccompRule& rule) {
  const auto action = action_of(rule);
  if (!action) return action.error();
  const auto test = test_of(rule, *action);
  if (!test) return test.error();
  return Clause{{*test}, *action};
}

// The clauses of one call, so far only those of rules: they go before what the policy says of it.
using RuleClauses = std::map<std::uint32_t, std::vector<Clause>>;

Result<RuleClauses> clauses_of(const std::vector<SeccompRule>& rules, Architecture architecture) {
  RuleClauses clauses;
  for (const SeccompRule& rule : rules) {
    const auto number = number_of(rule.syscall, architecture, rule.origin);
    if (!number) return number.error();
    auto clause = clause_of(rule);
    if (!clause) return clause.error();
    if (*number) clauses[**number].push_back(std::move(*clause));
  }
  return clauses;
}

void put_first(Policy& policy, std::uint32_t number, std::vector<Clause> clauses) {
  CallRule& rule = policy.calls.try_emplace(number, CallRule{{}, policy.otherwise}).first->second;
  clauses.insert(clauses.end(), rule.clauses.begin(), rule.clauses.end());
  rule.clauses = std::move(clauses);
}

}  // namespace

Error unknown_call(std::string_view name, Architecture architecture) {
  const std::vector<std::string> names = call_names(architecture);
  const std::vector<std::string_view> known(names.begin(), names.end());
  return unknown("system call", name, did_you_mean(nearest_word(name, known)));
}

Result<void> customise(const SeccompPlan& plan, Architecture architecture, Policy& policy) {
  if (auto done = set_all(plan.allow, allow_call, architecture, policy); !done) return done;
  if (auto done = set_all(plan.deny, refuse_call(EPERM), architecture, policy); !done) return done;
  auto clauses = clauses_of(plan.rules, architecture);
  if (!clauses) return clauses.error();
  for (auto& [number, list] : *clauses) put_first(policy, number, std::move(list));
  return {};
}

}  // namespace snug
