// All there is to say about one profile: what `snug check` prints and `snug check --fix` mends.
#pragma once

#include <string>
#include <vector>

#include "cli/choose_profile.h"
#include "cli/trust.h"
#include "plan/lint.h"

namespace snug {

struct Report {
  std::string name;
  std::vector<Diagnostic> mistakes, notes;
  std::vector<Diagnostic> unapproved;  ///< notes on what does nothing before it is approved
  std::vector<Finding> advice;
  ProjectSide side;      ///< what of it comes from the project
  bool trusted = false;  ///< every byte of that is approved
};

/// Reads what `chosen` extends; its own texts as they are in it.
Report examine(const ChosenProfile& chosen, const Caller& caller);

}  // namespace snug
