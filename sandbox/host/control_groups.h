// Finds out where a control group for one run could be made, by looking only.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/result.h"
#include "host/facts.h"

namespace snug {

/// What a group is to bound. One that can bound no more than that is as good as any.
struct WantedControls {
  bool memory = true, processes = true, cpus = true;
};

/// Where to look, so that tests can invent it.
struct GroupPlaces {
  std::string root = "/sys/fs/cgroup";
  std::string own_text;  ///< /proc/self/cgroup
  pid_t self = 0;
  uid_t uid = 0;
  WantedControls wanted = {};
  std::function<Result<void>()> reach_systemd;
  /// Has its manager given this group away (systemd's mark on delegated ones)?
  std::function<bool(const std::string& directory)> is_delegated;
  std::function<bool(pid_t)> is_child;  ///< of this process
};

/// A group of the caller's own, if one is theirs to divide; else what the service manager gives; else why not.
ControlGroups find_control_groups(const GroupPlaces& places);

/// The same for this process and machine.
ControlGroups find_control_groups(const WantedControls& wanted = {});

/// The group of version 2 that `text` (/proc/PID/cgroup) names, below the root of their file system: "/user.slice/x".
/// Empty: none.
std::string group_in(const std::string& text);

}  // namespace snug
