// Captured changes as text for people and as JSON for programs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/captured.h"
#include "plan/print.h"

namespace snug {

/// "A  path", "M  path (mode 644 -> 755)", "D  dir/", with what needs a look and what drifted said behind it.
std::string to_line(const SeenChange& seen, Colour colour);

/// A directory that git ignores, with all that changed in it.
struct IgnoredDirectory {
  std::string path;
  std::size_t changes = 0, to_look_at = 0;
};

/// Takes changes that lie in directories git ignores out of `changes`, where several do in one.
std::vector<IgnoredDirectory> take_ignored(std::vector<SeenChange>& changes);

/// "I  node_modules/  (git ignores it; 1234 changes, 2 to look at: snug diff node_modules)"
std::string to_line(const IgnoredDirectory& directory, Colour colour);

/// Lines of a patch, painted, with control characters as escapes.
std::string paint_patch(std::string_view text, Colour colour);

/// The changes as `git diff` shows them, piece by piece, so that a long one can be left early: `show` returns false for
/// that. Text is compared by diff(1); binary and large files are told by size. What files hold is shown with control
/// characters as escapes.
void show_patch(const OpenCapture& open, const std::vector<SeenChange>& changes, Colour colour,
                const std::function<bool(std::string_view)>& show);

/// show_patch() to standard output, and `ignored` behind it, on a terminal by way of the pager git would use. False if
/// it could not be written.
bool show_paged(const OpenCapture& open, const std::vector<SeenChange>& changes,
                const std::vector<IgnoredDirectory>& ignored = {});

/// {"schema": 1, "capture": {"name", "project", "profile", "command", "began_ns", "status"}, "changes": [{"kind",
/// "path", "before", "after", "differences", "drifted", "review", "renamed_from", "ignored"}], "empty"}; paths that are
/// no UTF-8 come with "path_base64" as well. Without a capture it is null, and there are no changes.
std::string changes_to_json(const Capture* capture, const std::vector<SeenChange>& changes);

/// {"schema": 1, "captures": [{"name", "project", ...}]}
std::string captures_to_json(const std::vector<Capture>& captures);

/// "3  2026-11-22 08:01  make -j4 (exit 0)"
std::string to_line(const Capture& capture);

}  // namespace snug
