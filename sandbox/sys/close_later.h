// Closing what the kernel is slow to close.
#pragma once

#include <vector>

#include "base/fd.h"

namespace snug {

/// Gives up `fds` without waiting for the kernel: a packet socket's close takes a grace period of RCU (packet_release,
/// 11 ms each on 6.18), and so would the end of this process. From Linux 6.8 they are closed within about a jiffy by
/// the kernel's collector of sockets that nobody can reach; before that, or if this fails, they are closed here.
void close_later(std::vector<Fd> fds) noexcept;

}  // namespace snug
