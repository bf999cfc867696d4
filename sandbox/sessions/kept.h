// What is kept of detached runs, also when they are over: record, log and end, a directory for each. Owns the format;
// who asks about them is cli/'s.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sessions/record.h"

namespace snug {

/// Of runs that are over these are kept, and no longer.
inline constexpr std::int64_t kKeptSeconds = 7 * 24 * 3600;
inline constexpr std::size_t kMostKept = 20;

struct RunEnd {
  int status = 0;  ///< as snug's own would have been
  int signal = 0;
  bool timed_out = false;
  std::int64_t when = 0;  ///< seconds since 1970
  bool operator==(const RunEnd&) const = default;
};

std::string to_text(const RunEnd& end);
/// Nothing: it has not ended, or this is none.
std::optional<RunEnd> end_from_text(std::string_view text);

struct KeptRun {
  SessionRecord record;
  std::string path;           ///< its directory
  std::optional<RunEnd> end;  ///< none while it runs, and for ever where its snug was killed
  bool runs = false;
  std::int64_t began = 0;      ///< nanoseconds since 1970
  std::int64_t last_used = 0;  ///< seconds since 1970: the end, or the last output before it was killed
};

/// In snug's state directory.
std::string place_of_kept(const std::string& state_directory);

/// A run's own hold on what is kept of it: for others it runs as long as this is there.
struct KeptPlace {
  Fd directory, lock;
};

/// Makes the directory of `record`, mode 0700, in `place`, which is made too. Room for the end is taken now, so that a
/// full disk cannot lose it later.
Result<KeptPlace> keep_run(const std::string& place, const SessionRecord& record);
Result<void> keep_end(const KeptPlace& kept, const RunEnd& end);

/// Those that run first; then by their beginning, the last first.
std::vector<KeptRun> kept_runs(const std::string& place);
/// Errors: it runs.
Result<void> remove_kept(const KeptRun& run);
/// Directories of runs that were killed before anything was known of them; not those that may be about to begin.
std::vector<std::string> never_begun(const std::string& place, std::int64_t now);
/// Removes what is older than kKeptSeconds or more than kMostKept, and those that never began.
void drop_old_runs(const std::string& place, std::int64_t now);

}  // namespace snug
