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
#include "changes/ignored.h"
#include "changes/renames.h"
#include "changes/review.h"
#include "cli/parse.h"
#include "cli/print.h"
#include "plan/captures.h"
#include "sys/directory.h"
#include "sys/own_files.h"

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

/// By their paths. Of a hundred thousand each is moved once.
std::vector<SeenChange> sorted(std::deque<SeenChange> found) {
  std::vector<SeenChange*> order;
  order.reserve(found.size());
  for (SeenChange& seen : found) order.push_back(&seen);
  std::ranges::sort(order, {}, [](const SeenChange* seen) -> const std::string& { return seen->change.path; });
  std::vector<SeenChange> changes;
  changes.reserve(found.size());
  for (SeenChange* const seen : order) changes.push_back(std::move(*seen));
  return changes;
}

Result<void> scan_part(OpenCapture& open, std::size_t number, std::deque<SeenChange>& found) {
  OpenPart& part = open.parts[number];
  part.prefix = prefix_of(open.capture, part.capture);
  const std::string& prefix = part.prefix;
  auto scanned = scan_changes(sides_of(part.capture), [&](Change change) {
    if (!prefix.empty()) {
      change.path = change.path.empty() ? prefix.substr(0, prefix.size() - 1) : prefix + change.path;
    }
    std::string review = review_reason(change, open.capture.protect);
    found.push_back({.change = std::move(change), .review = std::move(review), .part = number});
  });
  if (!scanned) return std::move(scanned).error();
  part.kept = std::move(*scanned);
  return {};
}

/// Of those a power cut took the record before it was on the disk: nothing says what they were made to.
void tell_lost_captures(const std::string& directory) {
  for (const std::string& path : directories_in(directory)) {
    struct stat record {};
    const bool has_record = stat(join(path, "record").c_str(), &record) == 0 && record.st_size > 0;
    const Capture capture{.directory = path};
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
  take_rights_over_own_files();
  OpenCapture open{.capture = std::move(capture), .lock = std::move(*lock)};
  if (auto sound = bring_to_disk(open.capture); !sound) open.doubt = std::move(sound).error();
  std::deque<SeenChange> found;
  for (Capture& part : parts_of(open.capture)) {
    open.parts.push_back({.capture = std::move(part)});
    if (auto scanned = scan_part(open, open.parts.size() - 1, found); !scanned) return std::move(scanned).error();
  }
  open.changes = sorted(std::move(found));
  return open;
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
  const auto changes = changes_by_part(open);
  std::vector<std::map<std::string, std::string>> renames;
  std::vector<std::set<std::string, std::less<>>> ignored;
  for (std::size_t i = 0; i < open.parts.size(); ++i) {
    renames.push_back(find_renames(open.parts[i].capture.sides(), changes[i]));
    auto paths = ignored_paths(open.parts[i].capture, changes[i]);
    ignored.push_back(paths ? std::move(*paths) : std::set<std::string, std::less<>>());
  }
  for (SeenChange& seen : open.changes) {
    const std::string& prefix = open.parts[seen.part].prefix;
    const std::string path = in_part(open, seen).path;
    const auto rename = renames[seen.part].find(path);
    if (rename != renames[seen.part].end()) seen.renamed_from = prefix + rename->second;
    const std::string_view by = ignored_by(ignored[seen.part], path);
    if (!by.empty()) seen.ignored_by = prefix + std::string(by);
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
