#include "sessions/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"

namespace snug {

std::string read_proc_file(const std::string& path, std::size_t limit) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  constexpr std::size_t kStep = 8192;
  while (file && text.size() < limit) {
    const std::size_t before = text.size();
    text.resize(std::min(before + kStep, limit));
    const ssize_t got = read(file.get(), text.data() + before, text.size() - before);
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got <= 0) break;
  }
  return text;
}

}  // namespace snug
