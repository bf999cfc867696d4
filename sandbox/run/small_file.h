// Small files of the user's or of snug's state that are replaced as a whole, one writer at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

/// Makes `path` hold `text`, with mode 0600. Whoever reads finds all of the old text or all of the new one, also after
/// a power cut. Where `path` is a symbolic link, what it leads to is replaced. Precondition: the directory exists.
Result<void> replace_file(const std::string& path, std::string_view text);

/// Makes `directory` (0700, with those above it) if it is missing and waits until nobody else holds its lock; the lock
/// ends with the descriptor.
Result<Fd> lock_directory(const std::string& directory);

}  // namespace snug
