// Which unix sockets of a host are more than a way to talk: whoever reaches one acts as the user, or as root. A table.
#pragma once

#include <span>
#include <string_view>

namespace snug {

struct ControlSocket {
  const char* path;   ///< a pattern: "*" within one name, a leading "**" for any directories
  const char* owner;  ///< "the Docker engine"
  const char* opens;  ///< what whoever reaches it can do; null: a socket that only looks like one of the others
};

/// The first row that `path` (absolute, normalised) matches, if it opens anything; else null.
const ControlSocket* control_socket(std::string_view path);

/// Every row, for documentation.
std::span<const ControlSocket> control_sockets();

/// Where such sockets usually are, each known to the table. "~/" is the home, "%u" the user's number.
std::span<const char* const> usual_control_sockets();

}  // namespace snug
