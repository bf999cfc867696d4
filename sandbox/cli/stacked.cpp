#include "cli/stacked.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/applied.h"
#include "changes/apply.h"
#include "changes/open_parents.h"
#include "changes/review.h"
#include "changes/scan.h"

namespace snug {
namespace {

using Changes = std::map<std::string, Change, std::less<>>;

Error comes_later(const Capture& capture, const Capture& below) {
  return {.what = "cannot apply the capture " + quote_for_display(capture.name()),
          .why = "it lies over the capture " + quote_for_display(below.name()) + ", which is not applied yet",
          .fix = "snug apply --from " + below.name() + "     or discard that one"};
}

bool differs_from_host(Capture capture) {
  capture.between.clear();
  bool found = false;
  const auto scanned = scan_changes(sides_of(capture), [&](const auto&) { found = true; });
  return !scanned || found;
}

/// Directories the host has not, and that hold something of `needed`.
void add_parents(const OpenCapture& open, const Changes& on_host, std::vector<SeenChange>& needed) {
  std::set<std::string, std::less<>> there;
  for (const SeenChange& seen : needed) there.insert(seen.change.path);
  for (std::size_t i = 0; i < needed.size(); ++i) {
    const auto parent = on_host.find(directory_of(needed[i].change.path));
    if (parent == on_host.end() || !makes_directory(parent->second) || !there.insert(parent->first).second) continue;
    needed.push_back({.change = parent->second, .review = review_reason(parent->second, open.capture.protect)});
  }
}

}  // namespace

std::optional<Error> waits_for_another(const Capture& capture) {
  for (auto layer = capture.between.rbegin(); layer != capture.between.rend(); ++layer) {
    const auto below = capture_of_layer(*layer);
    if (!below) continue;  // a directory that --lower named
    const auto lock = lock_capture(*below);
    if (!lock) return lock.error();
    if (apply_unfinished(*below) || differs_from_host(*below)) return comes_later(capture, *below);
  }
  return std::nullopt;
}

std::vector<Capture> captures_above(const Capture& capture) {
  if (capture.users_directory || !capture.parts.empty()) return {};
  return captures_over(capture, std::string(parent_of(capture.directory)));
}

Result<HostChanges> against_host(OpenCapture& open, std::vector<SeenChange> changes) {
  if (open.capture.between.empty()) return HostChanges{.needed = std::move(changes), .idle = {}};
  OpenPart& part = open.parts.front();
  part.capture.between.clear();
  Changes on_host;
  auto scanned = scan_changes(sides_of(part.capture), [&](std::vector<Change> changes) {
    for (Change& change : changes) on_host.insert_or_assign(change.path, std::move(change));
  });
  if (!scanned) return std::move(scanned).error();
  part.kept = std::move(*scanned);
  HostChanges found;
  for (SeenChange& seen : changes) {
    const auto change = on_host.find(seen.change.path);
    const bool needed = change != on_host.end();
    if (needed) seen.review = review_reason(seen.change = change->second, open.capture.protect);
    (needed ? found.needed : found.idle).push_back(std::move(seen));
  }
  add_parents(open, on_host, found.needed);
  std::ranges::sort(found.needed, {}, [](const SeenChange& seen) { return seen.change.path; });
  return found;
}

bool holds_changes(const OpenCapture& open) {
  const bool stacked = !open.capture.between.empty();
  std::set<std::string, std::less<>> made;
  const auto note = [&](const std::vector<Change>& changes) {
    for (const Change& change : changes) made.insert(change.path);
  };
  const auto seen = stacked ? scan_changes(sides_of(open.capture), note) : Result(KeptNames{});
  if (!seen) return true;
  bool found = false;
  for (const OpenPart& part : open.parts) {
    const auto scanned = scan_changes(sides_of(part.capture), [&](const std::vector<Change>& changes) {
      const auto counts = [&](const Change& change) { return !stacked || made.contains(change.path); };
      found = found || std::ranges::any_of(changes, counts);
    });
    if (!scanned || found) return true;
  }
  return false;
}

}  // namespace snug
