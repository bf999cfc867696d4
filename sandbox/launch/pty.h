// Making a terminal of the sandbox's own devpts, by raw system calls. For the set-up child and init.
#pragma once

#include <linux/fcntl.h>

#include "launch/message.h"
#include "launch/protocol.h"
#include "launch/raw.h"
#include "launch/spec.h"

namespace snug {

/// Opens the multiplexer `path`, sends the new terminal's master out on `control`, and returns its slave with the modes
/// and size of `start`.
inline long open_terminal(int at, const char* path, const spec::Terminal& start, int control) noexcept {
  // Of libc's termios.h, which cannot be included here.
  constexpr unsigned long set_lock = 0x40045431, get_peer = 0x5441, set_modes = 0x5402, set_size = 0x5414;
  const long opened = raw::openat(at, path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (opened < 0) return opened;
  const int master = static_cast<int>(opened);
  int locked = 0;
  if (const long result = raw::ioctl(master, set_lock, raw::address(&locked)); result < 0) return result;
  const long slave = raw::ioctl(master, get_peer, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) return slave;
  const int fd = static_cast<int>(slave);
  if (const long result = raw::ioctl(fd, set_modes, raw::address(start.modes)); result < 0) return result;
  if (const long result = raw::ioctl(fd, set_size, raw::address(&start.rows)); result < 0) return result;
  const long sent = send_report(control, {protocol::Report::pty_master, 0, 0}, master);
  raw::close(master);
  return sent < 0 ? sent : slave;
}

}  // namespace snug
