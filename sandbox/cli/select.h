// Which of a capture's changes somebody means: by paths and patterns, or by a list of names.
#pragma once

#include <string>
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

/// Of a command's words and its --paths-from. Errors: that cannot be read.
Result<Selection> read_selection(const Invocation& invocation);

/// What `selection` means of `changes`; without one all. With those that are taken come the new directories they lie
/// in. Errors: a word outside the project or without a change.
Result<std::vector<SeenChange>> select_changes(std::vector<SeenChange> changes, const Selection& selection,
                                               const std::string& project, const std::string& cwd);

}  // namespace snug
