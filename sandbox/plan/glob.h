// Paths with '*', '?' and '**', matched against the host's files once, within a budget.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/pattern.h"
#include "plan/host_files.h"

namespace snug {

/// Does `path` hold a character that makes it a pattern?
bool is_pattern(std::string_view path);

/// Files below `directory` that match the relative `pattern`, as relative paths, sorted. "**" stands for any number
/// of directories. Links are not followed. `budget` is lowered by every name listed or looked
/// for; the search stops at 0, and what it found is then not all.
std::vector<std::string> expand_pattern(HostFiles& host, const std::string& directory, std::string_view pattern,
                                        std::size_t& budget);

}  // namespace snug
