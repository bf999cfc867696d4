// The texts of --help. The shared options come from their table.
#pragma once

#include <optional>
#include <string>

#include "cli/parse.h"

namespace snug {

/// About one command, or about all of them. Ends with a newline.
std::string help_text(std::optional<Command> command);

std::string version_text();

}  // namespace snug
