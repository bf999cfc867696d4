// Adds one text to a list of a TOML text, or takes it out, or gives a key a text for its value, and leaves all else,
// comments, order and layout, as it is. Every change is checked by reading the text before and after: they differ in
// that one element or key, or it is an Error.
#pragma once

#include <optional>
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

/// `text` with `key`, "network.mode", at this value (bytes as they are, without quotes). Errors: as above.
Result<std::string> set_text(std::string_view text, std::string_view key, std::string_view value);

/// `text` without `key`; a table left empty goes, too, where no comment stands with it. Errors: as above; `key` is not
/// there, or no text.
Result<std::string> remove_text(std::string_view text, std::string_view key);

/// The value of `key`, where it is there and a text.
std::optional<std::string> text_of(std::string_view text, std::string_view key);

}  // namespace snug
