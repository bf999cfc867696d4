// snug apply and snug discard.
#include <algorithm>

#include "changes/apply.h"

#include "base/quote.h"
#include "cli/apply.h"
#include "cli/ask.h"
#include "cli/captured.h"
#include "cli/changes_text.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/surroundings.h"

namespace snug {
namespace {

/// What apply does not take by itself, and why.
struct Held {
  std::vector<SeenChange> conflicts;  ///< the host changed them meanwhile
  std::vector<SeenChange> unseen;     ///< somebody should look at them by name, and nobody has named them
};

/// Takes out of `changes` what is not to be applied.
Held hold_back(std::vector<SeenChange>& changes, const Invocation& invocation) {
  Held held;
  std::vector<SeenChange> taken;
  for (SeenChange& seen : changes) {
    if (seen.change.drifted && !invocation.has("--theirs")) {
      held.conflicts.push_back(std::move(seen));
    } else if (!seen.review.empty() && !seen.named && !invocation.has("--reviewed")) {
      held.unseen.push_back(std::move(seen));
    } else {
      taken.push_back(std::move(seen));
    }
  }
  changes = std::move(taken);
  return held;
}

void tell_held(const Held& held) {
  for (const SeenChange& seen : held.conflicts) {
    print_message("not applied: " + quote_for_display(seen.change.path) +
                  " was changed on the host meanwhile; to take the capture's all the same: --theirs");
  }
  for (const SeenChange& seen : held.unseen) {
    print_message("not applied: " + quote_for_display(seen.change.path) + ": " + seen.review +
                  "; look at it, then name it or give --reviewed");
  }
}

std::vector<Change> plain(std::vector<SeenChange> changes) {
  std::vector<Change> list;
  for (SeenChange& seen : changes) list.push_back(std::move(seen.change));
  return list;
}

bool agreed(const std::vector<SeenChange>& changes, const std::string& project, const Invocation& invocation) {
  if (invocation.has("--yes")) return true;
  for (const SeenChange& seen : changes) print_message(to_line(seen, Colour::never));
  return ask("apply " + summary_of(changes) + " to " + quote_for_display(project) + "?");
}

Error nobody_to_ask(const char* command) {
  return {.what = std::string(command) + ": nobody is there to be asked",
          .fix = std::string("snug ") + command + " --yes"};
}

int finish(const Capture& capture, const Result<ApplyReport>& report, bool more_left) {
  if (!report) return print_error(report.error()), status_usage;
  for (const std::string& left : report->left) print_message("left behind: " + left);
  print_message("applied: " + std::to_string(report->applied));
  if (more_left) return status_found;
  if (const auto gone = discard_capture(capture); !gone) return print_error(gone.error()), status_usage;
  return 0;
}

/// Changes that are still there after an apply or a partial discard.
bool holds_changes(const Capture& capture) {
  bool found = false;
  const auto scanned = scan_changes(capture.sides(), [&](const Change&) { found = true; });
  return !scanned || found;
}

int end_unfinished(const Invocation& invocation, const Capture& capture) {
  if (invocation.has("--abort")) {
    const auto back = abort_apply(capture);
    if (!back) return print_error(back.error()), status_usage;
    return print_message("taken back"), 0;
  }
  const auto report = resume_apply(capture);
  return finish(capture, report, !report || holds_changes(capture));
}

}  // namespace

int apply_open(const Invocation& invocation, OpenCapture open, const std::string& cwd) {
  if (invocation.has("--abort") || invocation.has("--continue")) return end_unfinished(invocation, open.capture);
  auto changes = select_changes(open.changes, invocation.words, open.capture.project, cwd);
  if (!changes) return print_error(changes.error()), status_usage;
  const Held held = hold_back(*changes, invocation);
  tell_held(held);
  if (changes->empty())
    return print_message("nothing to apply"), held.conflicts.empty() && held.unseen.empty() ? 0 : status_found;
  if (!invocation.has("--yes") && !can_ask()) return print_error(nobody_to_ask("apply")), status_usage;
  if (!agreed(*changes, open.capture.project, invocation)) return print_message("nothing was applied"), status_found;
  const auto report = apply_changes(open.capture, plain(std::move(*changes)), {.kept = std::move(open.kept)});
  return finish(open.capture, report, !report || holds_changes(open.capture));
}

int apply_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  auto capture = choose_capture(*caller, invocation.value("--from"));
  if (!capture) return print_error(capture.error()), status_usage;
  auto open = open_capture(std::move(*capture));
  if (!open) return print_error(open.error()), status_usage;
  return apply_open(invocation, std::move(*open), caller->cwd);
}

int discard_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  auto capture = choose_capture(*caller, invocation.value("--from"));
  if (!capture) return print_error(capture.error()), status_usage;
  const auto open = open_capture(std::move(*capture));
  if (!open) return print_error(open.error()), status_usage;
  if (apply_unfinished(open->capture)) {
    return print_error({.what = "an apply of this capture did not end", .fix = "snug apply --continue, or --abort"}),
           status_usage;
  }
  if (!invocation.has("--yes")) {
    if (!can_ask()) return print_error(nobody_to_ask("discard")), status_usage;
    const std::string what = "throw away " + summary_of(open->changes) + " (capture " + open->capture.name() + ")?";
    if (!ask(what)) return print_message("kept"), status_found;
  }
  if (const auto gone = discard_capture(open->capture); !gone) return print_error(gone.error()), status_usage;
  return 0;
}

}  // namespace snug
