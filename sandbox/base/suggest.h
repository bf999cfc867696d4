// "did you mean": the known word nearest to a mistyped one.
#pragma once

#include <span>
#include <string_view>

namespace snug {

/// The word of `known` that needs the fewest insertions, deletions, changes and swaps of neighbours to become `word`
/// (upper and lower case are the same), if they are few for its length; else an empty view. Ties go to the first.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace snug
