// What becomes of the caller's descriptors 0-2: terminals are replaced, files relayed, pipes handed over, ways out
// of the sandbox refused. Decides only; launch/ and the loop act.
#pragma once

#include <array>

#include "base/result.h"
#include "launch/launch.h"

namespace snug {

/// Whose network the command has: sockets are of the network they were made in.
enum class CommandNetwork { own, hosts };

/// How the command gets `fd`, its descriptor `number`. An Error for a descriptor that would be a way out (a directory,
/// O_PATH, a socket that can be connected anew from the caller's network) or is of no known kind.
///
/// A file is relayed if it is open for writing or could be reopened for writing through /proc/self/fd: the command
/// could otherwise truncate a log that was opened for appending. Its owner can always do that (fchmod).
Result<StdioMode> stdio_mode(int fd, int number, CommandNetwork network = CommandNetwork::own);

/// The same for all three; 1 and 2 that are one open file share a relay.
Result<StdioPlan> plan_stdio(CommandNetwork network = CommandNetwork::own, const std::array<int, 3>& fds = {0, 1, 2});

}  // namespace snug
