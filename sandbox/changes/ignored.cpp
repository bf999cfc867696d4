#include "changes/ignored.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string_view>
#include <utility>

#include "base/paths.h"
#include "changes/git.h"
#include "changes/open_parents.h"
#include "sys/errno.h"

namespace snug {
namespace {

using Paths = std::set<std::string, std::less<>>;

bool is_work_tree(const std::string& project) {
  struct stat info {};
  return lstat(join(project, ".git").c_str(), &info) == 0;
}

/// Puts into `ignored` which of `questions` (each ended by a NUL, directories by a slash before it) git ignores.
Result<void> ask_git(const Capture& capture, const std::string& repository, std::string questions, Paths& ignored) {
  if (questions.empty()) return {};
  Program program =
      git_program({"-c", "core.excludesFile=" + join(capture.project, ".git/info/exclude"), "--git-dir=" + repository,
                   "--work-tree=" + capture.project, "check-ignore", "--no-index", "-z", "--stdin"});
  program.input = std::move(questions);
  program.limit = std::size_t{512} << 20;
  const auto end = run_program(program);
  if (!end) return end.error();
  for (std::string_view rest = end->output; !rest.empty();) {
    std::string_view path = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), path.size() + 1));
    if (path.ends_with('/')) path.remove_suffix(1);
    ignored.emplace(path);
  }
  return {};
}

void add(std::string& questions, std::string_view path, const char* end = "") {
  if (path.starts_with(".git/") || path == ".git" || path.empty()) return;
  questions.append(path).append(end).push_back('\0');
}

/// Directories of the changes and above them.
Paths directories_of(const std::vector<const Change*>& changes) {
  Paths directories;
  for (const Change* const change : changes) {
    std::string_view path = change->path;
    if (is_directory(*change)) directories.emplace(path);
    for (path = directory_of(path); !path.empty(); path = directory_of(path)) {
      if (!directories.emplace(path).second) break;
    }
  }
  return directories;
}

}  // namespace

std::string_view ignored_by(const Paths& ignored, std::string_view path) {
  std::string_view found;
  for (; !path.empty() && !ignored.empty(); path = directory_of(path)) {
    if (ignored.contains(path)) found = path;
  }
  return found;
}

Result<Paths> ignored_paths(const Capture& capture, const std::vector<const Change*>& changes) {
  Paths ignored;
  if (changes.empty() || !is_work_tree(capture.project)) return ignored;
  const auto repository = EmptyRepository::make(capture.directory);
  if (!repository) return repository.error();
  std::string questions;
  for (const std::string& directory : directories_of(changes)) add(questions, directory, "/");
  if (auto asked = ask_git(capture, repository->path(), std::move(questions), ignored); !asked) return asked.error();
  questions.clear();
  for (const Change* const change : changes) {
    if (!is_directory(*change) && ignored_by(ignored, change->path).empty()) add(questions, change->path);
  }
  if (auto asked = ask_git(capture, repository->path(), std::move(questions), ignored); !asked) return asked.error();
  return ignored;
}

}  // namespace snug
