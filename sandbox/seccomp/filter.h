// SeccompPlan -> BPF. The standard policy for this architecture is data made at build time; anything a profile
// changes is rebuilt at run time through libseccomp. Knows not why a call is denied.
#pragma once

#include <linux/filter.h>

#include <span>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace snug {

/// A program for seccomp(2) SECCOMP_SET_MODE_FILTER. `program` points into `owned` or into the binary's data, so a
/// Filter may be moved but not copied. Empty with policy "off".
struct Filter {
  std::span<const sock_filter> program;
  std::vector<sock_filter> owned;

  Filter() = default;
  Filter(Filter&&) = default;
  Filter& operator=(Filter&&) = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
};

/// Errors: an unknown system call or constant name, with its origin; a libseccomp failure.
Result<Filter> make_filter(const SeccompPlan& plan);

}  // namespace snug
