#include "changes/review.h"

#include <algorithm>

#include "base/pattern.h"

namespace snug {
namespace {

/// Everything at that path and below it; with `anywhere` also where a directory of the project has it: a name with a
/// dot before it. Compared with each of a hundred thousand paths: no patterns.
struct Rule {
  std::string_view path;
  std::string_view reason;
  bool anywhere = false;
};

// Read by programs on the host that nobody starts on purpose, or that run what is written there.
constexpr Rule rules[] = {
    {".github/workflows", "continuous integration runs it"},
    {".gitlab-ci.yml", "continuous integration runs it"},
    {".circleci", "continuous integration runs it"},
    {"Jenkinsfile", "continuous integration runs it"},
    {".envrc", "direnv runs it", true},
    {".vscode", "the editor runs what it says", true},
    {".idea", "the editor runs what it says"},
    {".devcontainer", "the editor runs what it says"},
    {".husky", "git runs it as hooks"},
    {".pre-commit-config.yaml", "git runs it as hooks"},
    {".gitmodules", "git follows it to other repositories", true},
    {".gitattributes", "git runs the filters it names", true},
    {"snug.toml", "it is this sandbox's profile"},
    {".npmrc", "package managers obey it", true},
    {".mise.toml", "the version manager runs what it says"},
    {".tool-versions", "the version manager obeys it"},
};

static_assert(std::ranges::all_of(rules, [](const Rule& rule) { return !rule.anywhere || rule.path.front() == '.'; }));

// What git itself writes in a repository while people work. Everything else in .git needs a look.
constexpr std::string_view ordinary_git[] = {
    ".git/objects",
    ".git/refs",
    ".git/logs",
    ".git/index",
    ".git/HEAD",
    ".git/ORIG_HEAD",
    ".git/FETCH_HEAD",
    ".git/MERGE_HEAD",
    ".git/MERGE_MSG",
    ".git/COMMIT_EDITMSG",
    ".git/packed-refs",
    ".git/REBASE_HEAD",
    ".git/CHERRY_PICK_HEAD",
    ".git/AUTO_MERGE",
};

std::string_view first_part(std::string_view path) { return path.substr(0, path.find('/')); }

std::string_view after_first(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
}

// Most paths have none, and few rules are of any other.
bool has_dotted_part(std::string_view path) { return path.starts_with('.') || path.find("/.") != path.npos; }

bool has_part(std::string_view path, std::string_view wanted) {
  if (path.find(wanted) == path.npos) return false;
  for (; !path.empty(); path = after_first(path)) {
    if (first_part(path) == wanted) return true;
  }
  return false;
}

bool is_same_or_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

bool holds(const Rule& rule, std::string_view path) {
  return is_same_or_below(path, rule.path) || (rule.anywhere && has_part(path, rule.path));
}

bool is_ordinary_git(std::string_view path) {
  return std::ranges::any_of(ordinary_git, [path](std::string_view known) { return is_same_or_below(path, known); });
}

bool is_git_internal(std::string_view path) { return has_part(path, ".git") && !is_ordinary_git(path); }

bool leads_out(const Change& change) {
  if (change.after.kind != NodeKind::symlink) return false;
  std::string_view target = change.after.target;
  if (target.starts_with('/')) return true;
  long depth = std::ranges::count(change.path, '/');
  for (; !target.empty(); target = after_first(target)) {
    const std::string_view part = first_part(target);
    if (part == "..") --depth;
    if (depth < 0) return true;
    if (!part.empty() && part != "." && part != "..") ++depth;
  }
  return false;
}

bool newly_executable(const Change& change) {
  constexpr std::uint32_t execute = 0111;
  const bool before = change.before.kind == NodeKind::file && (change.before.mode & execute) != 0;
  return change.after.kind == NodeKind::file && (change.after.mode & execute) != 0 && !before;
}

}  // namespace

bool matches_path(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return true;  // what is below a match
  if (first_part(pattern) == "**") {
    for (std::string_view rest = path;; rest = after_first(rest)) {
      if (matches_path(after_first(pattern), rest)) return true;
      if (rest.empty()) return false;
    }
  }
  return !path.empty() && matches_component(first_part(pattern), first_part(path)) &&
         matches_path(after_first(pattern), after_first(path));
}

std::string_view review_reason(const Change& change, const std::vector<std::string>& protect) {
  for (const std::string& pattern : protect) {
    if (matches_path(pattern, change.path)) return "the profile protects it";
  }
  if (change.after.kind == NodeKind::directory) return "";  // what is in it is looked at by itself
  const bool dotted = has_dotted_part(change.path);
  if (dotted && is_git_internal(change.path)) return "git obeys it";
  for (const Rule& rule : rules) {
    if ((dotted || rule.path.front() != '.') && holds(rule, change.path)) return rule.reason;
  }
  if (leads_out(change)) return "a link that leads out of the project";
  if ((change.after.mode & 06000) != 0) return "it is set to run with its owner's rights";
  if (newly_executable(change)) return "it became executable";
  return "";
}

}  // namespace snug
