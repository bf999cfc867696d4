#include "cli/select.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <string_view>
#include <utility>

#include "base/fd.h"
#include "base/paths.h"
#include "base/quote.h"
#include "changes/review.h"
#include "sys/errno.h"
#include "sys/read.h"

namespace snug {
namespace {

constexpr std::size_t longest_list = std::size_t{256} << 20;

Result<std::string> read_list(const std::string& path) {
  const bool standard = path == "-";
  const Fd file(standard ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return sys_error("read " + quote_for_display(path));
  auto text = read_all(file.get(), longest_list);
  if (!text) return sys_error("read " + quote_for_display(path));
  if (text->size() < longest_list) return *std::move(text);
  return Error{.what = "cannot read " + quote_for_display(path), .why = "it is longer than any list of changes"};
}

std::vector<std::string> split_at_nul(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    if (end > 0) names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return names;
}

Error not_in_project(const std::string& word, const std::string& project) {
  return {.what = quote_for_display(word) + " is not in the project " + quote_for_display(project)};
}

Error nothing_at(const std::string& word) { return {.what = "nothing was changed at " + quote_for_display(word)}; }

/// An absolute path, relative to the project.
Result<std::string> in_project(const std::string& path, const std::string& word, const std::string& project) {
  if (!is_below(path, project)) return not_in_project(word, project);
  if (path == project) return std::string();
  return path.substr(project == "/" ? 1 : project.size() + 1);
}

/// "src/*.c" below the project, of a word as typed in `cwd`.
Result<std::string> pattern_of(const std::string& word, const std::string& project, const std::string& cwd) {
  if (word.starts_with("**")) return word;
  return in_project(normalise(absolute_from(cwd, word)), word, project);
}

/// Which paths are meant.
struct Meant {
  std::vector<std::string> in, out;  ///< patterns
  Names names;                       ///< with all below them
  bool all = false;
};

Result<Meant> read_meaning(const Selection& selection, const std::string& project, const std::string& cwd) {
  Meant meant;
  for (const std::string& word : selection.words) {
    const bool takes_out = word.starts_with('!');
    auto pattern = pattern_of(takes_out ? word.substr(1) : word, project, cwd);
    if (!pattern) return std::move(pattern).error();
    (takes_out ? meant.out : meant.in).push_back(std::move(*pattern));
  }
  if (selection.names) {
    for (const std::string& name : *selection.names) {
      auto path = in_project(normalise(name.front() == '/' ? name : join(project, name)), name, project);
      if (!path) return std::move(path).error();
      meant.names.insert(std::move(*path));
    }
  }
  meant.all = meant.in.empty() && !selection.names;
  return meant;
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& path) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches_path(pattern, path); });
}

bool is_meant(const Meant& meant, const std::string& path) {
  const bool in = meant.all || matches_any(meant.in, path) || names_it(meant.names, path);
  return in && !matches_any(meant.out, path);
}

bool is_at_or_below(std::string_view path, std::string_view top) {
  return top.empty() || (path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/'));
}

std::optional<Error> find_idle(const std::vector<SeenChange>& changes, const Meant& meant) {
  for (const std::string& pattern : meant.in) {
    const bool known =
        std::ranges::any_of(changes, [&](const SeenChange& seen) { return matches_path(pattern, seen.change.path); });
    if (!known) return nothing_at(pattern);
  }
  for (const std::string& name : meant.names) {
    const auto at =
        std::ranges::lower_bound(changes, name, {}, [](const SeenChange& seen) { return seen.change.path; });
    if (at != changes.end() && is_at_or_below(at->change.path, name)) continue;
    // "a-b" lies between "a" and "a/b".
    const bool below =
        std::any_of(at, changes.end(), [&](const auto& s) { return is_at_or_below(s.change.path, name); });
    if (!below) return nothing_at(name);
  }
  return std::nullopt;
}

}  // namespace

bool names_it(const Names& names, std::string_view path) {
  if (names.empty()) return false;
  if (names.contains(path) || names.contains(std::string_view())) return true;
  for (auto slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/')) {
    path = path.substr(0, slash);
    if (names.contains(path)) return true;
  }
  return false;
}

void add_parents(Names& parents, std::string_view path) {
  for (auto slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/')) {
    path = path.substr(0, slash);
    if (!parents.emplace(path).second) return;
  }
}

Result<Selection> read_selection(const Invocation& invocation) {
  Selection selection{.words = invocation.words, .names = {}};
  const auto list = invocation.value("--paths-from");
  if (!list) return selection;
  const auto text = read_list(*list);
  if (!text) return text.error();
  selection.names = split_at_nul(*text);
  return selection;
}

Result<std::vector<SeenChange>> select_changes(std::vector<SeenChange> changes, const Selection& selection,
                                               const std::string& project, const std::string& cwd) {
  const auto meant = read_meaning(selection, project, cwd);
  if (!meant) return meant.error();
  if (meant->all && meant->out.empty()) return changes;
  if (auto idle = find_idle(changes, *meant)) return std::move(*idle);
  std::vector<bool> taken(changes.size());
  Names parents, parents_of_named;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const std::string& path = changes[i].change.path;
    taken[i] = is_meant(*meant, path);
    if (taken[i]) add_parents(parents, path);
    changes[i].named = meant->names.contains(path) || std::ranges::find(meant->in, path) != meant->in.end();
    if (changes[i].named) add_parents(parents_of_named, path);
  }
  std::vector<SeenChange> chosen;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const bool holds_some = makes_directory(changes[i].change) && parents.contains(changes[i].change.path);
    // Who names a file means the directories it cannot be without.
    if (holds_some && parents_of_named.contains(changes[i].change.path)) changes[i].named = true;
    if (taken[i] || holds_some) chosen.push_back(std::move(changes[i]));
  }
  return chosen;
}

}  // namespace snug
