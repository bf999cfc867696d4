#include "changes/copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "sys/retry.h"

namespace snug {
namespace {

/// From `from` to `to`, both at `start`. The kernel copies by itself where it can (copy_file_range, Linux 5.3).
bool copy_range(int from, int to, off_t start, off_t end) {
  off_t in = start, out = start;
  while (in < end) {
    const auto left = static_cast<std::size_t>(end - in);
    if (retry([&] { return copy_file_range(from, &in, to, &out, left, 0); }) <= 0) break;
  }
  std::string buffer;
  while (in < end) {
    buffer.resize(1 << 20);
    const ssize_t got = retry([&] { return pread(from, buffer.data(), buffer.size(), in); });
    if (got <= 0) return got == 0;
    if (pwrite(to, buffer.data(), static_cast<std::size_t>(got), in) != got) return false;
    in += got;
  }
  return true;
}

}  // namespace

bool copy_content(int from, int to, std::uint64_t size) {
  if (ioctl(to, FICLONE, from) == 0) return true;
  const auto end = static_cast<off_t>(size);
  if (ftruncate(to, end) != 0) return false;
  for (off_t data = 0; data < end;) {
    data = lseek(from, data, SEEK_DATA);
    if (data < 0) return errno == ENXIO;  // nothing but a hole is left
    off_t hole = lseek(from, data, SEEK_HOLE);
    if (hole < 0) hole = end;
    if (!copy_range(from, to, data, hole)) return false;
    data = hole;
  }
  return true;
}

}  // namespace snug
