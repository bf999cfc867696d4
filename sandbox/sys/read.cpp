#include "sys/read.h"

#include <unistd.h>

#include <algorithm>

#include "sys/retry.h"

namespace snug {

std::optional<std::string> read_all(int fd, std::size_t limit) {
  std::string text;
  char block[16384];
  while (text.size() < limit) {
    const std::size_t wanted = std::min(sizeof block, limit - text.size());
    const ssize_t got = retry([&] { return read(fd, block, wanted); });
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace snug
