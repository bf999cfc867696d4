// The components of a path still to be walked, for the two walks that follow symbolic links.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace snug {

constexpr std::size_t most_links = 40;  ///< the kernel's own limit on symbolic links in one walk

class PendingPath {
 public:
  explicit PendingPath(std::string_view path) { push(path); }
  bool empty() const { return parts_.empty(); }

  /// Puts the components of `path` before what is left: what a symbolic link does.
  void push(std::string_view path);
  /// Precondition: not empty.
  std::string pop();
  /// What is left, relative.
  std::string rest() const;

 private:
  std::vector<std::string> parts_;  // the next one last
};

}  // namespace snug
