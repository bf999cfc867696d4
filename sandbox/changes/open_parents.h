// The directories of many paths, asked for in order: each is opened once, beneath the top and through no symbolic link.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/fd.h"

namespace snug {

/// "a/b" of "a/b/c", "" of "c" and of "".
std::string_view directory_of(std::string_view path);
/// "c" of "a/b/c".
std::string_view name_in_directory(std::string_view path);

class OpenParents {
 public:
  /// `top` is borrowed.
  explicit OpenParents(int top) : top_(top) {}

  /// The directory that holds the relative `path`, as a handle (O_PATH), valid until the next call; -1 with errno.
  int of(std::string_view path);
  /// Looks the next one up anew.
  void forget() { fd_.reset(); }

 private:
  int top_;
  std::string path_;
  Fd fd_;
};

}  // namespace snug
