// Takes changes of a capture over into the host's directory, all of them or none of a call's.
//
// Everything that is needed is first got ready (prepare.h): new content lies in full in a directory of its own in the
// project (".snug-apply-NAME", 0700) or, where layer and project are one file system, in the layer, so that a full disk
// stops it before anything is touched. Then what is to be done is written to the capture's journal and to the disk;
// then each path is exchanged by one rename, which leaves the old one in the new one's place; then the old ones go.
// Whatever is killed and whenever: each path has its old or its new content, resume_apply() ends the work and
// abort_apply() takes it back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/capture.h"
#include "changes/change.h"

namespace snug {

enum class ApplyPhase { copying, placing, finishing, forgetting };

/// What a file is to hold on the host instead of what it holds in the capture: the parts of a change somebody chose, or
/// a merge.
struct InsteadOf {
  std::string text;
  std::optional<std::uint32_t> mode = {};  ///< if not the capture's
  bool layer_keeps = false;  ///< the layer keeps its own: what is different then is still to be taken over
};

struct ApplyOptions {
  KeptNames kept;                            ///< of the same scan
  std::map<std::string, InsteadOf> instead;  ///< by path; modified and added files only
  bool keep = false;                         ///< the layer stays as it is
  std::vector<Capture> over = {};            ///< made over this one: what it leaves on the host is what they saw
  /// Called after each path of a phase, with how many of how many are done.
  std::function<void(ApplyPhase, std::size_t, std::size_t)> progress;
};

struct ApplyReport {
  std::size_t applied = 0;
  std::vector<std::string> left;  ///< what was not taken over and why, one text each: sockets, devices, setuid bits
};

/// Preconditions: the capture is locked, and nothing lies between it and the host; `changes` come from a scan of it, a
/// directory before what is in it.
/// Every directory above a change exists on the host or is among the changes. Errors: the host's side of a path is not
/// what the scan saw (nothing was changed); no room; an unfinished apply of this capture.
Result<ApplyReport> apply_changes(const Capture& capture, const std::vector<Change>& changes,
                                  const ApplyOptions& options = {});

/// Throws a change of the capture away: the host's side stays as it is. False where the layer needs it, because it lies
/// in a directory that covers the host's.
bool forget_change(const Capture& capture, const Change& change);

/// The same of a directory with all that the capture has in it. Precondition: makes_directory(change).
bool forget_tree(const Capture& capture, const Change& change);

/// Is there an apply of this capture that did not end?
bool apply_unfinished(const Capture& capture);

/// Removes what an apply that was killed while it still copied has left in the project. Precondition: none is
/// unfinished.
void remove_staged(const Capture& capture);

/// Ends it. What somebody changed on the host meanwhile is left to them, stays captured and is told. Errors: no room.
Result<ApplyReport> resume_apply(const Capture& capture);

/// Takes it back: every path as it was before. Errors: somebody changed one meanwhile; resume_apply() can still end it.
Result<void> abort_apply(const Capture& capture);

}  // namespace snug
