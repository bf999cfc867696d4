// Changes -> the steps of an apply, with everything that is needed for them staged: nothing of the project's own has
// been touched after it, so that a full disk ends an apply here.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/apply.h"
#include "changes/change.h"
#include "changes/journal.h"
#include "changes/workplace.h"

namespace snug {

struct StagedSteps {
  std::vector<ApplyStep> steps;
  std::vector<std::string> left;  ///< what will not arrive as it is in the capture, and why
};

/// Preconditions of apply_changes(); the staging directory is new and open. Errors: the host's side is not what the
/// scan saw; no room.
Result<StagedSteps> prepare_steps(const Capture& capture, Workplace& workplace, const std::vector<Change>& changes,
                                  const ApplyOptions& options);

}  // namespace snug
