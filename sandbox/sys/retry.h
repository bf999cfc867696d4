// System calls that a signal may interrupt before they have done anything.
#pragma once

#include <sys/file.h>
#include <sys/wait.h>

#include <cerrno>

namespace snug {

/// What `call` returns, once it returns anything but -1 for EINTR; errno is as the call left it.
template <class Call>
auto retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// flock(2): `how` is LOCK_SH, LOCK_EX or LOCK_UN, with LOCK_NB where it must not wait. False: errno says why.
inline bool lock_file(int fd, int how) {
  return retry([=] { return flock(fd, how); }) == 0;
}

/// Waits for a child and takes it away: its status as waitpid(2) tells it, -1 where it was no child of this process.
inline int reap(pid_t child) {
  int status = 0;
  return retry([&] { return waitpid(child, &status, 0); }) < 0 ? -1 : status;
}

}  // namespace snug
