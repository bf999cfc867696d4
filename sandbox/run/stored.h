// What snug keeps in its state directory: stored homes with their private layers, captures, logs of detached runs, and
// what killed runs left. Lists it with size and age, and removes it; never what is in use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace snug {

struct Stored {
  enum class Kind {
    home,     ///< a stored home, and the private layers kept beside it
    capture,  ///< changes nobody has applied or discarded
    log,      ///< what a detached run printed, and how it ended (sessions/kept.h)
    mirror,   ///< copies of the system's directories as the user's own, for captures as root; made again when needed
    left,     ///< of runs that were killed: scratch layers, captures that never began
  } kind = Kind::left;
  std::string path;     ///< the directory
  std::string name;     ///< "web-4f0c...", "3"
  std::string project;  ///< of a capture, as far as its record can be read
  std::uint64_t bytes = 0;
  std::int64_t last_used = 0;  ///< seconds since the epoch
  bool in_use = false;
};

/// Everything in `state_directory`, the largest first. What is not snug's own is not listed.
std::vector<Stored> list_stored(const std::string& state_directory);

/// Removes it with all it holds, unwritable directories included. Errors: in use by now; cannot be removed.
Result<void> remove_stored(const Stored& stored);

}  // namespace snug
