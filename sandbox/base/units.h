// Sizes and durations as people write them: "512M", "30s". One number, one unit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace snug {

/// "4096", "64K", "512M", "2G", "1T" in bytes; units are 1024-based and may be lower case. Errors (in `what`) for
/// anything else and for what does not fit 64 bits; they say how to write it, not which key it was for.
Result<std::uint64_t> parse_size(std::string_view text);

/// "250ms", "30s", "10m", "2h", "-3d". The unit is never left out. Errors as parse_size; the limit is 292 years.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The shortest exact way to write it so that parse_size gives it back: "2G", "1536M", "1000".
std::string size_to_text(std::uint64_t bytes);

/// The shortest exact way to write it: "30m", "90s", "1500ms". A rest below a millisecond is cut off.
std::string duration_to_text(std::chrono::nanoseconds duration);

}  // namespace snug
