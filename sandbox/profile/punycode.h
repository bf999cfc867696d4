// How a name with letters beyond ASCII is written on the network (RFC 3492), for the message that refuses it: the
// tables of IDNA are larger than snug, so the user writes that form himself.
#pragma once

#include <string>
#include <string_view>

namespace snug {

/// "bücher.example" as "xn--bcher-kva.example", Latin, Greek and Cyrillic capitals as their small letters. Empty if it
/// is not UTF-8, holds no letter beyond ASCII, or holds one whose form the tables would be needed for (combining marks,
/// right-to-left letters, symbols).
std::string ascii_host_name(std::string_view name);

}  // namespace snug
