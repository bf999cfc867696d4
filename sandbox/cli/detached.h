// Detached runs, for the commands that read what they print, wait for them and attach to them.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "plan/request.h"
#include "sessions/kept.h"

namespace snug {

/// The one with the name `word`, else with an id that begins so: one that runs, else the last that did. Errors: none,
/// or several; the sandbox of that name is not detached.
Result<KeptRun> find_detached(const Caller& caller, const std::string& word);

/// The same run as it is now: how it ended, if it has.
KeptRun look_again(const Caller& caller, const KeptRun& run);

/// What snug's own exit status is for a run that is over; says it where nobody knows.
int status_of_ended(const KeptRun& run);

}  // namespace snug
