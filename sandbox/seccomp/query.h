// What a plan's filter answers to one system call, and who says so, for people who ask why. Makes no filter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/origin.h"
#include "base/result.h"
#include "plan/plan.h"
#include "seccomp/policy.h"

namespace snug {

struct CallVerdict {
  Action action = allow_call;  ///< the answer to arguments that no clause or rule speaks of
  bool by_argument = false;    ///< some arguments are answered otherwise; `reason` and `rules` say which
  bool sometimes = false;      ///< some arguments are let through, whatever `action` says
  std::string reason;          ///< in words for people, without a full stop
  std::optional<Origin> line;  ///< the profile's line that decides for the whole call; none: the policy itself
  std::vector<Origin>
      rules;  ///< the profile's rules that speak of the call, in the order they are tried, before `line`
};

/// Errors: the name of no system call of any architecture, with the nearest known one.
Result<CallVerdict> verdict_for(const SeccompPlan& plan, std::string_view call);

}  // namespace snug
