#include "sys/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "base/fd.h"
#include "sys/directory.h"

namespace snug {
namespace {

bool is_dots(const char* name) { return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)); }

// The owner may list and change it whatever mode it was given. Through /proc, because chmod by name follows links.
bool unlock(int directory, const char* name) {
  const Fd handle(openat(directory, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC));
  return handle && chmod(("/proc/self/fd/" + std::to_string(handle.get())).c_str(), 0700) == 0;
}

DirectoryStream open_stream(int directory, const char* name) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(openat(directory, name, flags));
  if (!fd && errno == EACCES && unlock(directory, name)) fd.reset(openat(directory, name, flags));
  if (!fd) return nullptr;
  fchmod(fd.get(), 0700);
  return open_directory(std::move(fd));
}

// Removes a tree with two open directories however deep it is: directories that are not empty are first moved up
// to the top. Recursion would let a deep tree use up stack or descriptors.
class Remover {
 public:
  explicit Remover(int top) : top_(top) {}

  /// One pass over the directory `name` of the top; false on an error.
  bool empty(const char* name) {
    const DirectoryStream stream = open_stream(top_, name);
    if (!stream) return errno == ENOENT;
    while (const dirent* entry = next(stream.get())) {
      if (!is_dots(entry->d_name) && !remove_or_move(dirfd(stream.get()), entry->d_name)) return false;
    }
    return errno == 0;
  }

 private:
  static const dirent* next(DIR* stream) {
    errno = 0;
    return readdir(stream);
  }

  bool remove_or_move(int directory, const char* name) {
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) return false;
    if (unlinkat(directory, name, AT_REMOVEDIR) == 0) return true;
    return (errno == ENOTEMPTY || errno == EEXIST) && move_up(directory, name);
  }

  // Moving a directory rewrites its "..", for which it must be writable.
  bool move_up(int directory, const char* name) {
    if (!unlock(directory, name)) return false;
    for (;;) {
      const std::string here = std::to_string(next_name_++);
      if (renameat(directory, name, top_, here.c_str()) == 0) return true;
      if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) return false;
    }
  }

  int top_;
  std::uint64_t next_name_ = 0;
};

bool empty_top(int top) {
  Remover remover(top);
  for (bool more = true; more;) {
    more = false;
    const DirectoryStream stream = open_stream(top, ".");
    if (!stream) return false;
    while (const dirent* entry = readdir(stream.get())) {
      if (is_dots(entry->d_name)) continue;
      more = true;
      if (unlinkat(top, entry->d_name, 0) == 0 || unlinkat(top, entry->d_name, AT_REMOVEDIR) == 0) continue;
      if (errno == ENOENT) continue;
      if (!remover.empty(entry->d_name)) return false;
      if (unlinkat(top, entry->d_name, AT_REMOVEDIR) != 0 && errno != ENOENT) return false;
    }
  }
  return true;
}

}  // namespace

bool remove_tree(const std::string& path) { return remove_tree_at(AT_FDCWD, path.c_str()); }

bool remove_tree_at(int directory, const char* name) {
  const DirectoryStream top = open_stream(directory, name);
  if (!top) return errno == ENOENT;
  return empty_top(dirfd(top.get())) && unlinkat(directory, name, AT_REMOVEDIR) == 0;
}

}  // namespace snug
