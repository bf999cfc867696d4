#include "cli/apply_commits.h"

#include <optional>
#include <string>
#include <vector>

#include "base/quote.h"
#include "changes/commits.h"
#include "changes/review.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/stacked.h"

namespace snug {
namespace {

std::optional<Error> why_not(const Invocation& invocation, const OpenCapture& open) {
  if (!open.capture.parts.empty()) {
    return Error{.what = "cannot bring commits over",
                 .why = "the capture " + quote_for_display(open.capture.name()) + " is of more than one directory"};
  }
  if (auto early = waits_for_another(open.capture)) return early;
  if (open.doubt && !invocation.has("--reviewed")) return open.doubt;
  if (!invocation.has("--yes") && !can_ask()) {
    return Error{.what = "apply: nobody is there to be asked", .fix = "snug apply --commits --yes"};
  }
  return std::nullopt;
}

std::string counted(const CapturedBranch& branch) {
  return quote_for_display(branch.name) + ": " + std::to_string(branch.commits) +
         (branch.commits == 1 ? " commit" : " commits");
}

std::string named(const CapturedTag& tag) { return "the tag " + quote_for_display(tag.name); }

bool agreed(const Invocation& invocation, const CommitTransfer& transfer) {
  if (invocation.has("--yes")) return true;
  for (const CapturedBranch& branch : transfer.branches()) print_message(counted(branch));
  for (const CapturedTag& tag : transfer.tags()) print_message(named(tag));
  return ask("bring them over?");
}

/// What in a branch somebody should look at first, told; nothing else stops it.
bool needs_a_look(const CommitTransfer& transfer, const CapturedBranch& branch, const OpenCapture& open) {
  const auto changes = transfer.changes(branch);
  if (!changes) return print_error(changes.error()), true;
  bool found = false;
  for (const Change& change : *changes) {
    const bool gitlink = change.after.kind == NodeKind::directory;
    const std::string reason(gitlink ? "a place for another repository" : review_reason(change, open.capture.protect));
    if (reason.empty()) continue;
    print_message("look at " + quote_for_display(change.path) + " of " + quote_for_display(branch.name) + ": " +
                  reason);
    found = true;
  }
  return found;
}

/// Did the host's branch get them?
bool bring(const Invocation& invocation, const CommitTransfer& transfer, const CapturedBranch& branch,
           const OpenCapture& open) {
  if (const auto brought = transfer.bring_over(branch); !brought) return print_error(brought.error()), false;
  const bool held = !invocation.has("--reviewed") && needs_a_look(transfer, branch, open);
  const auto why = held ? std::optional<std::string>("some of it is to be looked at first; --reviewed takes it")
                        : transfer.move_branch(branch);
  if (!why) return print_message("brought over: " + counted(branch)), true;
  print_message("brought over as the branch " + quote_for_display(transfer.waiting_name(branch.name)) + ": " +
                counted(branch) + "; not put on " + quote_for_display(branch.name) + ": " + *why);
  return false;
}

bool bring(const CommitTransfer& transfer, const CapturedTag& tag) {
  const auto why = transfer.bring_tag(tag);
  print_message(why ? "not brought over: " + named(tag) + ": " + *why : "brought over: " + named(tag));
  return !why;
}

void tell_stashes(const CommitTransfer& transfer, const OpenCapture& open) {
  if (transfer.stashes() == 0) return;
  const std::string inside = "snug run --project overlay --onto " + open.capture.name() + " -- git ";
  print_message("stays in the capture: " + std::to_string(transfer.stashes()) +
                (transfer.stashes() == 1 ? " stash" : " stashes") + "; as a branch it can be brought over: " + inside +
                "branch NAME stash@{0}");
}

}  // namespace

int apply_commits(const Invocation& invocation, const OpenCapture& open) {
  if (const auto wrong = why_not(invocation, open)) return print_error(*wrong), status_usage;
  const auto transfer = CommitTransfer::open(open.capture, invocation.words);
  if (!transfer) return print_error(transfer.error()), status_usage;
  tell_stashes(*transfer, open);
  if (transfer->branches().empty() && transfer->tags().empty()) return print_message("no commits to bring over"), 0;
  if (!agreed(invocation, *transfer)) return print_message("nothing was brought over"), status_found;
  bool all = true;
  for (const CapturedBranch& branch : transfer->branches()) all = bring(invocation, *transfer, branch, open) && all;
  for (const CapturedTag& tag : transfer->tags()) all = bring(*transfer, tag) && all;
  return all ? 0 : status_found;
}

}  // namespace snug
