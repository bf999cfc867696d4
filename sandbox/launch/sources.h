// What the parent takes from the host for the child. Small files that are copied: read here. For real root also host
// files as mounts, idmapped where their owner must look like the stand-in user: a child that is no longer root could
// not open them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "plan/plan.h"

namespace snug {

/// Reads Copies into one buffer.
class CopyReader {
 public:
  CopyReader();
  ~CopyReader();

  /// The content of `entry`, a Copy, valid until the next call; none if it is optional and absent. Symbolic links are
  /// refused, as for binds: the planner resolved them. Errors name the entry's origin; a file over 64 KiB is one.
  Result<std::optional<std::string_view>> read(const ViewEntry& entry);

 private:
  struct Buffer;
  std::unique_ptr<Buffer> buffer_;
};

struct PreparedSources {
  std::vector<Fd> owners;
  std::map<std::size_t, int> by_entry;  ///< index into plan.view -> descriptor; kept alive by `owners`
};

/// Opens every Bind and Device source of `plan`; an absent optional one is left out. Errors name the entry's
/// origin. Linux 5.12.
Result<PreparedSources> prepare_sources(const Plan& plan);

}  // namespace snug
