// What the parent takes from the host for the child. Small files that are copied: read here, while the child's
// namespaces are being made. For real root also host files as mounts, idmapped where their owner must look like the
// stand-in user: a child that is no longer root could not open them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "plan/plan.h"

namespace snug {

/// The content of every Copy of `plan`, by index into plan.view. An absent optional one is left out. Symbolic links are
/// refused, as for binds: the planner resolved them. Errors name the entry's origin; a file over 64 KiB is one.
Result<std::map<std::size_t, std::string>> read_copies(const Plan& plan);

struct PreparedSources {
  std::vector<Fd> owners;
  std::map<std::size_t, int> by_entry;  ///< index into plan.view -> descriptor; kept alive by `owners`
};

/// Opens every Bind and Device source of `plan`; an absent optional one is left out. Errors name the entry's
/// origin. Linux 5.12.
Result<PreparedSources> prepare_sources(const Plan& plan);

}  // namespace snug
