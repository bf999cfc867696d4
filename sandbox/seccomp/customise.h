// What a profile's [seccomp] section changes in the standard policy.
#pragma once

#include <string_view>

#include "base/result.h"
#include "plan/plan.h"
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
/// Calls that another architecture has and this one not are skipped. Errors: an unknown call, constant or errno name;
/// an argument outside 0-5; a value with bits outside its mask. Each names the line.
Result<void> customise(const SeccompPlan& plan, Architecture architecture, Policy& policy);

/// For a name that is_call_name() does not know, with the nearest one that the architecture has. No `needed_by`.
Error unknown_call(std::string_view name, Architecture architecture);

}  // namespace snug
