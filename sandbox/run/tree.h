// Making and removing things below one directory whose content the sandboxed side writes: no step ever follows a
// symbolic link or leaves the directory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

/// Opens `path` (relative, normalised, may be empty) beneath `directory` through no symbolic link
/// (openat2, Linux 5.6). -1 with errno on failure: ELOOP for a symbolic link on the way.
Fd open_beneath(int directory, std::string_view path, std::uint64_t flags);

/// Removes everything in the directory `path`, then itself; true if it is gone or was absent, else errno says why
/// not all of it could go. Copes with directories without permissions and with any depth. Follows no symbolic link
/// at or below `path`. Precondition: nothing else changes what is below `path`.
bool remove_tree(const std::string& path);

}  // namespace snug
