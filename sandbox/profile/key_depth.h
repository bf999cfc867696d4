// A bound on TOML's dotted keys. toml++ bounds nested values, but "a.a.a..." makes a table a dot, and whoever walks or
// frees a tree of 50,000 levels runs out of stack.
#pragma once

#include <string_view>

namespace snug {

/// Does some key of the TOML `text` have more than 16 dots? Right for text that toml++ accepts, and for the part before
/// the first mistake of text that it does not.
bool has_endless_key(std::string_view text);

}  // namespace snug
