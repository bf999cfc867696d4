#include "cli/captured.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/paths.h"
#include "base/quote.h"
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

// --- which changes ---

/// "src/*.c" below the project, of a word as typed in `cwd`.
Result<std::string> pattern_of(const std::string& word, const std::string& project, const std::string& cwd) {
  if (word.starts_with("**")) return word;
  const std::string path = normalise(absolute_from(cwd, word));
  if (!is_below(path, project)) {
    return Error{.what = quote_for_display(word) + " is not in the project " + quote_for_display(project)};
  }
  return path == project ? std::string() : path.substr(project.size() + 1);
}

/// Directories that are themselves new, and hold something that was taken.
bool is_new_directory(const Change& change) {
  return change.after.kind == NodeKind::directory && change.before.kind != NodeKind::directory;
}

std::set<std::string> parents_of(const std::vector<SeenChange>& changes) {
  std::set<std::string> parents;
  for (const SeenChange& seen : changes) {
    std::string_view path = seen.change.path;
    for (auto slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/')) {
      path = path.substr(0, slash);
      parents.emplace(path);
    }
  }
  return parents;
}

struct Patterns {
  std::vector<std::string> in, out;
};

Result<Patterns> read_patterns(const std::vector<std::string>& words, const std::string& project,
                               const std::string& cwd) {
  Patterns patterns;
  for (const std::string& word : words) {
    const bool takes_out = word.starts_with('!');
    auto pattern = pattern_of(takes_out ? word.substr(1) : word, project, cwd);
    if (!pattern) return std::move(pattern).error();
    (takes_out ? patterns.out : patterns.in).push_back(std::move(*pattern));
  }
  return patterns;
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& path) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches_path(pattern, path); });
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
  for (const Capture& part : parts_of(open.capture)) {
    const std::string prefix = prefix_of(open.capture, part);
    auto scanned = scan_changes(part.sides(), [&](Change change) {
      change.path = change.path.empty() && !prefix.empty() ? prefix.substr(0, prefix.size() - 1) : prefix + change.path;
      std::string review = review_reason(change, open.capture.protect);
      open.changes.push_back({std::move(change), std::move(review)});
    });
    if (!scanned) return std::move(scanned).error();
    open.kept.merge(*scanned);
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

Result<std::vector<SeenChange>> select_changes(const std::vector<SeenChange>& changes,
                                               const std::vector<std::string>& words, const std::string& project,
                                               const std::string& cwd) {
  const auto patterns = read_patterns(words, project, cwd);
  if (!patterns) return patterns.error();
  for (std::size_t i = 0; i < patterns->in.size(); ++i) {
    const bool known = std::ranges::any_of(
        changes, [&](const SeenChange& seen) { return matches_path(patterns->in[i], seen.change.path); });
    if (!known) return Error{.what = "nothing was changed at " + quote_for_display(patterns->in[i])};
  }
  std::vector<SeenChange> taken, rest;
  for (const SeenChange& seen : changes) {
    const std::string& path = seen.change.path;
    const bool in = patterns->in.empty() || matches_any(patterns->in, path);
    auto& list = in && !matches_any(patterns->out, path) ? taken : rest;
    list.push_back(seen);
    list.back().named = std::ranges::find(patterns->in, path) != patterns->in.end();
  }
  const std::set<std::string> parents = parents_of(taken);
  for (SeenChange& seen : rest) {
    if (is_new_directory(seen.change) && parents.contains(seen.change.path)) taken.push_back(std::move(seen));
  }
  std::ranges::sort(taken, by_path);
  return taken;
}

}  // namespace snug
