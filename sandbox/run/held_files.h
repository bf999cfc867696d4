// Files that the processes of a sandbox have removed and still hold: they take their room on the disk, and no directory
// shows them.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace snug {

struct HeldBytes {
  std::uint64_t bytes = 0;
  bool whole = true;  ///< no process kept its descriptors from being looked at (PR_SET_DUMPABLE)
};

/// Bytes of the removed files on overlays that the processes below `init` have open or mapped, each file once. Not
/// those that nobody has but a message on its way from one process to another.
HeldBytes bytes_held(pid_t init);

}  // namespace snug
