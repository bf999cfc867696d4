#include "sys/write.h"

#include <signal.h>
#include <unistd.h>

#include "sys/retry.h"

namespace snug {

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = retry([&] { return write(fd, bytes.data(), bytes.size()); });
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool write_all_to_whoever_reads(int fd, std::string_view bytes) {
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  const bool written = write_all(fd, bytes);
  const int code = errno;
  sigaction(SIGPIPE, &before, nullptr);
  errno = code;
  return written;
}

}  // namespace snug
