// Looks through a writable project, from outside, for what git on the host would obey and no mount could cover:
// repositories made or changed inside, todo lists of a rebase. By the kernel's change times, which nothing inside can
// set, so that nothing need be remembered from the start but when it was. Never runs git, which would obey it too.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "plan/plan.h"

namespace snug {

/// A file or directory git would obey.
struct GitFinding {
  std::string path;
  enum class Kind {
    repository,  ///< made, or its configuration or hooks changed
    entered,     ///< the same, and the project's index leads into it: `git status` is enough
    todo,        ///< a rebase's list of commands
    own,         ///< of the project's own git directory
    guarded,     ///< no git's: named by `protect`
  } kind = Kind::repository;
};

struct GitReport {
  std::vector<GitFinding> found;  ///< the first few
  std::size_t more = 0;           ///< how many others there are
  bool complete = true;           ///< false: the project was too large to look through in the time allowed
  bool of_killed_run = false;     ///< of a run that could not look itself; changes since it started
};

/// The time of the file system's clock, which lags behind the finer one.
std::timespec change_time_now();

/// Everything changed at `since` or later. Bounded in time and in entries looked at.
GitReport search_git(const GitSearch& search, std::timespec since, bool of_killed_run);

/// The file that says since when nobody has looked: written before a run, emptied after it by the last of several that
/// overlap. Locked while they run; of a killed run it stays.
class GitRecord {
 public:
  /// Keeps nothing.
  GitRecord() = default;
  GitRecord(GitRecord&&) noexcept = default;
  GitRecord& operator=(GitRecord&&) = delete;
  /// However a run ends but by being killed, somebody has looked or nothing has run.
  ~GitRecord() { finish(); }

  /// `path` lies in snug's state; its directory exists.
  static Result<GitRecord> open(const std::string& path);

  /// When a run started that was killed before it could look, if there was one.
  std::optional<std::timespec> killed_run() const noexcept { return killed_run_; }

 private:
  void finish();
  Result<void> start(const std::string& path);

  Fd file_;
  std::optional<std::timespec> killed_run_;
};

}  // namespace snug
