// Real root only: host files as mounts that the parent makes, idmapped where their owner must look like the
// stand-in user. A child that is no longer root could not open them.
#pragma once

#include <map>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "plan/plan.h"

namespace snug {

struct PreparedSources {
  std::vector<Fd> owners;
  std::map<std::size_t, int> by_entry;  ///< index into plan.view -> descriptor; kept alive by `owners`
};

/// Opens every Bind, Device and Copy source of `plan`; an absent optional one is left out. Errors name the entry's
/// origin. Linux 5.12.
Result<PreparedSources> prepare_sources(const Plan& plan);

}  // namespace snug
