// Names matched against patterns, as text.
#pragma once

#include <string_view>

namespace snug {

/// Matches one component of a path: '*' any characters, '?' any one byte. No bracket expressions: "[id].ts" is a name.
bool matches_component(std::string_view pattern, std::string_view name);

}  // namespace snug
