// What a file holds and what is attached to it, copied between open files.
#pragma once

#include <cstdint>

namespace snug {

/// Content of `size` bytes into an empty file; holes stay holes, and what the file system can share is shared. False
/// with errno.
bool copy_content(int from, int to, std::uint64_t size);

}  // namespace snug
