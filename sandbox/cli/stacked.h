// Captures over others: what they wait for, and what of them is to be done on the host, which may not be what their
// command saw.
#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "changes/capture.h"
#include "cli/captured.h"

namespace snug {

/// A capture below `capture` still holds something the host has not: what was made over it comes after it.
std::optional<Error> waits_for_another(const Capture& capture);

/// The captures that were made over this one.
std::vector<Capture> captures_above(const Capture& capture);

/// Changes as the command made them, and of those what the host has no need of: what they lead to is there.
struct HostChanges {
  std::vector<SeenChange> needed;  ///< as they are against the host, with new directories above them
  std::vector<SeenChange> idle;
};

/// From here on the parts of `open` are compared with the host alone. Without layers between the two all is needed.
/// Precondition: `changes` are of the scan made when it was opened.
Result<HostChanges> against_host(OpenCapture& open, std::vector<SeenChange> changes);

/// Is something in it that its command changed and the host has not?
bool holds_changes(const OpenCapture& open);

}  // namespace snug
