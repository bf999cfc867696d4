#include "sys/replace_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/paths.h"
#include "base/quote.h"
#include "sys/errno.h"
#include "sys/write.h"

namespace snug {
namespace {

bool write_content(int fd, std::string_view text, mode_t mode, OnDisk when) {
  return write_all(fd, text) && fchmod(fd, mode) == 0 && (when == OnDisk::later || fsync(fd) == 0);
}

// The new name is on the disk only when the directory is.
bool sync_directory(const std::string& path) {
  const Fd directory(open(std::string(parent_of(path)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory && (fsync(directory.get()) == 0 || errno == EINVAL);  // EINVAL: a file system that cannot
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode, OnDisk when) {
  std::string fresh = join(parent_of(path), "." + std::string(base_name(path)) + ".XXXXXX");
  const Fd file(mkostemp(fresh.data(), O_CLOEXEC));  // O_EXCL, 0600
  if (!file) return sys_error("write " + quote_for_display(path));
  const bool placed = write_content(file.get(), text, mode, when) && rename(fresh.c_str(), path.c_str()) == 0;
  if (placed && (when == OnDisk::later || sync_directory(path))) return {};
  Error error = sys_error("write " + quote_for_display(path));
  if (!placed) unlink(fresh.c_str());
  return error;
}

}  // namespace snug
