// The captures of the project around the caller, one of them opened: what diff, apply, discard and the end of a run
// share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "changes/apply.h"
#include "changes/capture.h"
#include "changes/change.h"
#include "plan/plan.h"
#include "plan/request.h"

namespace snug {

/// Says in one line which captures of the plan's project wait: those of killed runs, and before a shell all.
void tell_left_captures(const Plan& plan, const Caller& caller);

/// Of the nearest project that holds the current directory and has any, oldest first.
std::vector<Capture> captures_here(const Caller& caller);

/// The one that is named or whose directory is (a word with a slash), else the only one. Errors: none, or several to
/// choose from.
Result<Capture> choose_capture(const Caller& caller, const std::optional<std::string>& name);

/// A change with what is to be said about it.
struct SeenChange {
  Change change;                          ///< its path is relative to the capture's project
  std::string_view review = {};           ///< why somebody should look at it by name, or ""
  bool named = false;                     ///< a word named just this path, or somebody chose it when asked
  std::size_t part = 0;                   ///< of OpenCapture::parts
  std::string renamed_from = {};          ///< a file that is gone and held the same, or ""
  std::string ignored_by = {};            ///< this path, or the directory above it, that git ignores, or ""
  std::optional<InsteadOf> instead = {};  ///< what to take over instead of what the capture has
};

/// One part with what a scan of it says (changes/capture.h).
struct OpenPart {
  Capture capture;
  std::string prefix;  ///< of its paths
  KeptNames kept;
};

struct OpenCapture {
  Capture capture;
  Fd lock;
  std::vector<OpenPart> parts;
  std::vector<SeenChange> changes;  ///< by path
  std::optional<Error> doubt;       ///< its files may not be what was written
};

/// Locks and scans it; this process has its user's full rights over their files from then on (sys/own_files.h). Errors:
/// in use; unreadable.
Result<OpenCapture> open_capture(Capture capture);

/// Did an apply of it not end?
bool unfinished(const OpenCapture& open);
Error did_not_end();

/// "2 added, 1 modified, 3 deleted".
std::string summary_of(const std::vector<SeenChange>& changes);

/// The change as its part has it: with a path relative to that.
Change in_part(const OpenCapture& open, const SeenChange& seen);

/// All as their parts have them.
std::vector<std::vector<Change>> changes_by_part(const OpenCapture& open);

/// Fills in renamed_from and ignored_by.
void look_closer(OpenCapture& open);

/// Keeps what the host has now of text files that the capture modifies (changes/bases.h), for as long as it waits.
void keep_bases(const OpenCapture& open);

}  // namespace snug
