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
#include "sys/write.h"

namespace snug {
namespace {

std::string behind_links(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), free);
  return real ? real.get() : path;
}

bool write_and_sync(int fd, std::string_view text) { return fd >= 0 && write_all(fd, text) && fsync(fd) == 0; }

// The new name is on disk only when the directory is.
void sync_directory(const std::string& path) {
  const Fd directory(open(std::string(parent_of(path)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) fsync(directory.get());
}

Result<void> make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || path == "/") return sys_error("make " + quote_for_display(path));
  if (auto above = make_directory(std::string(parent_of(path))); !above) return above;
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return sys_error("make " + quote_for_display(path));
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view text) {
  const std::string real = behind_links(path);
  std::string fresh = real + ".XXXXXX";
  const Fd file(mkostemp(fresh.data(), O_CLOEXEC));  // 0600
  if (!file) return sys_error("write " + quote_for_display(path));
  if (write_and_sync(file.get(), text) && rename(fresh.c_str(), real.c_str()) == 0)
    return sync_directory(real), Result<void>();
  Error error = sys_error("write " + quote_for_display(path));
  unlink(fresh.c_str());
  return error;
}

Result<Fd> lock_directory(const std::string& directory) {
  if (auto made = make_directory(directory); !made) return made.error();
  Fd lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return sys_error("open " + quote_for_display(directory));
  int result = 0;
  do {
    result = flock(lock.get(), LOCK_EX);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return sys_error("lock " + quote_for_display(directory));
  return lock;
}

}  // namespace snug
