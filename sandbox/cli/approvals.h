// What the user has approved: for a profile of a project, the bytes of every file of the project that it is read from.
// One small file a profile in $XDG_STATE_HOME/snug/trust, written as a whole under a lock. Knows no TOML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/request.h"

namespace snug {

struct ApprovedFile {
  std::string path;    ///< absolute
  std::string sha256;  ///< of `text`
  std::string text;    ///< as it was read, to show later what has changed
  bool operator==(const ApprovedFile&) const = default;
};

struct Approval {
  std::string profile;  ///< absolute path of the file that was asked for
  std::vector<ApprovedFile> files;
};

/// Nothing if there is none. Errors: others may write the store, or a newer snug has written it.
Result<std::optional<Approval>> read_approval(const std::string& profile, const Caller& caller);

/// Replaces the one before. Errors: as above; a path or text with a NUL; it cannot be written.
Result<void> write_approval(const Approval& approval, const Caller& caller);

/// False if there was none.
Result<bool> remove_approval(const std::string& profile, const Caller& caller);

/// All of them, by path.
Result<std::vector<Approval>> list_approvals(const Caller& caller);

}  // namespace snug
