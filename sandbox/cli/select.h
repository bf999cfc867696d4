// Which of a capture's changes somebody means: by paths and patterns, or by a list of names.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/captured.h"
#include "cli/parse.h"

namespace snug {

struct Selection {
  std::vector<std::string> words;  ///< paths or patterns, from `cwd`; "!word" takes out again
  /// Names as they are, relative to the project or absolute; with it only what it names, and `words` but add to that.
  std::optional<std::vector<std::string>> names;
};

/// Paths, relative to the project.
using Names = std::set<std::string, std::less<>>;

/// Is the path one of them, or does it lie below one?
bool names_it(const Names& names, std::string_view path);

/// Adds the directories above a relative path.
void add_parents(Names& parents, std::string_view path);

/// Takes those out of `changes` that `is_meant(SeenChange)`; both keep their order.
template <class Meant>
std::vector<SeenChange> take_out(std::vector<SeenChange>& changes, Meant is_meant) {
  const auto first = std::stable_partition(changes.begin(), changes.end(), [&](const auto& s) { return !is_meant(s); });
  std::vector<SeenChange> taken(std::make_move_iterator(first), std::make_move_iterator(changes.end()));
  changes.erase(first, changes.end());
  return taken;
}

/// Of a command's words and its --paths-from. Errors: that cannot be read.
Result<Selection> read_selection(const Invocation& invocation);

/// What `selection` means of `changes`; without one all. With those that are taken come the new directories they lie
/// in. Errors: a word outside the project or without a change.
Result<std::vector<SeenChange>> select_changes(std::vector<SeenChange> changes, const Selection& selection,
                                               const std::string& project, const std::string& cwd);

}  // namespace snug
