// Bounded reads of small files, for the facts and the file system view.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace snug {

/// The first `limit` bytes of a regular file (or a file of /proc or /sys), or nothing if it cannot be read. Never
/// blocks on a fifo or a device.
std::optional<std::string> read_file(const std::string& path, std::size_t limit);

}  // namespace snug
