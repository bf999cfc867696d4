#include "changes/git.h"

#include <cstdlib>

namespace snug {

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

}  // namespace snug
