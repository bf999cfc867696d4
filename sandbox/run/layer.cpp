#include "run/layer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/quote.h"
#include "sys/errno.h"
#include "sys/retry.h"
#include "sys/tree.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr off_t most_copied = 64 << 20;

Error cannot_make(const std::string& path) {
  Error error = sys_error("make " + quote_for_display(path));
  error.needed_by = "a capture";
  return error;
}

Error too_large(const std::string& directory) {
  return {.what = "cannot capture changes to " + quote_for_display(directory),
          .why =
              "a mount lies in it, so that an overlay cannot lie over it, and the files beside the mount are more than "
              "64 MiB, too much to copy for each run",
          .fix = "unmount it, or move it to another place"};
}

Result<void> make_fresh(const std::string& path) {
  if (remove_tree(path) && mkdir(path.c_str(), 0700) == 0) return {};
  return cannot_make(path);
}

/// The mode and the time of a directory, which an overlay shows of the uppermost that has it.
bool copy_look(int from, const std::string& to) {
  struct stat info {};
  if (fstat(from, &info) != 0 || chmod(to.c_str(), info.st_mode & 07777) != 0) return false;
  const timespec times[2] = {info.st_atim, info.st_mtim};
  return utimensat(AT_FDCWD, to.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0;
}

Fd open_directory(const std::string& path) {
  return Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

class ShallowCopy {
 public:
  explicit ShallowCopy(const Preparation& preparation) : from_(preparation.content), to_(preparation.path) {}

  Result<void> make() {
    if (auto made = make_fresh(to_); !made) return made;
    source_ = open_directory(from_);
    target_ = open_directory(to_);
    if (!source_ || !target_) return sys_error("read " + quote_for_display(from_));
    const int listed = openat(source_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(listed), closedir);
    while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (auto copied = copy(name); !copied) return copied;
    }
    if (!copy_look(source_.get(), to_)) return cannot_make(to_);
    return {};
  }

 private:
  Result<void> copy(const std::string& name) {
    struct stat info {};
    if (fstatat(source_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return {};  // gone meanwhile
    bool made = true;
    if (S_ISDIR(info.st_mode)) {
      made = mkdirat(target_.get(), name.c_str(), info.st_mode & 07777) == 0;
    } else if (S_ISLNK(info.st_mode)) {
      made = copy_link(name);
    } else if (S_ISREG(info.st_mode)) {
      copied_ += info.st_size;
      if (copied_ > most_copied) return too_large(from_);
      made = copy_file(name, info);
    }
    return made ? Result<void>() : cannot_make(to_ + "/" + name);
  }

  bool copy_link(const std::string& name) {
    char to[4096];
    const ssize_t size = readlinkat(source_.get(), name.c_str(), to, sizeof to - 1);
    if (size < 0) return errno == ENOENT;
    to[size] = 0;
    return symlinkat(to, target_.get(), name.c_str()) == 0;
  }

  /// One that cannot be read stays away: it could not be read inside either.
  bool copy_file(const std::string& name, const struct stat& info) {
    const Fd from(openat(source_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!from) return errno == EACCES || errno == ENOENT;
    const Fd to(openat(target_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!to || !copy_bytes(from.get(), to.get())) return false;
    const timespec times[2] = {info.st_atim, info.st_mtim};
    return fchmod(to.get(), info.st_mode & 0777) == 0 && futimens(to.get(), times) == 0;
  }

  static bool copy_bytes(int from, int to) {
    char block[65536];
    for (off_t total = 0; total <= most_copied;) {
      const ssize_t got = retry([&] { return read(from, block, sizeof block); });
      if (got <= 0) return got == 0;
      if (!write_all(to, {block, static_cast<std::size_t>(got)})) return false;
      total += got;
    }
    return false;
  }

  const std::string &from_, &to_;
  Fd source_, target_;
  off_t copied_ = 0;
};

}  // namespace

Result<void> make_shallow_copy(const Preparation& preparation) { return ShallowCopy(preparation).make(); }

}  // namespace snug
