#include "cli/conflicts.h"

#include <map>
#include <utility>

#include "base/quote.h"
#include "changes/bases.h"
#include "cli/print.h"

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
  return conflicts;
}

}  // namespace snug
