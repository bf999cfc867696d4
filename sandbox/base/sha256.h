// SHA-256 (FIPS 180-4), for names derived from paths and for recognising files. Not for passwords.
#pragma once

#include <string>
#include <string_view>

namespace snug {

/// The digest of `bytes` as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace snug
