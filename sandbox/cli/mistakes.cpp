#include "cli/mistakes.h"

#include "plan/build.h"
#include "seccomp/filter.h"

namespace snug {

std::vector<Diagnostic> mistakes_in(const LoadOutcome& outcome) {
  std::vector<Diagnostic> mistakes = outcome.diagnostics;
  add_mistakes(mistakes, filter_mistakes(seccomp_plan(outcome.profile)));
  return mistakes;
}

}  // namespace snug
