// A value of a profile in one line for people.
#pragma once

#include <string>

#include "profile/document.h"

namespace snug {

/// In the words of the format, control characters as escapes. Longer than `longest` bytes it ends in "...".
std::string shown(const Value& value, std::size_t longest = std::string::npos);

}  // namespace snug
