// SeccompPlan -> BPF. The built-in policies (policy.h) for this architecture are data made at build time; what a
// profile changes (customise.h) is compiled at run time by the same compiler. Knows not why a call is denied.
#pragma once

#include <linux/filter.h>

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "profile/load.h"
#include "seccomp/policy.h"

namespace snug {

/// The built-in policy a plan starts from. Precondition: its policy is not "off".
PolicyVariant variant_of(const SeccompPlan& plan);

/// A program for seccomp(2) SECCOMP_SET_MODE_FILTER. `program` points into `owned` or into the binary's data, so a
/// Filter may be moved but not copied. Empty with policy "off".
struct Filter {
  std::span<const sock_filter> program;
  std::vector<sock_filter> owned;
  bool reports = false;  ///< some calls are answered by notification: install it with a listener

  Filter() = default;
  Filter(Filter&&) = default;
  Filter& operator=(Filter&&) = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
};

/// All that is wrong with what a profile's [seccomp] says: unknown names of calls, constants and errors, a rule that
/// can never hold, a refusal asked of policy "off".
std::vector<Diagnostic> filter_mistakes(const SeccompPlan& plan);

/// Errors: filter_mistakes(), all in one; more rules than a filter can hold.
Result<Filter> make_filter(const SeccompPlan& plan);

/// The name of a call by this machine's number, for messages: "keyctl", or "call 999".
std::string name_of_call(int number);

}  // namespace snug
