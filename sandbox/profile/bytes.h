// Bytes that TOML cannot say. TOML text is UTF-8, Linux paths and variables are any bytes but NUL: a byte that is part
// of no character (0x80 to 0xFF) is written as the private code point U+10FE00 plus the byte, "\U0010FEFF" for 0xFF,
// and becomes that byte again when the profile is read. A real character of that range is written byte by byte, so that
// every string comes back as it was. So is the '$' of "${": what an option gives has been through the shell already
// and is meant as it is.
#pragma once

#include <string>
#include <string_view>

namespace snug {

/// UTF-8 that stands for any `bytes`.
std::string bytes_to_utf8(std::string_view bytes);

/// The bytes meant by UTF-8 `text`; the inverse of bytes_to_utf8.
std::string utf8_to_bytes(std::string_view text);

/// `bytes` as a TOML basic string with its quotes.
std::string toml_quote(std::string_view bytes);

}  // namespace snug
