// The text forms of network rules and published ports. Checks that they are well formed; what a rule matches is net/'s.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace snug {

/// WHO or WHO:PORT[,PORT...]. WHO is a host name, "*.name", "*", an address, a range "10.0.0.0/8", with IPv6 in
/// brackets when a port follows, or the name of a group, "@pypi", which has ports of its own.
Result<void> check_network_rule(std::string_view rule);

struct Published {
  std::string address = "127.0.0.1";  ///< on the host, without brackets
  std::uint16_t host_port = 0, sandbox_port = 0;
};

/// "8080", "3000:80", "127.0.0.1:8080", "127.0.0.1:3000:80", "[::1]:8080:80": [ADDRESS:]HOST-PORT[:SANDBOX-PORT].
Result<Published> parse_published(std::string_view text);

}  // namespace snug
