// Opening files on ways that hold no symbolic link (openat2, Linux 5.6). -1 with errno on failure: ELOOP for a link.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/fd.h"

namespace snug {

/// `path` (relative, normalised, may be empty) beneath `directory`. With O_CREAT the file is made 0600.
Fd open_beneath(int directory, std::string_view path, std::uint64_t flags);

/// An absolute path.
Fd open_without_links(std::string_view path, std::uint64_t flags);

}  // namespace snug
