// The record of a capture (changes/capture.h), as its run begins and ends.
#pragma once

#include "base/result.h"
#include "plan/plan.h"

namespace snug {

/// Writes what the capture of `plan`, if it has one, lies over and when it began, unless a run before has.
/// Precondition: its directory is made and locked, and nothing of the project has been mounted.
Result<void> begin_capture(const Plan& plan);

/// Adds how the command ended. A record that cannot be written stays as it is: the changes do not depend on it.
void end_capture(const Plan& plan, int status);

}  // namespace snug
