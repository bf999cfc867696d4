// The text form of published ports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace snug {

struct Published {
  std::string address = "127.0.0.1";  ///< on the host, without brackets
  std::uint16_t host_port = 0, sandbox_port = 0;
};

/// "8080", "3000:80", "127.0.0.1:8080", "127.0.0.1:3000:80", "[::1]:8080:80": [ADDRESS:]HOST-PORT[:SANDBOX-PORT].
Result<Published> parse_published(std::string_view text);

}  // namespace snug
