#include "seccomp/filter.h"

#include <algorithm>
#include <iterator>

#include "base/origin.h"
#include "seccomp/compile.h"
#include "seccomp/customise.h"
#include "seccomp/standard.h"

namespace snug {
namespace {

bool changes_nothing(const SeccompPlan& plan) { return plan.allow.empty() && plan.deny.empty() && plan.rules.empty(); }

Diagnostic not_without_filter(const Origin& origin) {
  return diagnostic_at(origin,
                       "a system call cannot be refused without a filter (seccomp.policy is \"off\"); take the "
                       "line out, or write seccomp.policy = \"default\"");
}

// With nothing to carry it out, a refusal must not be dropped in silence. `allow` holds by itself.
std::vector<Diagnostic> refusals_without_filter(const SeccompPlan& plan) {
  std::vector<Diagnostic> mistakes;
  for (const auto& call : plan.deny) mistakes.push_back(not_without_filter(call.origin));
  for (const auto& rule : plan.rules) mistakes.push_back(not_without_filter(rule.origin));
  return mistakes;
}

Error all_of(const std::vector<Diagnostic>& mistakes) {
  Error error;
  for (const Diagnostic& mistake : mistakes) error.what += (error.what.empty() ? "" : "\n") + to_text(mistake);
  return error;
}

Error too_long(std::size_t length) {
  return {.what = "the system call filter has " + std::to_string(length) + " instructions, more than the kernel's " +
                  std::to_string(BPF_MAXINSNS),
          .needed_by = "seccomp.rule",
          .fix = "use fewer rules"};
}

Result<Filter> standard_filter(PolicyVariant variant) {
  Filter filter;
  filter.program = standard_program(native_architecture, variant);
  filter.reports = !variant.nested;
  return filter;
}

Result<Filter> customised_filter(const SeccompPlan& plan) {
  Policy policy = make_policy(native_architecture, variant_of(plan));
  if (const auto mistakes = customise(plan, native_architecture, policy); !mistakes.empty()) return all_of(mistakes);
  Filter filter;
  filter.owned = compile(policy, native_architecture);
  if (filter.owned.size() > BPF_MAXINSNS) return too_long(filter.owned.size());
  filter.program = filter.owned;
  filter.reports = reports(policy);
  return filter;
}

}  // namespace

PolicyVariant variant_of(const SeccompPlan& plan) {
  return {.strict = plan.policy == SeccompPolicy::strict, .nested = plan.nested};
}

std::vector<Diagnostic> filter_mistakes(const SeccompPlan& plan) {
  if (changes_nothing(plan)) return {};
  Policy unused;
  auto mistakes = customise(plan, native_architecture, unused);
  if (plan.policy == SeccompPolicy::off) std::ranges::copy(refusals_without_filter(plan), std::back_inserter(mistakes));
  return mistakes;
}

Result<Filter> make_filter(const SeccompPlan& plan) {
  if (plan.policy == SeccompPolicy::off) {
    const auto mistakes = filter_mistakes(plan);
    return mistakes.empty() ? Result<Filter>(Filter{}) : all_of(mistakes);
  }
  return changes_nothing(plan) ? standard_filter(variant_of(plan)) : customised_filter(plan);
}

std::string name_of_call(int number) {
  const std::string name = call_name(native_architecture, static_cast<std::uint32_t>(number));
  return name.empty() ? "call " + std::to_string(number) : name;
}

}  // namespace snug
