// The unix sockets that programs of this machine have bound to files, as the kernel lists them.
#pragma once

#include "host/view.h"

namespace snug {

/// Those that can be connected or sent to, of the network namespace this process is in. By netlink (unix_diag,
/// Linux 3.3): some microseconds, where reading /proc/net/unix takes milliseconds on a busy machine.
BoundSockets bound_sockets();

}  // namespace snug
