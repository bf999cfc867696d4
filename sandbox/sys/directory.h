// Reading directories.
#pragma once

#include <dirent.h>

#include <memory>
#include <string>

#include "base/fd.h"

namespace snug {

struct CloseDirectory {
  void operator()(DIR* stream) const noexcept { closedir(stream); }
};
/// Null: it could not be opened, and errno says why.
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

inline DirectoryStream open_directory(const std::string& path) { return DirectoryStream(opendir(path.c_str())); }

/// Takes `directory` over, where one was opened.
inline DirectoryStream open_directory(Fd directory) {
  DirectoryStream stream(directory ? fdopendir(directory.get()) : nullptr);
  if (stream) directory.release();
  return stream;
}

}  // namespace snug
