// The record of a capture (changes/capture.h), as its run begins and ends.
#pragma once

#include <optional>

#include "base/result.h"
#include "changes/capture.h"
#include "plan/plan.h"

namespace snug {

/// Writes what the capture of `plan`, if it has one, lies over and when it began, unless a run before has. A new one's
/// record is not waited for: it says that nothing is on the disk yet, and without it nothing else counts.
/// Precondition: its directory is made and locked, and nothing of the project has been mounted.
Result<std::optional<Capture>> begin_capture(const Plan& plan);

/// Adds how the command ended, once all is on the disk; removes a capture to which nothing was written. Returns whether
/// it is still there. A record that cannot be written stays as it is: the changes do not depend on it.
bool end_capture(Capture& capture, int status);

}  // namespace snug
