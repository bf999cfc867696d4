#include <unistd.h>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/captured.h"
#include "cli/changes_text.h"
#include "cli/commands.h"
#include "cli/merge_into.h"
#include "cli/print.h"
#include "cli/select.h"
#include "cli/surroundings.h"

namespace snug {
namespace {

int list(const Caller& caller, bool json) {
  const std::vector<Capture> captures = captures_here(caller);
  if (json) return print_data(captures_to_json(captures)) ? 0 : status_usage;
  std::string text;
  for (const Capture& capture : captures) text += to_line(capture);
  if (captures.empty()) print_message("no captured changes here");
  return print_data(text) ? 0 : status_usage;
}

/// One line a change: the letters, or names alone, each ended by a NUL with -z.
std::string lines(const std::vector<SeenChange>& changes, bool names_only, bool nul, Colour colour) {
  std::string text;
  text.reserve(changes.size() * 32);
  for (const SeenChange& seen : changes) {
    if (names_only && nul) {
      text.append(seen.change.path).push_back('\0');
    } else {
      text += names_only ? printable(seen.change.path) + "\n" : to_line(seen, colour);
    }
  }
  return text;
}

/// `all`: nothing was named, and what git ignores is told by directory.
bool show(const Invocation& invocation, const OpenCapture& open, std::vector<SeenChange> changes, bool all) {
  if (invocation.json) return print_data(changes_to_json(&open.capture, changes));
  const Colour colour = colour_for(STDOUT_FILENO);
  if (invocation.has("--name-only")) return print_data(lines(changes, true, invocation.has("-z"), colour));
  const std::string summary = summary_of(changes) + "\n";
  const std::vector<IgnoredDirectory> ignored = all ? take_ignored(changes) : std::vector<IgnoredDirectory>();
  if (!invocation.has("--stat")) return show_paged(open, changes, ignored);
  std::string text = lines(changes, false, false, colour);
  for (const IgnoredDirectory& directory : ignored) text += to_line(directory, colour);
  return print_data(text += summary);
}

int merge(const OpenCapture& open, const std::string& directory) {
  if (const auto merged = merge_into(open, directory); !merged) return print_error(merged.error()), status_usage;
  print_message("merged into " + quote_for_display(directory) + "; look: snug diff --from " +
                quote_for_shell(directory));
  return 0;
}

}  // namespace

int diff_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  if (invocation.has("--list")) return list(*caller, invocation.json);
  if (invocation.json && captures_here(*caller).empty() && !invocation.value("--from")) {
    return print_data(changes_to_json(nullptr, {})) ? 0 : status_usage;
  }
  auto capture = choose_capture(*caller, invocation.value("--from"));
  if (!capture) return print_error(capture.error()), status_usage;
  auto open = open_capture(std::move(*capture));
  if (!open) return print_error(open.error()), status_usage;
  if (open->doubt) print_error(*open->doubt);
  if (const auto directory = invocation.value("--merge-into")) {
    return merge(*open, absolute_from(caller->cwd, *directory));
  }
  const bool only_names = invocation.has("--name-only");
  if (!only_names && !invocation.has("--stat")) keep_bases(*open);  // of what is looked at
  const auto selection = read_selection(invocation);
  if (!selection) return print_error(selection.error()), status_usage;
  if (!only_names) look_closer(*open);
  auto changes = select_changes(std::move(open->changes), *selection, open->capture.project, caller->cwd);
  if (!changes) return print_error(changes.error()), status_usage;
  const bool all = selection->words.empty() && !selection->names;
  const int status = invocation.has("--exit-code") && !changes->empty() ? status_found : 0;
  return show(invocation, *open, std::move(*changes), all) ? status : status_usage;
}

}  // namespace snug
