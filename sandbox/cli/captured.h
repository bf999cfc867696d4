// The captures of the project around the caller, one of them opened: what diff, apply, discard and the end of a run
// share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "changes/capture.h"
#include "changes/change.h"
#include "plan/request.h"

namespace snug {

/// Of the nearest project that holds the current directory and has any, oldest first.
std::vector<Capture> captures_here(const Caller& caller);

/// The one that is named, else the only one. Errors: none, or several to choose from.
Result<Capture> choose_capture(const Caller& caller, const std::optional<std::string>& name);

/// A change with what is to be said about it.
struct SeenChange {
  Change change;
  std::string review;  ///< why somebody should look at it by name, or ""
  bool named = false;  ///< a word named just this path
};

struct OpenCapture {
  Capture capture;
  Fd lock;
  std::vector<SeenChange> changes;  ///< by path
  KeptNames kept;
};

/// Locks and scans it; this process has its user's full rights over their files from then on (sys/own_files.h). Errors:
/// in use; unreadable.
Result<OpenCapture> open_capture(Capture capture);

/// Removes it with all it holds. Precondition: locked.
Result<void> discard_capture(const Capture& capture);

/// "2 added, 1 modified, 3 deleted".
std::string summary_of(const std::vector<SeenChange>& changes);

/// Changes that words name: paths or patterns, from `cwd`; "!word" takes out again; no word without '!': all. With
/// those that are taken come the new directories they lie in. Errors: a word outside the project or without a change.
Result<std::vector<SeenChange>> select_changes(const std::vector<SeenChange>& changes,
                                               const std::vector<std::string>& words, const std::string& project,
                                               const std::string& cwd);

}  // namespace snug
