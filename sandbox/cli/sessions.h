// The running sandboxes of the user who calls, for the commands that list them or ask them for something.
#pragma once

#include <string>
#include <vector>

#include "plan/request.h"

namespace snug {

/// Where the records of this user's runs lie, the place for new ones first.
std::vector<std::string> places_of_sessions(const Caller& caller);

}  // namespace snug
