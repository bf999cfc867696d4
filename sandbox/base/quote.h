// Bytes from anywhere as text that is safe on a terminal and in one line of a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snug {

/// One character at the start of some bytes.
struct Character {
  char32_t code = 0;     ///< with `valid`: the code point; else the first byte
  std::size_t size = 0;  ///< bytes it takes; 1 if not valid
  bool valid = false;    ///< well-formed UTF-8 (no surrogates, no overlong forms)
};

/// Precondition: `bytes` is not empty.
Character first_character(std::string_view bytes);

/// Appends `code` as UTF-8. Precondition: a code point that is no surrogate.
void append_utf8(std::string& text, char32_t code);

bool is_utf8(std::string_view bytes);

/// `bytes` with U+FFFD for every byte that is no part of a well-formed character.
std::string replace_invalid(std::string_view bytes);

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

/// `bytes` with control characters, characters that reorder or hide text, and invalid bytes written as escapes:
/// "\n", "\u001B", "\u202E", "\xFF". A backslash and a double quote become "\\" and "\"".
std::string escape_for_display(std::string_view bytes);

/// `json`, a text of JSON in UTF-8, with all that a terminal would obey or not show as "\uXXXX": what is in a string
/// can be written so, and nowhere else is there any of it.
std::string json_for_display(std::string_view json);

/// The same as escape_for_display() between double quotes.
std::string quote_for_display(std::string_view bytes);

/// One word for a shell: as it is, or in single quotes.
std::string quote_for_shell(std::string_view bytes);

}  // namespace snug
