// Reading from descriptors.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace snug {

/// What can be read from `fd` until its end, `limit` bytes of it at most. Nothing: errno says why. Precondition: `fd`
/// blocks, or is a regular file.
std::optional<std::string> read_all(int fd, std::size_t limit);

}  // namespace snug
