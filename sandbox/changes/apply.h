// Takes changes of a capture over into the host's directory, all of them or none of a call's.
//
// New content is first written in full to a directory of its own in the project (".snug-apply-NAME", 0700), so that a
// full disk stops it before anything is touched; then what is to be done is written to the capture's journal and to the
// disk; then each path is exchanged by one rename, which leaves the old there; then the directory goes. Whatever is
// killed and whenever: each path has its old or its new content, resume_apply() ends the work and abort_apply() takes
// it back.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/capture.h"
#include "changes/change.h"

namespace snug {

struct ApplyOptions {
  KeptNames kept;  ///< of the same scan
  /// Called after each path, with how many of how many are done.
  std::function<void(std::size_t, std::size_t)> progress;
};

struct ApplyReport {
  std::size_t applied = 0;
  std::vector<std::string> left;  ///< what was not taken over and why, one text each: sockets, devices, setuid bits
};

/// Preconditions: the capture is locked; `changes` come from a scan of it, a directory before what is in it.
/// Every directory above a change exists on the host or is among the changes. Errors: the host's side of a path is not
/// what the scan saw (nothing was changed); no room; an unfinished apply of this capture.
Result<ApplyReport> apply_changes(const Capture& capture, const std::vector<Change>& changes,
                                  const ApplyOptions& options = {});

/// Is there an apply of this capture that did not end?
bool apply_unfinished(const Capture& capture);

/// Ends it. Errors: no room, or somebody changed one of its paths meanwhile.
Result<ApplyReport> resume_apply(const Capture& capture);

/// Takes it back: every path as it was before.
Result<void> abort_apply(const Capture& capture);

}  // namespace snug
