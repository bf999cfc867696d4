// Policy -> BPF, the only form of the filter there is: at build time for the standard policies, at run time for a
// profile that changes them.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "seccomp/policy.h"

namespace snug {

/// A program for SECCOMP_SET_MODE_FILTER. It ends the process on any entry point but the architecture's own, then finds
/// the call by a binary search over ranges of numbers with equal rules. The caller checks the length against
/// BPF_MAXINSNS.
///
/// Why a search: the kernel checks and translates every instruction and, at load, works out for each call number
/// whether the answer depends on arguments at all; a linear list costs 0.2-0.3 ms more to load.
std::vector<sock_filter> compile(const Policy& policy, Architecture architecture);

}  // namespace snug
