// Writing to descriptors.
#pragma once

#include <string_view>

namespace snug {

/// All of `bytes`, however many calls it takes; false with errno set if that could not be. Precondition: `fd` blocks.
bool write_all(int fd, std::string_view bytes);

/// The same, but where nobody reads any more it is an error (EPIPE) and no SIGPIPE, which would end this process.
bool write_all_to_whoever_reads(int fd, std::string_view bytes);

}  // namespace snug
