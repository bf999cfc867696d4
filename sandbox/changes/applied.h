// What an apply made of the host while the capture goes on, because something of it was still to be taken over or a run
// adds to it, so that our own work does not look like somebody else's: kept in the capture's directory as "applied".
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/capture.h"
#include "changes/change.h"
#include "changes/journal.h"
#include "changes/scan.h"
#include "changes/workplace.h"

namespace snug {

/// The sides of a capture with what is known of earlier applies. A damaged file counts as none: then more looks changed
/// on the host than was.
Sides sides_of(const Capture& capture);

/// Directories of the host that hold one of `changes`, or are one, and that nobody changed since the capture began.
std::set<std::string> unchanged_directories(const Capture& capture, Workplace& workplace,
                                            const std::vector<Change>& changes);

/// After an apply: what it left on the host, and `directories`, are as they are because of it, for this capture and for
/// those `over` it. Precondition: nothing of the apply's own is left to be done in the project.
Result<void> remember_applied(const Capture& capture, Workplace& workplace, const std::vector<ApplyStep>& steps,
                              const std::set<std::string>& directories, const std::vector<Capture>& over);

}  // namespace snug
