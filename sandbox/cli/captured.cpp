#include "cli/captured.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/applied.h"
#include "changes/bases.h"
#include "changes/review.h"
#include "cli/parse.h"
#include "plan/captures.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/own_files.h"
#include "sys/tree.h"

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

bool by_path(const SeenChange& a, const SeenChange& b) { return a.change.path < b.change.path; }

Result<void> scan_part(OpenCapture& open, std::size_t number) {
  OpenPart& part = open.parts[number];
  part.prefix = prefix_of(open.capture, part.capture);
  const std::string& prefix = part.prefix;
  auto scanned = scan_changes(sides_of(part.capture), [&](Change change) {
    if (!prefix.empty()) {
      change.path = change.path.empty() ? prefix.substr(0, prefix.size() - 1) : prefix + change.path;
    }
    std::string review = review_reason(change, open.capture.protect);
    open.changes.push_back({.change = std::move(change), .review = std::move(review), .part = number});
  });
  if (!scanned) return std::move(scanned).error();
  part.kept = std::move(*scanned);
  return {};
}

}  // namespace

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
  std::vector<Capture> captures = captures_here(caller);
  if (name) std::erase_if(captures, [&](const Capture& capture) { return capture.name() != *name; });
  if (captures.empty()) return no_capture(name);
  if (captures.size() > 1) return several(captures);
  return std::move(captures.front());
}

Result<OpenCapture> open_capture(Capture capture) {
  auto lock = lock_capture(capture);
  if (!lock) return std::move(lock).error();
  take_rights_over_own_files();
  OpenCapture open{.capture = std::move(capture), .lock = std::move(*lock)};
  for (Capture& part : parts_of(open.capture)) {
    open.parts.push_back({.capture = std::move(part)});
    if (auto scanned = scan_part(open, open.parts.size() - 1); !scanned) return std::move(scanned).error();
  }
  std::ranges::sort(open.changes, by_path);
  return open;
}

Result<void> discard_capture(const Capture& capture) {
  if (remove_tree(capture.directory)) return {};
  return sys_error("remove " + quote_for_display(capture.directory));
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

Change in_part(const OpenCapture& open, const SeenChange& seen) {
  Change change = seen.change;
  const std::size_t prefix = open.parts[seen.part].prefix.size();
  change.path.erase(0, std::min(prefix, change.path.size()));
  return change;
}

void keep_bases(const OpenCapture& open) {
  std::vector<std::vector<Change>> changes(open.parts.size());
  for (const SeenChange& seen : open.changes) changes[seen.part].push_back(in_part(open, seen));
  for (std::size_t i = 0; i < open.parts.size(); ++i) {
    // A merge that cannot be had later is a conflict that is told.
    static_cast<void>(remember_bases(open.parts[i].capture, changes[i]));
  }
}

}  // namespace snug
