// Port numbers as text, for the forms that hold them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace snug {

/// 1 to 65535 in decimal digits.
std::optional<std::uint16_t> parse_port(std::string_view text);

/// "WHOLE: PORT is no port; ports are 1 to 65535"
Error bad_port(std::string_view whole, std::string_view port);

/// The parts between separators; one empty part if there is nothing.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace snug
