// The bus of a service manager (systemd's, the user's or the machine's), for the one thing that is asked there: a
// control group of one's own. By libsystemd's sd-bus, which is loaded when it is first needed and else not there.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace snug {

/// Where the manager of user `uid` is reached: its bus' socket, absolute; the machine's for root. Empty: nothing says.
std::string service_bus_socket(uid_t uid);

/// Could start_scope() be asked at `socket`? Somebody listens, of this process's user or root, in a process namespace
/// that knows the numbers of this one's processes; and libsystemd is there. Asks nothing.
Result<void> can_reach_service_bus(const std::string& socket);

/// A transient unit that holds processes the manager has not started, in a control group of their own.
struct Scope {
  std::string name;                       ///< "snug-4242-1f.scope"
  std::string description;                ///< for people: systemctl status
  pid_t process = -1;                     ///< the first one in it; when the last has ended, it goes away
  std::optional<std::uint64_t> memory;    ///< bytes, without swap besides
  std::optional<std::uint64_t> tasks;     ///< processes and threads
  std::optional<std::uint64_t> cpu_usec;  ///< of processor time in a second
};

/// Has the manager behind `socket` make it, and waits until the process is in it, for `limit` at most or until `stop`
/// says so. Errors: as can_reach_service_bus(); the manager refuses, or does not answer.
Result<void> start_scope(const std::string& socket, const Scope& scope, std::chrono::milliseconds limit,
                         const std::function<bool()>& stop);

/// Has the manager behind `socket` given the control group `group` ("/user.slice/.../x.scope", exactly that of a unit)
/// away to be divided, Delegate=yes? "No" where it does not answer within `limit`.
bool is_delegated_unit(const std::string& socket, const std::string& group, std::chrono::milliseconds limit);

}  // namespace snug
