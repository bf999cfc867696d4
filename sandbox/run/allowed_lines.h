// The user's own file for a project, as `snug allow` keeps it: lines added, and a journal of them in snug's state by
// which the last change is taken back. One writer at a time; the file is replaced as a whole.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "plan/why.h"

namespace snug {

/// What a change makes of the file; nothing is written yet.
struct FileChange {
  std::string path;           ///< the user's file
  std::string before, after;  ///< its text; `before` is empty where there is none
  std::vector<ProfileLine> lines;
};

class AllowedLines {
 public:
  /// Waits for the lock of the directory of `file`, which is made if it is missing, and holds it until it is destroyed.
  static Result<AllowedLines> open(const std::string& file, const std::string& state_directory,
                                   const std::string& project);

  /// `lines` added. Errors: the file cannot be read or changed.
  Result<FileChange> add(const std::vector<ProfileLine>& lines) const;
  /// The last change taken back, as far as its lines are still there. Errors: there is none.
  Result<FileChange> undo() const;

  /// Writes what add() or undo() made, and the journal with it.
  Result<void> commit_added(const FileChange& change) const;
  Result<void> commit_undone(const FileChange& change) const;

 private:
  Result<std::string> text() const;
  std::vector<std::vector<ProfileLine>> journal() const;
  Result<void> write_journal(const std::vector<std::vector<ProfileLine>>& changes) const;

  Fd lock_;
  std::string path_, journal_path_, project_;
};

}  // namespace snug
