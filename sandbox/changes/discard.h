// Removing a capture with all it holds.
#pragma once

#include <string>

#include "base/result.h"
#include "changes/capture.h"

namespace snug {

/// Of a directory that the user made (--changes) only what is in it goes. Killed meanwhile it leaves no capture, but
/// one that is half_discarded(). Precondition: locked.
Result<void> discard_capture(const Capture& capture);

/// The first step of that: what lies in `directory` is a capture no longer.
Result<void> begin_discard(const std::string& directory);

/// What is left in `directory` is of a capture whose discarding was killed; it can be removed.
bool half_discarded(const std::string& directory);

/// Is there nothing in its upper directories?
bool holds_nothing(const Capture& capture);

/// Has nothing been changed in it, not even its top directories? "No" where something was written that a scan may find
/// to be no change: then nothing is looked into.
bool is_untouched(const Capture& capture);

}  // namespace snug
