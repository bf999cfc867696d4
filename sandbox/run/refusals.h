// The calls that the filter reports: each is refused, counted and named. What is read of the caller is the number and
// nothing of its memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "run/run.h"

namespace snug {

class Refusals {
 public:
  /// Answers the call that waits on `listener` (borrowed) with EPERM. Returns its name if it is the first of its kind.
  /// Precondition: `listener` is readable, or this blocks.
  std::optional<std::string> answer(int listener);

  /// All kinds so far, the most frequent first.
  std::vector<RefusedCall> counted() const;

 private:
  std::map<int, std::uint64_t> counts_;  // by call number: no more than the filter reports
};

}  // namespace snug
