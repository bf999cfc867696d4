// Another command in a sandbox that runs: started by a leader that its init forks, so that it shares the Landlock
// domain, filter, limits and view of the first. Two sides: whoever asks, and the snug around the sandbox, which knows
// its plan and passes everything on to init. From then on the two ends of a socket pair are all there is between.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "launch/launch.h"
#include "plan/plan.h"

namespace snug {

/// What is to run, as words for a control socket. Beside them travel the leader's end of a socket pair
/// (SOCK_SEQPACKET) and those of the command's descriptors 0-2 that are `given`.
struct EnterOrder {
  enum class Stdio { given, terminal, closed };
  std::vector<std::string> argv;  ///< empty: the plan's shell
  std::string workdir;            ///< empty: where the sandbox's own command started
  std::string term;               ///< the variable TERM; empty: as the sandbox's own command has it
  std::array<Stdio, 3> stdio{};
  PtyStart pty;  ///< with any Stdio::terminal
};

std::vector<std::string> to_words(const EnterOrder& order);
/// Nothing: these words are none.
std::optional<EnterOrder> order_from_words(const std::vector<std::string>& words);

/// The side of the sandbox: hands the order to the init behind `init_control`. `fds`: the socket, then those given.
/// Never waits. Errors: too large; the wrong number of descriptors; init has not taken earlier messages yet.
Result<void> enter(const Plan& plan, int init_control, EnterOrder order, const std::vector<Fd>& fds);

/// The side that asks: waits until the leader behind `control` has started the command. The Sandbox has its control
/// and, if one was asked for, its pty_master; no first process that would end with it.
LaunchOutcome wait_until_entered(Fd control, const std::vector<std::string>& argv, const std::string& workdir,
                                 const Origin& workdir_origin);

}  // namespace snug
