// Which directories can be a project.
#pragma once

#include <string>

#include "host/view.h"
#include "plan/request.h"

namespace snug {

/// Why `directory` can be nobody's project, or "": the root, a home, a directory of the system or of somebody else.
std::string why_no_project(HostView& host, const Caller& caller, const std::string& directory);

}  // namespace snug
