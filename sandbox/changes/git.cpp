#include "changes/git.h"

#include <sys/stat.h>

#include <cstdlib>
#include <string_view>

#include "base/paths.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/replace_file.h"
#include "sys/tree.h"

namespace snug {
namespace {

constexpr std::string_view prefix = "git-";

}  // namespace

Program git_program(const std::vector<std::string>& words) {
  Program program{.argv = {"git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0",
                           "-c", "maintenance.auto=false", "-c", "protocol.allow=never", "-c",
                           "core.attributesFile=/dev/null"}};
  program.argv.insert(program.argv.end(), words.begin(), words.end());
  const char* path = std::getenv("PATH");
  program.environment = {{std::string("PATH=") + (path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path),
                          "HOME=/nonexistent", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_SYSTEM=/dev/null",
                          "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
                          "GIT_OPTIONAL_LOCKS=0", "GIT_DIR=/dev/null", "GIT_NO_LAZY_FETCH=1", "GIT_PAGER=cat"}};
  return program;
}

Result<EmptyRepository> EmptyRepository::make(const std::string& directory) {
  std::string path = join(directory, std::string(prefix) + "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return sys_error("make a directory in " + directory);
  EmptyRepository repository(std::move(path));
  for (const char* name : {"objects", "refs"}) {
    if (mkdir(join(repository.path(), name).c_str(), 0700) != 0) return sys_error("make a directory in " + directory);
  }
  auto head = replace_file(join(repository.path(), "HEAD"), "ref: refs/heads/none\n");
  if (!head) return std::move(head).error();
  return repository;
}

void EmptyRepository::remove_left(const std::string& directory) {
  const DirectoryStream stream = open_directory(directory);
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name.starts_with(prefix)) remove_tree_at(dirfd(stream.get()), entry->d_name);
  }
}

EmptyRepository::~EmptyRepository() {
  if (!path_.empty()) remove_tree(path_);
}

}  // namespace snug
