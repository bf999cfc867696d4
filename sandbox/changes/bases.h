// What files were that a capture modifies: the third side of a merge, should the host change them as well. Kept in the
// capture's directory as "bases", written when a capture is looked at and while the host has them still. A file that
// the host changes before anybody has looked has no base.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/apply.h"
#include "changes/capture.h"
#include "changes/change.h"

namespace snug {

struct Base {
  std::string text;
  std::uint32_t mode = 0;
};

/// Text of at most this many bytes is kept, and so much of it in all: it is a convenience, and what is behind the limit
/// is a conflict to be decided by hand.
constexpr std::uint64_t longest_base = 1 << 20;
constexpr std::uint64_t longest_bases = 32 << 20;

/// Precondition: `changes` are all of the capture's that modify something, from a scan just made.
Result<void> remember_bases(const Capture& capture, const std::vector<Change>& changes);

/// By path. Only of files that the capture has not written since.
std::map<std::string, Base> read_bases(const Capture& capture, const std::vector<Change>& changes);

/// A file that the host changed, too, as it would be with both sides' changes. Nothing if they contradict each other,
/// or it is not for merging: no text, another kind, attributes that differ. Text is merged by `git merge-file`. Errors:
/// git cannot be started; a side cannot be read.
Result<std::optional<InsteadOf>> merge_change(const Capture& capture, const Change& change, const Base& base);

/// The bytes of an open file, if it is a regular one and no longer than `limit`.
std::optional<std::string> read_bytes(int file, std::uint64_t limit);
/// The text of an open file, if it is a regular one, no longer than `limit` and without a NUL.
std::optional<std::string> read_text(int file, std::uint64_t limit);
/// The same of a file beneath a directory.
std::optional<std::string> read_text(const std::string& top, const std::string& path, std::uint64_t limit);

}  // namespace snug
