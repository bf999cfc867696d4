// Removing a capture with all it holds.
#pragma once

#include "base/result.h"
#include "changes/capture.h"

namespace snug {

/// Of a directory that the user made (--changes) only what is in it goes. Precondition: locked.
Result<void> discard_capture(const Capture& capture);

/// Is there nothing in its upper directories?
bool holds_nothing(const Capture& capture);

/// Has nothing been changed in it, not even its top directories? "No" where something was written that a scan may find
/// to be no change: then nothing is looked into.
bool is_untouched(const Capture& capture);

}  // namespace snug
