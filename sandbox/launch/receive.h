// What the set-up child, init and leaders report until their command runs, received by whoever started them.
#pragma once

#include <optional>

#include "base/fd.h"
#include "launch/protocol.h"

namespace snug {

struct Received {
  protocol::Report report{};
  Fd fd;
};

/// Waits for the next report. Nothing: the other end is gone, or INT, TERM, HUP or QUIT waits for this process (checked
/// twice a second).
std::optional<Received> receive(int socket);

/// Does INT, TERM, HUP or QUIT wait for this process? The caller may have blocked them; without a look nobody could
/// interrupt a set-up that hangs on a dead file server.
bool interrupted();

/// Of an exec_failed: 125, 126 or 127.
int exit_status_of_exec(const protocol::Report& report);

void set_non_blocking(const Fd& fd);

}  // namespace snug
