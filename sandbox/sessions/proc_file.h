// Files of /proc as text.
#pragma once

#include <cstddef>
#include <string>

namespace snug {

/// At most `limit` bytes of it; empty if it cannot be read.
std::string read_proc_file(const std::string& path, std::size_t limit = 8192);

}  // namespace snug
