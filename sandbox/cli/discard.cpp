#include "changes/apply.h"

#include <algorithm>

#include "changes/discard.h"
#include "cli/ask.h"
#include "cli/captured.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/stacked.h"
#include "cli/surroundings.h"

namespace snug {
namespace {

bool agreed(const OpenCapture& open) {
  return ask("throw away " + summary_of(open.changes) + " (capture " + open.capture.name() + ")?");
}

void tell_above(const Capture& capture) {
  for (const Capture& above : captures_above(capture)) {
    print_message("the capture " + above.name() + " lies over this one: without it, its changes are those to the host");
  }
}

/// git shows nobody a stash who does not ask for it.
void tell_stashes(const OpenCapture& open) {
  const auto is_list = [](const SeenChange& seen) {
    return seen.change.kind != Change::Kind::deleted && seen.change.path.ends_with(".git/logs/refs/stash");
  };
  if (std::ranges::any_of(open.changes, is_list)) print_message("stashes that git made inside go with it");
}

Error nobody_to_ask() { return {.what = "discard: nobody is there to be asked", .fix = "snug discard --yes"}; }

}  // namespace

int discard_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  auto capture = choose_capture(*caller, invocation.value("--from"));
  if (!capture) return print_error(capture.error()), status_usage;
  const auto open = open_capture(std::move(*capture));
  if (!open) return print_error(open.error()), status_usage;
  if (unfinished(*open)) {
    return print_error(did_not_end()), status_usage;
  }
  tell_above(open->capture);
  tell_stashes(*open);
  if (!invocation.has("--yes")) {
    if (!can_ask()) return print_error(nobody_to_ask()), status_usage;
    if (!agreed(*open)) return print_message("kept"), status_found;
  }
  for (const OpenPart& part : open->parts) remove_staged(part.capture);
  if (const auto gone = discard_capture(open->capture); !gone) return print_error(gone.error()), status_usage;
  return 0;
}

}  // namespace snug
