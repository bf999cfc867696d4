// lacking COMMAND...: becomes COMMAND on what seems to be a kernel without Landlock (ENOSYS for its calls, as such a
// kernel says), so that tests see the mounts stand alone.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

namespace {

// landlock_create_ruleset, landlock_add_rule and landlock_restrict_self follow each other, on every architecture.
constexpr unsigned first_call = SYS_landlock_create_ruleset, last_call = SYS_landlock_restrict_self;

bool take_landlock_away() {
  sock_filter program[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                           {BPF_JMP | BPF_JGE | BPF_K, 0, 2, first_call},
                           {BPF_JMP | BPF_JGT | BPF_K, 1, 0, last_call},
                           {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
                           {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog filter{sizeof program / sizeof *program, program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || !take_landlock_away()) return std::perror("lacking"), 125;
  execvp(argv[1], argv + 1);
  return std::perror(argv[1]), 127;
}
