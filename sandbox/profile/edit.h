// Adds one text to a list of a TOML text, or takes it out, and leaves all else, comments, order and layout, as it is.
// Every change is checked by reading the text before and after: they differ in that one element, or it is an Error.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace snug {

/// `text` with `element` (bytes as they are, without quotes) at the end of the list `key`, "filesystem.read"; list and
/// table are made where they are missing. The same text if the list has it already. Errors: no valid TOML; a list
/// written in a way that this cannot change, with the line to write by hand.
Result<std::string> add_to_list(std::string_view text, std::string_view key, std::string_view element);

/// `text` without the last such element; a list and a table left empty go, too, where no comment stands with them.
/// Errors: as above; it is not there.
Result<std::string> remove_from_list(std::string_view text, std::string_view key, std::string_view element);

}  // namespace snug
