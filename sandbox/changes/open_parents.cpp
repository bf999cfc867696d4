#include "changes/open_parents.h"

#include <fcntl.h>

#include "sys/open.h"

namespace snug {

std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_in_directory(std::string_view path) { return path.substr(path.rfind('/') + 1); }

int OpenParents::of(std::string_view path) {
  const std::string_view parent = directory_of(path);
  if (fd_ && parent == path_) return fd_.get();
  fd_ = open_beneath(top_, parent, O_PATH | O_DIRECTORY);
  path_ = parent;
  return fd_.get();
}

}  // namespace snug
