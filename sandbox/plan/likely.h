// What a plan will most likely bind, known from the profile alone: a long list of read-only binds need not wait until
// everything is planned to be set up (launch/prologue.h). A guess: nothing rests on it.
#pragma once

#include <vector>

#include "plan/host_files.h"
#include "plan/plan.h"
#include "plan/request.h"
#include "profile/profile.h"

namespace snug {

/// In the order of a plan's view; every entry is `ahead`. Empty where filesystem.read is too short for a guess to pay.
/// Asks the host nothing: confirm_likely() does, one by one.
std::vector<ViewEntry> likely_binds(const Profile& profile, const Request& request);

/// Completes an entry of likely_binds(). False: it will not be bound as guessed.
bool confirm_likely(ViewEntry& entry, HostFiles& host);

}  // namespace snug
