#include "cli/apply.h"
#include "changes/discard.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/applied.h"
#include "changes/apply.h"
#include "changes/host_links.h"
#include "changes/review.h"
#include "cli/apply_commits.h"
#include "cli/ask.h"
#include "cli/captured.h"
#include "cli/changes_text.h"
#include "cli/commands.h"
#include "cli/conflicts.h"
#include "cli/git_links.h"
#include "cli/pick.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/select.h"
#include "cli/stacked.h"
#include "cli/surroundings.h"

namespace snug {
namespace {

/// What somebody should look at by name, and nobody has named.
std::vector<SeenChange> hold_back(std::vector<SeenChange>& changes, const Invocation& invocation) {
  if (invocation.has("--reviewed")) return {};
  return take_out(changes, [](const SeenChange& seen) { return !seen.review.empty() && !seen.named; });
}

void tell_unseen(const std::vector<SeenChange>& unseen) {
  for (const SeenChange& seen : unseen) {
    print_message("not applied: " + quote_for_display(seen.change.path) + ": " + std::string(seen.review) +
                  "; look at it, then name it or give --reviewed");
  }
}

bool agreed(const std::vector<SeenChange>& changes, const std::string& project, const Invocation& invocation) {
  if (invocation.has("--yes") || invocation.has("--patch")) return true;
  for (const SeenChange& seen : changes) print_message(to_line(seen, Colour::never));
  return ask("apply " + summary_of(changes) + " to " + quote_for_display(project) + "?");
}

Error nobody_to_ask(const Invocation& invocation) {
  if (invocation.has("--patch"))
    return {.what = "apply: nobody is there to be asked", .fix = "at a terminal: snug apply -p"};
  return {.what = "apply: nobody is there to be asked", .fix = "snug apply --yes"};
}

/// Changes that the host had already.
void forget(const OpenCapture& open, const std::vector<SeenChange>& idle) {
  for (auto seen = idle.rbegin(); seen != idle.rend(); ++seen) {
    static_cast<void>(forget_change(open.parts[seen->part].capture, in_part(open, *seen)));
  }
}

void add(ApplyReport& whole, const ApplyReport& part, const std::string& prefix) {
  whole.applied += part.applied;
  for (const std::string& left : part.left) whole.left.push_back(prefix.empty() ? left : prefix + ": " + left);
}

/// What was noted about the names of one file, whose paths are those of its part.
void take_over_links(Change& change, Change& noted) {
  change.after = std::move(noted.after);
  change.held_at = std::move(noted.held_at);
  change.followers = noted.followers;
}

SeenChange seen_follower(const OpenCapture& open, Change change, std::size_t part) {
  change.path.insert(0, open.parts[part].prefix);
  const std::string_view review = review_reason(change, open.capture.protect);
  if (review.empty()) {
    print_message("changes as well: " + quote_for_display(change.path) + ", another name of " +
                  quote_for_display(open.parts[part].prefix + change.held_at));
  }
  return {.change = std::move(change), .review = review, .part = part};
}

/// Other names on the host of files that the command changed in place: they change with them.
Result<void> take_links_along(const OpenCapture& open, std::vector<SeenChange>& changes) {
  const auto all = changes_by_part(open);
  std::vector<SeenChange> more;
  for (std::size_t number = 0; number < open.parts.size(); ++number) {
    std::vector<Change> parts_own;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (changes[i].part != number || changes[i].instead) continue;
      parts_own.push_back(in_part(open, changes[i]));
      places.push_back(i);
    }
    std::vector<Change*> chosen;
    for (Change& change : parts_own) chosen.push_back(&change);
    auto found = follow_links(open.parts[number].capture.sides(), all[number], chosen);
    if (!found) return std::move(found).error();
    for (std::size_t i = 0; i < places.size(); ++i) take_over_links(changes[places[i]].change, parts_own[i]);
    for (Change& change : *found) more.push_back(seen_follower(open, std::move(change), number));
  }
  std::ranges::move(more, std::back_inserter(changes));
  return {};
}

/// What a command that was root inside changed in a directory of the system's.
void leave_all(const std::vector<Change>& changes, const OpenPart& part, ApplyReport& whole) {
  for (const Change& change : changes) {
    whole.left.push_back(quote_for_display(part.prefix + change.path) + ": you may not write to " +
                         quote_for_display(part.capture.project));
  }
}

/// One part after the other: each is taken over as a whole or not at all.
Result<ApplyReport> apply_parts(OpenCapture& open, std::vector<SeenChange> changes, bool keep) {
  ApplyReport whole;
  ProgressBar bar("applying");
  for (std::size_t number = 0; number < open.parts.size(); ++number) {
    OpenPart& part = open.parts[number];
    ApplyOptions options{.kept = std::move(part.kept), .keep = keep, .over = captures_above(open.capture)};
    std::vector<Change> list;
    for (SeenChange& seen : changes) {
      if (seen.part != number) continue;
      list.push_back(in_part(open, seen));
      if (seen.instead) options.instead.emplace(list.back().path, std::move(*seen.instead));
    }
    options.progress = [&](ApplyPhase phase, std::size_t done, std::size_t total) {
      if (phase != ApplyPhase::finishing) bar.show(static_cast<std::size_t>(phase) / 2 * total + done, 2 * total);
    };
    if (list.empty()) continue;
    if (faccessat(AT_FDCWD, part.capture.project.c_str(), W_OK, AT_EACCESS) != 0) {
      leave_all(list, part, whole);
      continue;
    }
    const auto report = apply_changes(part.capture, list, options);
    if (!report) return report.error();
    add(whole, *report, part.prefix);
  }
  return whole;
}

int throw_away(const OpenCapture& open) {
  if (const auto gone = discard_capture(open.capture); !gone) return print_error(gone.error()), status_usage;
  return 0;
}

int finish(const OpenCapture& open, const Result<ApplyReport>& report, bool keep) {
  if (!report) return print_error(report.error()), status_usage;
  for (const std::string& left : report->left) print_message("left behind: " + left);
  print_message("applied: " + std::to_string(report->applied));
  if (holds_changes(open)) return status_found;
  return keep ? 0 : throw_away(open);
}

int end_unfinished(const Invocation& invocation, const OpenCapture& open) {
  ApplyReport whole;
  bool any = false;
  for (const OpenPart& part : open.parts) {
    if (!apply_unfinished(part.capture)) continue;
    any = true;
    if (invocation.has("--abort")) {
      if (const auto back = abort_apply(part.capture); !back) return print_error(back.error()), status_usage;
      continue;
    }
    const auto report = resume_apply(part.capture);
    if (!report) return print_error(report.error()), status_usage;
    add(whole, *report, part.prefix);
  }
  if (!any) return print_error({.what = "no apply of this capture is unfinished"}), status_usage;
  return invocation.has("--abort") ? (print_message("taken back"), 0) : finish(open, whole, false);
}

std::optional<Error> mistake(const Invocation& invocation) {
  if (invocation.has("--ours") && invocation.has("--theirs")) {
    return Error{.what = "--ours and --theirs exclude each other",
                 .fix = "name the paths of each, one after the other"};
  }
  for (const char* other : {"--patch", "--ours", "--theirs", "--keep", "--continue", "--abort"}) {
    if (!invocation.has("--commits") || !invocation.has(other)) continue;
    return Error{.what = std::string("--commits and ") + other + " exclude each other",
                 .fix = "snug apply --commits [BRANCH|TAG...]"};
  }
  if (invocation.has("--commits") && invocation.value("--paths-from")) {
    return Error{.what = "--commits and --paths-from exclude each other",
                 .fix = "snug apply --commits [BRANCH|TAG...]"};
  }
  return std::nullopt;
}

}  // namespace

int apply_open(const Invocation& invocation, OpenCapture open, const std::string& cwd) {
  if (invocation.has("--abort") || invocation.has("--continue")) return end_unfinished(invocation, open);
  if (const auto early = waits_for_another(open.capture)) return print_error(*early), status_usage;
  if (open.doubt && !invocation.has("--reviewed")) return print_error(*open.doubt), status_usage;
  const auto selection = read_selection(invocation);
  if (!selection) return print_error(selection.error()), status_usage;
  auto selected = select_changes(open.changes, *selection, open.capture.project, cwd);
  if (!selected) return print_error(selected.error()), status_usage;
  auto on_host = against_host(open, std::move(*selected));
  if (!on_host) return print_error(on_host.error()), status_usage;
  std::vector<SeenChange> changes = std::move(on_host->needed);
  if (!open.capture.between.empty()) review_git_links(open, changes);  // they are other changes than those first seen
  const Conflicts conflicts = resolve_conflicts(open, changes, invocation);
  const bool patch = invocation.has("--patch");
  const bool asks = patch || !invocation.has("--yes");
  if (asks && !can_ask()) return print_error(nobody_to_ask(invocation)), status_usage;
  if (patch) pick_changes(open, changes);
  std::vector<SeenChange> unseen = hold_back(changes, invocation);
  if (const auto linked = take_links_along(open, changes); !linked) return print_error(linked.error()), status_usage;
  std::ranges::move(hold_back(changes, invocation), std::back_inserter(unseen));
  tell_conflicts(conflicts);
  tell_unseen(unseen);
  const bool something_left = !conflicts.left.empty() || !unseen.empty();
  if (changes.empty() && conflicts.dropped.empty() && on_host->idle.empty()) {
    if (unfinished(open)) return print_error(did_not_end()), status_usage;
    print_message("nothing to apply");
    // An apply that was killed at its very end has left it; the next run would be the second to choose from.
    if (open.changes.empty() && !invocation.has("--keep") && !holds_changes(open)) return throw_away(open);
    return something_left || (patch && !open.changes.empty()) ? status_found : 0;
  }
  if (!changes.empty() && !agreed(changes, open.capture.project, invocation)) {
    return print_message("nothing was applied"), status_found;
  }
  const bool keep = invocation.has("--keep");
  const auto report = apply_parts(open, std::move(changes), keep);
  if (report && !keep) drop_changes(open, conflicts.dropped), forget(open, on_host->idle);
  return finish(open, report, keep);
}

int apply_command(const Invocation& invocation) {
  if (const auto wrong = mistake(invocation)) return print_error(*wrong), status_usage;
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  auto capture = choose_capture(*caller, invocation.value("--from"));
  if (!capture) return print_error(capture.error()), status_usage;
  auto open = open_capture(std::move(*capture));
  if (!open) return print_error(open.error()), status_usage;
  if (invocation.has("--commits")) return apply_commits(invocation, *open);
  return apply_open(invocation, std::move(*open), caller->cwd);
}

}  // namespace snug
