#include "cli/captured.h"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string_view>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/applied.h"
#include "changes/bases.h"
#include "changes/discard.h"
#include "changes/git.h"
#include "changes/ignored.h"
#include "changes/renames.h"
#include "changes/review.h"
#include "cli/git_links.h"
#include "cli/parse.h"
#include "cli/print.h"
#include "plan/captures.h"
#include "run/several_users.h"
#include "sys/directory.h"

namespace snug {
namespace {

std::vector<std::string> directories_in(const std::string& directory) {
  std::vector<std::string> found;
  const DirectoryStream stream = open_directory(directory);
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    if (entry->d_name[0] != '.') found.push_back(join(directory, entry->d_name));
  }
  return found;
}

Error no_capture(const std::optional<std::string>& name) {
  return {.what = name ? "no capture " + quote_for_display(*name) + " of this project" : "no captured changes here",
          .fix = name ? "snug diff --list" : "snug --project overlay     captures what a run changes"};
}

Error several(const std::vector<Capture>& captures) {
  Error error{.what = "this project has " + std::to_string(captures.size()) + " captures: say which, by --from NAME"};
  for (const Capture& capture : captures) {
    error.fix += (error.fix.empty() ? "" : "\n") + std::string("--from ") + capture.name();
  }
  return error;
}

/// What is in order already, piece by piece (a scan brings directory by directory), is merged: half the comparisons.
template <class T, class Less>
void merge_pieces(std::vector<T>& all, Less less) {
  std::vector<std::size_t> ends;  // of pieces
  for (std::size_t i = 1; i <= all.size(); ++i) {
    if (i == all.size() || less(all[i], all[i - 1])) ends.push_back(i);
  }
  std::vector<T> merged(all.size());
  while (ends.size() > 1) {
    std::vector<std::size_t> fewer;
    for (std::size_t i = 0; i < ends.size(); i += 2) {
      const std::size_t begin = i == 0 ? 0 : ends[i - 1], middle = ends[i];
      const std::size_t end = i + 1 < ends.size() ? ends[i + 1] : middle;
      const auto at = [&](std::size_t place) { return all.begin() + static_cast<std::ptrdiff_t>(place); };
      std::merge(at(begin), at(middle), at(middle), at(end), merged.begin() + static_cast<std::ptrdiff_t>(begin), less);
      fewer.push_back(end);
    }
    all.swap(merged);
    ends.swap(fewer);
  }
}

/// What the scans of all parts found.
class Found {
 public:
  void add(std::vector<Change> changes, std::size_t part) {
    count_ += changes.size();
    pieces_.push_back({std::move(changes), part});
  }

  /// By their paths. Of a hundred thousand each is moved once.
  std::vector<SeenChange> sorted(const std::vector<std::string>& protect) && {
    std::vector<std::pair<Change*, std::size_t>> order;
    order.reserve(count_);
    for (auto& [changes, part] : pieces_) {
      for (Change& change : changes) order.emplace_back(&change, part);
    }
    merge_pieces(order, [](const auto& a, const auto& b) { return a.first->path < b.first->path; });
    std::vector<SeenChange> all;
    all.reserve(count_);
    for (const auto& [change, part] : order) {
      const std::string_view review = review_reason(*change, protect);
      all.push_back({.change = std::move(*change), .review = review, .part = part});
    }
    return all;
  }

 private:
  struct Piece {
    std::vector<Change> changes;
    std::size_t part;
  };
  std::vector<Piece> pieces_;
  std::size_t count_ = 0;
};

void put_before(std::string& path, const std::string& prefix) {
  path = path.empty() ? prefix.substr(0, prefix.size() - 1) : prefix + path;
}

Result<void> scan_part(OpenCapture& open, std::size_t number, Found& found) {
  OpenPart& part = open.parts[number];
  part.prefix = prefix_of(open.capture, part.capture);
  auto scanned = scan_changes(sides_of(part.capture), [&](std::vector<Change> changes) {
    for (Change& change : changes) {
      if (!part.prefix.empty()) put_before(change.path, part.prefix);
    }
    found.add(std::move(changes), number);
  });
  if (!scanned) return std::move(scanned).error();
  part.kept = std::move(*scanned);
  return {};
}

/// One that was killed while it was discarded.
bool finish_discard(const Capture& capture) {
  if (!half_discarded(capture.directory)) return false;
  if (const auto lock = lock_capture(capture)) static_cast<void>(discard_capture(capture));
  return true;
}

/// Of those a power cut took the record before it was on the disk: nothing says what they were made to.
void tell_lost_captures(const std::string& directory) {
  for (const std::string& path : directories_in(directory)) {
    struct stat record {};
    const bool has_record = stat(join(path, "record").c_str(), &record) == 0 && record.st_size > 0;
    const Capture capture{.directory = path};
    if (finish_discard(capture)) continue;
    if (has_record || holds_nothing(capture) || !lock_capture(capture)) continue;
    print_message("capture " + printable(capture.name()) +
                  " cannot be used: the machine stopped before its record was on the disk; its files are below " +
                  quote_for_display(join(path, "upper")) + "; throw away: chmod -R u+rwx " + quote_for_display(path) +
                  " && rm -r " + quote_for_display(path));
  }
}

}  // namespace

void tell_left_captures(const Plan& plan, const Caller& caller) {
  const std::string own = plan.capture ? plan.capture->directory : "";
  std::string killed;
  std::size_t kept = 0;
  for (const Capture& capture :
       list_captures(captures_of(caller.state_dir, plan.project.empty() ? "/" : plan.project))) {
    if (capture.directory == own) continue;
    const bool ended = capture.status.has_value();
    if (ended) ++kept;
    if (!ended && lock_capture(capture)) killed += (killed.empty() ? "" : ", ") + capture.name();
  }
  tell_lost_captures(captures_of(caller.state_dir, plan.project.empty() ? "/" : plan.project));
  if (!killed.empty()) {
    print_message("left by a run that was killed: capture " + printable(killed) +
                  "; look: snug diff --from NAME; throw away: snug discard --from NAME");
  } else if (kept > 0 && plan.command.interactive_shell) {
    print_message(std::to_string(kept) + (kept == 1 ? " capture waits" : " captures wait") +
                  " to be applied or discarded: snug diff --list");
  }
}

std::vector<Capture> captures_here(const Caller& caller) {
  std::vector<Capture> here;
  for (const std::string& directory : directories_in(captures_in(caller.state_dir))) {
    for (Capture& capture : list_captures(directory)) {
      if (is_below(caller.cwd, capture.place)) here.push_back(std::move(capture));
    }
  }
  std::size_t nearest = 0;
  for (const Capture& capture : here) nearest = std::max(nearest, capture.place.size());
  std::erase_if(here, [nearest](const Capture& capture) { return capture.place.size() < nearest; });
  return here;
}

Result<Capture> choose_capture(const Caller& caller, const std::optional<std::string>& name) {
  if (name && name->find('/') != std::string::npos) return read_capture(absolute_from(caller.cwd, *name));
  std::vector<Capture> captures = captures_here(caller);
  if (name) std::erase_if(captures, [&](const Capture& capture) { return capture.name() != *name; });
  if (captures.empty()) return no_capture(name);
  if (captures.size() > 1) return several(captures);
  return std::move(captures.front());
}

Result<OpenCapture> open_capture(Capture capture) {
  auto lock = lock_capture(capture);
  if (!lock) return std::move(lock).error();
  if (auto taken = take_rights_over_stored_files(capture.several_users); !taken) return std::move(taken).error();
  EmptyRepository::remove_left(capture.directory);
  OpenCapture open{.capture = std::move(capture), .lock = std::move(*lock)};
  if (auto sound = bring_to_disk(open.capture); !sound) open.doubt = std::move(sound).error();
  Found found;
  for (Capture& part : parts_of(open.capture)) {
    open.parts.push_back({.capture = std::move(part)});
    if (auto scanned = scan_part(open, open.parts.size() - 1, found); !scanned) return std::move(scanned).error();
  }
  open.changes = std::move(found).sorted(open.capture.protect);
  review_git_links(open, open.changes);
  return open;
}

bool unfinished(const OpenCapture& open) {
  return std::ranges::any_of(open.parts, [](const OpenPart& part) { return apply_unfinished(part.capture); });
}

Error did_not_end() {
  return {.what = "an apply of this capture did not end", .fix = "snug apply --continue, or --abort"};
}

std::string summary_of(const std::vector<SeenChange>& changes) {
  std::size_t counts[3] = {};
  for (const SeenChange& seen : changes) ++counts[static_cast<int>(seen.change.kind)];
  const char* const words[3] = {" added", " modified", " deleted"};
  std::string text;
  for (int kind = 0; kind < 3; ++kind) {
    if (counts[kind] > 0) text += (text.empty() ? "" : ", ") + std::to_string(counts[kind]) + words[kind];
  }
  return text.empty() ? "nothing changed" : text;
}

std::vector<std::vector<Change>> changes_by_part(const OpenCapture& open) {
  std::vector<std::vector<Change>> changes(open.parts.size());
  for (const SeenChange& seen : open.changes) changes[seen.part].push_back(in_part(open, seen));
  return changes;
}

Change in_part(const OpenCapture& open, const SeenChange& seen) {
  Change change = seen.change;
  const std::size_t prefix = open.parts[seen.part].prefix.size();
  change.path.erase(0, std::min(prefix, change.path.size()));
  return change;
}

void look_closer(OpenCapture& open) {
  for (std::size_t number = 0; number < open.parts.size(); ++number) {
    const OpenPart& part = open.parts[number];
    std::deque<Change> own;  // where their paths are others in the part
    std::vector<const Change*> changes;
    std::vector<SeenChange*> theirs;
    for (SeenChange& seen : open.changes) {
      if (seen.part != number) continue;
      theirs.push_back(&seen);
      changes.push_back(part.prefix.empty() ? &seen.change : &own.emplace_back(in_part(open, seen)));
    }
    const auto renames = find_renames(part.capture.sides(), changes);
    const auto ignored = ignored_paths(part.capture, changes);
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      const std::string& path = changes[i]->path;
      const auto rename = renames.find(path);
      if (rename != renames.end()) theirs[i]->renamed_from = part.prefix + rename->second;
      const std::string_view by = ignored ? ignored_by(*ignored, path) : std::string_view();
      if (!by.empty()) theirs[i]->ignored_by = part.prefix + std::string(by);
    }
  }
}

void keep_bases(const OpenCapture& open) {
  std::vector<std::vector<Change>> changes(open.parts.size());
  for (const SeenChange& seen : open.changes) {
    const bool modified = seen.change.kind == Change::Kind::modified;  // nothing else has a base
    if (modified) changes[seen.part].push_back(in_part(open, seen));
  }
  for (std::size_t i = 0; i < open.parts.size(); ++i) {
    // A merge that cannot be had later is a conflict that is told.
    static_cast<void>(remember_bases(open.parts[i].capture, changes[i]));
  }
}

}  // namespace snug
