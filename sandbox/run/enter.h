// Another command in a sandbox that runs, from start to end, seen from whoever asks for it: descriptors planned, the
// order sent, terminal and pipes relayed, signals forwarded, status collected. The same loop as around a run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/origin.h"
#include "base/result.h"
#include "run/run.h"
#include "run/stdio.h"
#include "sessions/control.h"

namespace snug {

struct EnterOptions {
  std::vector<std::string> argv;                 ///< empty: the sandbox's shell
  std::string workdir;                           ///< empty: where the sandbox's own command started
  Origin workdir_origin = {};                    ///< who wants it
  std::string term;                              ///< the caller's TERM
  CommandNetwork network = CommandNetwork::own;  ///< the sandbox's
};

/// Asks the snug around the sandbox.
using Asking = std::function<Result<std::string>(const ControlRequest&)>;

/// As run_plan(), in a sandbox that is there. A command that is missing or not executable is an outcome with
/// `not_executed`.
Result<RunOutcome> run_entered(const EnterOptions& options, const Asking& ask);

}  // namespace snug
