// The user's own file for a project, as `snug allow` keeps it: lines added, and a journal of them in snug's state by
// which the last change is taken back. One writer at a time; the file is replaced as a whole.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "plan/why.h"

namespace snug {

/// A line that was written, and what it took the place of: of a value that was set.
struct WrittenLine {
  ProfileLine line;
  std::optional<std::string> before = {};
};

/// What a change makes of the file; nothing is written yet.
struct FileChange {
  std::string path;           ///< the user's file
  std::string before, after;  ///< its text; `before` is empty where there is none
  std::vector<WrittenLine> lines;
};

/// Which file it is, and where its journal goes.
struct UsersLines {
  std::string file;
  std::string journals;        ///< a directory: snug's state, or for a session's file what goes with the session
  std::string project;         ///< for the first line of a new file; empty: none
  bool for_a_session = false;  ///< the same
};

class AllowedLines {
 public:
  /// Waits for the lock of the file's directory, which is made if it is missing, and holds it until it is destroyed.
  static Result<AllowedLines> open(const UsersLines& which);

  /// `lines` added. Errors: the file cannot be read or changed.
  Result<FileChange> add(const std::vector<ProfileLine>& lines) const;
  /// The last change taken back, as far as its lines are still there. Errors: there is none.
  Result<FileChange> undo() const;

  /// Writes what add() or undo() made, and the journal with it.
  Result<void> commit_added(const FileChange& change) const;
  Result<void> commit_undone(const FileChange& change) const;

 private:
  Result<std::string> text() const;
  std::vector<std::vector<WrittenLine>> journal() const;
  Result<void> write_journal(const std::vector<std::vector<WrittenLine>>& changes) const;

  Fd lock_;
  std::string path_, journal_path_, fresh_text_;
};

}  // namespace snug
