// What an overlay lies over instead of a host directory that holds mounts: copies of the files beside them.
#pragma once

#include "base/result.h"
#include "plan/plan.h"

namespace snug {

/// Makes a Preparation::Kind::shallow_copy anew. What is copied was written by the user, or by a command that could: no
/// symbolic link is followed, and at most 64 MiB are copied. Precondition: the directory above is there.
Result<void> make_shallow_copy(const Preparation& preparation);

}  // namespace snug
