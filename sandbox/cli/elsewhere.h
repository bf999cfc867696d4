// Options that people know from docker and podman, with what says the same here.
#pragma once

#include <string>
#include <string_view>

#include "cli/parse.h"

namespace snug {

/// What to type instead of an option that snug does not have; empty: nobody else has it either.
std::string said_here(Command command, std::string_view option);

}  // namespace snug
