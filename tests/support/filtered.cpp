// filtered [--nested] [--allow CALL]... [--deny CALL]... COMMAND...: installs the system call filter a plan would,
// alone, and becomes COMMAND. Everything else a sandbox has is absent, so what fails under it fails by the filter.
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "seccomp/filter.h"

namespace {

// Stops at the first word that is no option of ours.
char** read_options(char** word, snug::SeccompPlan& plan) {
  for (; *word; ++word) {
    if (std::strcmp(*word, "--nested") == 0) {
      plan.nested = true;
    } else if (std::strcmp(*word, "--allow") == 0 && word[1]) {
      plan.allow.push_back({*++word, {}});
    } else if (std::strcmp(*word, "--deny") == 0 && word[1]) {
      plan.deny.push_back({*++word, {}});
    } else {
      return word;
    }
  }
  return word;
}

bool install(const snug::Filter& filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.program.size()),
                           const_cast<sock_filter*>(filter.program.data())};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

}  // namespace

int main(int, char** argv) {
  snug::SeccompPlan plan;
  char** command = read_options(argv + 1, plan);
  const auto filter = snug::make_filter(plan);
  if (!filter) return std::fprintf(stderr, "filtered: %s\n", to_text(filter.error()).c_str()), 125;
  if (!*command) return std::fprintf(stderr, "filtered: no command\n"), 125;
  if (!install(*filter)) return std::perror("filtered: seccomp"), 125;
  execvp(*command, command);
  return std::perror(*command), 127;
}
