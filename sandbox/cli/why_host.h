// Whether a sandbox reaches a host, which rule decides, and which line would change it. Answers by the rules that the
// gateway goes by (net/policy.h); asks no name server, as the sandbox's own does not.
#pragma once

#include <string>
#include <vector>

#include "cli/what.h"
#include "plan/plan.h"
#include "plan/why.h"

namespace snug {

/// Precondition: `what` is of hosts. Without a port it is about the usual ones, 80 and 443: allowed where some port is
/// reached, with a line to add where one of the two is not. Of several hosts: is there just this rule?
Verdict why_host(const Plan& plan, const Profile& profile, const What& what);

/// What the verdict leaves open, in words.
std::vector<std::string> remarks_on_host(const Plan& plan, const What& what, const Verdict& verdict);

}  // namespace snug
