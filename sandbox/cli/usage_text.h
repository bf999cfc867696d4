// What --stats prints.
#pragma once

#include <string>
#include <vector>

#include "run/usage.h"

namespace snug {

/// Lines for people. What was not counted is left out, or said to be so.
std::vector<std::string> usage_to_lines(const RunUsage& usage);

}  // namespace snug
