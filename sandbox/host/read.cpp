#include "host/read.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"

namespace snug {
namespace {

Fd open_regular(const std::string& path) {
  // O_NONBLOCK: opening a fifo must not wait for a writer.
  Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return fd;
}

}  // namespace

std::optional<std::string> read_file(const std::string& path, std::size_t limit) {
  const Fd fd = open_regular(path);
  if (!fd) return std::nullopt;
  std::string text;
  char block[4096];
  while (text.size() < limit) {
    const ssize_t got = read(fd.get(), block, std::min(sizeof block, limit - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace snug
