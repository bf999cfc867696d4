#include "changes/layer_forget.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "changes/side.h"
#include "sys/open.h"
#include "sys/tree.h"

namespace snug {

bool Covers::covers(std::string_view path) {
  if (const auto found = known_.find(path); found != known_.end()) return found->second;
  const Fd directory = open_beneath(upper_, path, O_RDONLY | O_DIRECTORY);
  const auto side = SideDirectory::from(directory.get());
  const bool here = side && side->opaque();
  const bool above = !here && !path.empty() && covers(directory_of(path));
  return known_[std::string(path)] = here || above;
}

bool LayerForgetter::forget(const std::string& path) {
  if (path.empty() || covers_.covers(directory_of(path))) return false;
  const int directory = parents_.of(path);
  const std::string name(name_in_directory(path));
  if (directory < 0) return false;
  return unlinkat(directory, name.c_str(), 0) == 0 || unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 ||
         errno == ENOENT;
}

bool LayerForgetter::forget_tree(const std::string& path) {
  if (path.empty() || covers_.covers(directory_of(path))) return false;
  const int directory = parents_.of(path);
  return directory >= 0 && remove_tree_at(directory, std::string(name_in_directory(path)).c_str());
}

}  // namespace snug
