// filtered [--strict] [--nested] [--allow CALL]... [--deny CALL]... COMMAND...: installs the system call filter a plan
// would, alone, and becomes COMMAND. Everything else a sandbox has is absent, so what fails under it fails by the
// filter.
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "run/refusals.h"
#include "seccomp/filter.h"

namespace {

// Stops at the first word that is no option of ours.
char** read_options(char** word, snug::SeccompPlan& plan) {
  for (; *word; ++word) {
    if (std::strcmp(*word, "--nested") == 0) {
      plan.nested = true;
    } else if (std::strcmp(*word, "--strict") == 0) {
      plan.policy = snug::SeccompPolicy::strict;
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

// Answers reported calls as snug outside does, until nobody is left who could make one.
[[noreturn]] void answer_calls(int from) {
  for (const int fd : {0, 1, 2}) close(fd);
  int listener = -1;
  iovec part{&listener, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof listener)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  if (recvmsg(from, &message, 0) <= 0 || !CMSG_FIRSTHDR(&message)) _exit(1);
  std::memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof listener);
  snug::Refusals refusals;
  pollfd waiting{listener, POLLIN, 0};
  while (poll(&waiting, 1, -1) > 0 && (waiting.revents & POLLIN)) refusals.answer(listener);
  _exit(0);
}

bool send_listener(int to, int listener) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof listener)]{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof listener);
  std::memcpy(CMSG_DATA(rights), &listener, sizeof listener);
  const bool sent = sendmsg(to, &message, 0) == 1;
  close(listener);
  return sent;
}

// The answering process is made first: it is not under the filter.
bool install(const snug::Filter& filter) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return false;
  if (filter.reports && fork() == 0) {
    close(ends[0]);
    answer_calls(ends[1]);
  }
  close(ends[1]);
  const sock_fprog program{static_cast<unsigned short>(filter.program.size()),
                           const_cast<sock_filter*>(filter.program.data())};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return false;
  const unsigned flags = filter.reports ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return listener >= 0 && (!filter.reports || send_listener(ends[0], static_cast<int>(listener)));
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
