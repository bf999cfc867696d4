// What a profile's [seccomp] section changes in the standard policy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "profile/load.h"
#include "seccomp/policy.h"

namespace snug {

/// For each call, the first of these that speaks of it decides:
///  1. `rules`, in the order given, where their test holds;
///  2. `deny`: EPERM, whatever the arguments;
///  3. `allow`: allowed whole. This also lifts what the policy checks by argument: `allow = ["socket"]` opens every
///     family; to open one, write a rule;
///  4. the policy's own row.
///
/// A rule that refuses (`errno:`, `kill`) with a value of at most 32 bits is compared with the low 32 bits, because the
/// kernel drops the rest of an `int` and a caller could fill them; a rule that lets through (`allow`, `log`) must match
/// in all 64. So a rule never lets through more than it says, and never refuses less.
///
/// Calls that another architecture has and this one not are skipped. Returns every mistake: an unknown call, constant
/// or errno name; an argument outside 0-5; a value with bits outside its mask. With any, `policy` is not to be used.
std::vector<Diagnostic> customise(const SeccompPlan& plan, Architecture architecture, Policy& policy);

/// The call of `architecture` whose name is nearest to one that is_call_name() does not know, as "did you mean
/// "ptrace"?", or empty.
std::string nearest_call_hint(std::string_view name, Architecture architecture);

}  // namespace snug
