// Which changes somebody should look at by name before they reach the host: what tools outside obey without being
// asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "changes/change.h"

namespace snug {

/// Why `change` needs a look, in a few words, or "" where nothing speaks of it. `protect` holds the profile's patterns
/// relative to the project. The rules are a table; see review.cpp. What is returned lives for ever.
std::string_view review_reason(const Change& change, const std::vector<std::string>& protect);

/// Does the relative pattern match the relative path? '*' and '?' stay within a component, "**" stands for any number
/// of them, and a pattern also matches everything below what it names.
bool matches_path(std::string_view pattern, std::string_view path);

}  // namespace snug
