#include "cli/conflicts.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "base/quote.h"
#include "changes/apply.h"
#include "changes/bases.h"
#include "cli/changes_text.h"
#include "cli/print.h"
#include "cli/select.h"

namespace snug {
namespace {

/// The bases of all parts, read when the first one is asked for.
class KnownBases {
 public:
  explicit KnownBases(const OpenCapture& open) : open_(open), parts_(open.parts.size()) {}

  const Base* find(const SeenChange& seen, const std::string& path) {
    if (!read_) read();
    const auto found = parts_[seen.part].find(path);
    return found == parts_[seen.part].end() ? nullptr : &found->second;
  }

 private:
  void read() {
    read_ = true;
    const auto changes = changes_by_part(open_);
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i] = read_bases(open_.parts[i].capture, changes[i]);
  }

  const OpenCapture& open_;
  std::vector<std::map<std::string, Base>> parts_;
  bool read_ = false;
};

bool merge(const OpenCapture& open, KnownBases& bases, SeenChange& seen) {
  const Change change = in_part(open, seen);
  const Base* base = bases.find(seen, change.path);
  if (base == nullptr) return false;
  auto merged = merge_change(open.parts[seen.part].capture, change, *base);
  if (!merged) return print_error(merged.error()), false;
  if (!*merged) return false;
  seen.instead = std::move(**merged);
  print_message("merged: " + quote_for_display(seen.change.path) + " with what was changed on the host meanwhile");
  return true;
}

/// What cannot be taken over without a directory that is not: the host has none there.
std::vector<SeenChange> take_below(std::vector<SeenChange>& changes, const std::vector<SeenChange>& directories) {
  Names made;
  for (const SeenChange& seen : directories) {
    if (makes_directory(seen.change)) made.insert(seen.change.path);
  }
  return take_out(changes, [&](const SeenChange& seen) { return names_it(made, seen.change.path); });
}

std::string what_the_host_did(const Change& change) {
  if (change.before.kind == NodeKind::absent) return "is gone from the host";
  if (change.differences.kind) return std::string("is a ") + kind_name(change.before.kind) + " on the host now";
  return "was changed on the host meanwhile";
}

/// Directories of which only a part was decided for the host's: what else the capture has in them stays.
Names kept_in_part(const OpenCapture& open, const std::vector<SeenChange>& dropped) {
  Names gone, parents;
  for (const SeenChange& seen : dropped) gone.insert(seen.change.path);
  for (const SeenChange& seen : open.changes) {
    if (!gone.contains(seen.change.path)) add_parents(parents, seen.change.path);
  }
  return parents;
}

}  // namespace

Conflicts resolve_conflicts(const OpenCapture& open, std::vector<SeenChange>& changes, const Invocation& invocation) {
  Conflicts conflicts;
  KnownBases bases(open);
  std::vector<SeenChange> rest;
  rest.reserve(changes.size());
  for (SeenChange& seen : changes) {
    const bool decided = !seen.change.drifted || invocation.has("--theirs");
    if (!decided && invocation.has("--ours")) {
      conflicts.dropped.push_back(std::move(seen));
    } else if (!decided && !merge(open, bases, seen)) {
      conflicts.left.push_back(std::move(seen));
    } else {
      rest.push_back(std::move(seen));
    }
  }
  changes = std::move(rest);
  conflicts.waiting = take_below(changes, conflicts.left);
  std::ranges::move(take_below(changes, conflicts.dropped), std::back_inserter(conflicts.dropped));
  return conflicts;
}

void tell_conflicts(const Conflicts& conflicts) {
  std::map<std::string, std::size_t, std::less<>> below;
  for (const SeenChange& seen : conflicts.waiting) {
    Names parents;
    add_parents(parents, seen.change.path);
    for (const std::string& parent : parents) ++below[parent];
  }
  for (const SeenChange& seen : conflicts.left) {
    const std::string& path = seen.change.path;
    const auto waiting = makes_directory(seen.change) ? below.find(path) : below.end();
    print_message("not applied: " + quote_for_display(path) + " " + what_the_host_did(seen.change) +
                  (waiting == below.end() ? "" : "; what was changed in it waits: " + std::to_string(waiting->second)) +
                  "; take the capture's: --theirs; keep the host's: --ours");
  }
}

void drop_changes(const OpenCapture& open, const std::vector<SeenChange>& dropped) {
  const Names in_part_only = kept_in_part(open, dropped);
  Names whole;
  for (const SeenChange& seen : dropped) {
    const bool all = makes_directory(seen.change) && !in_part_only.contains(seen.change.path);
    if (all && forget_tree(open.parts[seen.part].capture, in_part(open, seen))) whole.insert(seen.change.path);
  }
  for (auto seen = dropped.rbegin(); seen != dropped.rend(); ++seen) {
    if (names_it(whole, seen->change.path)) continue;
    const bool gone = forget_change(open.parts[seen->part].capture, in_part(open, *seen));
    if (!gone) print_message("still captured: " + quote_for_display(seen->change.path));
  }
}

}  // namespace snug
