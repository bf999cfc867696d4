// Small files of the user's or of snug's state that are replaced as a whole, one writer at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

/// What `path` leads to where it is a symbolic link, as people have who keep their configuration elsewhere; else
/// `path`.
std::string behind_links(const std::string& path);

/// Makes `directory` (0700, with those above it) if it is missing and waits until nobody else holds its lock; the lock
/// ends with the descriptor.
Result<Fd> lock_directory(const std::string& directory);

}  // namespace snug
