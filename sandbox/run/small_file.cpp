#include "run/small_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/paths.h"
#include "base/quote.h"
#include "sys/errno.h"
#include "sys/retry.h"

namespace snug {
namespace {

Result<void> make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || path == "/") return sys_error("make " + quote_for_display(path));
  if (auto above = make_directory(std::string(parent_of(path))); !above) return above;
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return sys_error("make " + quote_for_display(path));
}

}  // namespace

std::string behind_links(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), free);
  return real ? real.get() : path;
}

Result<Fd> lock_directory(const std::string& directory) {
  if (auto made = make_directory(directory); !made) return made.error();
  Fd lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return sys_error("open " + quote_for_display(directory));
  if (!lock_file(lock.get(), LOCK_EX)) return sys_error("lock " + quote_for_display(directory));
  return lock;
}

}  // namespace snug
