// Upper directory of an overlay against the host's directory below it -> the list of changes. Reads both sides through
// descriptors and no symbolic link; the upper side was written by the command and is taken for input.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/change.h"

namespace snug {

/// What an apply left at a path of the host (applied.h).
struct HostStamp {
  std::uint64_t inode = 0;
  std::int64_t ctime_ns = 0;
};
using HostStamps = std::map<std::string, HostStamp>;

struct Sides {
  std::string upper;  ///< the overlay's upper directory
  /// Layers between the two, absolute, the top one first: uppers of captures that are not applied yet. What lies under
  /// `upper` is what they show over `lower`.
  std::vector<std::string> between = {};
  std::string lower;  ///< the host's directory it lies over
  /// When the capture began, nanoseconds since the epoch by the clock that stamps files: what the host changed at or
  /// after it has drifted.
  std::int64_t began = 0;
  bool top_is_own = true;   ///< false: the top directories' own modes are not compared
  HostStamps applied = {};  ///< what has these stamps did not drift
};

/// Did somebody else change `node`, which stands at `path` of the host, since the capture began?
bool changed_since_began(const Sides& sides, const std::string& path, const Node& node);

/// Calls `found` with the changes in each directory that holds any, by name, a directory before those in it; one call
/// at a time but from several threads.
///
/// A file that was opened for writing and left as it was, a mode changed and changed back, and what was made and
/// deleted again are no changes; nor are times alone. A deleted directory is one change. Errors: what cannot be read on
/// either side. Memory: what four directories hold, and the paths of directories still to be looked at.
Result<KeptNames> scan_changes(const Sides& sides, const std::function<void(std::vector<Change>)>& found);

}  // namespace snug
