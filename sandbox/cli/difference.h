// What a change makes of a small file, as lines.
#pragma once

#include <string>
#include <string_view>

namespace snug {

/// The path, then the lines that differ, "-" before and "+" after: the change is shown as one place. Safe on a
/// terminal.
std::string difference(const std::string& path, std::string_view before, std::string_view after);

}  // namespace snug
