#include "host/read.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/read.h"

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
  return fd ? read_all(fd.get(), limit) : std::nullopt;
}

}  // namespace snug
