// A capture on disk: the layer that a run's changes to its project went to, and what is known of that run. Owns the
// names and the format in the state directory; what differs is scan.h's, taking it over apply.h's.
//
// STATE/captures/PROJECT-HASH/NAME/
//   lock          held exclusively by the run that writes to it, and by whoever reads, applies or discards it
//   record        what Capture holds (fields.h)
//   upper/ work/  the overlay's
//   journal       an apply that has not ended (apply.h)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "changes/scan.h"

namespace snug {

struct Capture {
  std::string directory;             ///< absolute
  std::string project;               ///< absolute: the host's directory it lies over
  std::int64_t began = 0;            ///< nanoseconds since the epoch
  std::string profile;               ///< its name
  std::vector<std::string> command;  ///< empty: a shell
  std::vector<std::string> protect;  ///< the profile's patterns, relative to the project
  std::optional<int> status;         ///< the command's; none: it runs, or was killed together with snug

  std::string name() const;
  Sides sides() const { return {.upper = directory + "/upper", .lower = project, .began = began}; }
};

Result<void> write_capture(const Capture& capture);
Result<Capture> read_capture(const std::string& directory);

/// All in `directory` that can be read, oldest first.
std::vector<Capture> list_captures(const std::string& directory);

/// Keeps a capture from being used by anybody else. Errors: a run or another command holds it.
Result<Fd> lock_capture(const Capture& capture);

}  // namespace snug
