// walled [--abi N] [--read PATH | --write PATH | --tmpfs PATH | --file PATH]... COMMAND...: applies the Landlock
// ruleset of a plan with that view, without any mount, and becomes COMMAND. Paths are the same inside and outside, so
// the rules meet the host's own files: what still cannot be reached, this wall alone keeps.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/fd.h"
#include "landlock/ruleset.h"

namespace {

using snug::ViewKind;

ViewKind kind_named(std::string_view option) {
  if (option == "--write") return snug::Bind{.access = snug::Access::write};
  if (option == "--tmpfs") return snug::Tmpfs{};
  if (option == "--file") return snug::Bind{.access = snug::Access::write, .directory = false};
  return snug::Bind{};
}

char** read_options(char** word, snug::Plan& plan, int& abi) {
  for (; word[0] && word[1] && std::string_view(*word).starts_with("--"); word += 2) {
    if (std::string_view(*word) == "--abi") {
      abi = std::atoi(word[1]);
    } else {
      plan.view.push_back({.target = word[1], .what = kind_named(*word)});
    }
  }
  return word;
}

bool add_rule(int ruleset, const snug::LandlockRule& rule) {
  const snug::Fd at(open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = rule.allowed;
  beneath.parent_fd = at.get();
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0) return true;
  return std::perror(rule.path.c_str()), false;
}

bool apply(const snug::LandlockRuleset& wanted) {
  const std::uint64_t attributes[] = {wanted.handled_fs, wanted.handled_net, wanted.scoped};
  const snug::Fd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, attributes, sizeof attributes, 0)));
  if (!ruleset) return std::perror("walled: landlock_create_ruleset"), false;
  for (const snug::LandlockRule& rule : wanted.rules) {
    if (!add_rule(ruleset.get(), rule)) return false;
  }
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace

int main(int, char** argv) {
  int abi = static_cast<int>(syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
  if (argv[1] && std::string_view(argv[1]) == "--version") return std::printf("%d\n", abi), 0;
  snug::Plan plan;
  char** command = read_options(argv + 1, plan, abi);
  const snug::LandlockRuleset wanted = snug::make_ruleset(plan, abi);
  if (!*command || (!wanted.empty() && !apply(wanted))) return 125;
  execvp(*command, command);
  return std::perror(*command), 127;
}
