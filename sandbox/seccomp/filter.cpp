#include "seccomp/filter.h"

#include "base/origin.h"
#include "seccomp/compile.h"
#include "seccomp/customise.h"
#include "seccomp/standard.h"

namespace snug {
namespace {

bool changes_nothing(const SeccompPlan& plan) { return plan.allow.empty() && plan.deny.empty() && plan.rules.empty(); }

Error not_without_filter(const Origin& origin) {
  return {.what = "a system call cannot be refused without a filter",
          .why = "seccomp.policy is \"off\"",
          .needed_by = to_text(origin),
          .fix = "take the line out, or write seccomp.policy = \"default\""};
}

// With nothing to carry it out, a refusal must not be dropped in silence. `allow` holds by itself.
Result<Filter> no_filter(const SeccompPlan& plan) {
  if (!plan.deny.empty()) return not_without_filter(plan.deny.front().origin);
  if (!plan.rules.empty()) return not_without_filter(plan.rules.front().origin);
  return Filter{};
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
  if (auto done = customise(plan, native_architecture, policy); !done) return done.error();
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

Result<Filter> make_filter(const SeccompPlan& plan) {
  if (plan.policy == SeccompPolicy::off) return no_filter(plan);
  return changes_nothing(plan) ? standard_filter(variant_of(plan)) : customised_filter(plan);
}

std::string name_of_call(int number) {
  const std::string name = call_name(native_architecture, static_cast<std::uint32_t>(number));
  return name.empty() ? "call " + std::to_string(number) : name;
}

}  // namespace snug
