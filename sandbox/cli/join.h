// A second shell in a project: another sandbox, or the one that runs already?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/parse.h"
#include "cli/prepare.h"
#include "cli/sessions.h"
#include "plan/request.h"

namespace snug {

/// Runs `command`, or a shell if it is empty, in a sandbox that runs; the exit status.
int enter_sandbox(const Invocation& invocation, const Caller& caller, const RunningSandbox& sandbox,
                  const std::vector<std::string>& command);

/// Where `snug` alone is typed on a terminal and a sandbox of this project and profile runs: asks, and enters it if
/// that is wanted. The exit status; nothing: go on as ever.
std::optional<int> offer_to_join(const Invocation& invocation, const Prepared& prepared);

}  // namespace snug
