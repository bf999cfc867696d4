// What this machine can do, as plain data: made by probe (host/probe.h), invented by tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/subids.h"

namespace snug {

/// A file every sandbox has: the profile's name and a newline. With `user.max_user_namespaces` at 0 it tells that
/// this process runs in a sandbox which allows no other. Only wording rests on it: without the file the kernel
/// refuses just the same.
inline constexpr const char* sandbox_marker_path = "/run/snug/profile";
/// What programs inside may know, as JSON.
inline constexpr const char* sandbox_info_path = "/run/snug/info.json";

/// Where a control group (cgroups(7), version 2) for one run can be made. Looked for only where a limit wants one
/// (host/control_groups.h).
struct ControlGroups {
  enum class From {
    nowhere,  ///< `why` says why not
    beside,   ///< in `directory`, the one that holds the caller's own group and is the caller's to divide
    below,    ///< in `directory`, the caller's own group, in which nothing but this process runs
    systemd,  ///< the user's service manager makes one when asked over its bus
  } from = From::nowhere;
  std::string directory = {};                            ///< beside, below
  bool memory = false, processes = false, cpus = false;  ///< the resources it can bound
  enum class Missing {
    nothing,
    file_system,  ///< cgroup v2 is not mounted
    manager,      ///< nobody who could be asked
    controllers,  ///< the manager, or the group, has not all of them
  } missing = Missing::nothing;
  std::string why = {};  ///< in words, unless nothing is
};

/// Where clocks stand, which count from the machine's start or, in a time namespace, from somewhere before it.
struct Clocks {
  std::chrono::nanoseconds monotonic{0}, boottime{0};
};

/// Cheap facts a run needs before it starts. Nothing here takes longer than a few system calls to find out;
/// what needs trying is `doctor`'s.
struct HostFacts {
  int kernel_major = 0, kernel_minor = 0;
  std::string kernel_release;  ///< uname -r
  std::string machine;         ///< uname -m: "x86_64", "aarch64"
  std::string hostname;
  int landlock_abi = 0;                ///< 0: none
  bool overlay = true;                 ///< overlay mounts in a user namespace are believed to work (5.11 and later)
  bool cgroup2 = false;                ///< a pure cgroup v2 hierarchy at /sys/fs/cgroup
  bool initial_user_namespace = true;  ///< uid 0 is the machine's root, not that of some container or `unshare -r`
  bool inside_snug = false;            ///< this process already runs in a snug sandbox
  std::string inside_profile;          ///< with inside_snug: the outer profile's name
  ControlGroups control_groups = {};
  // Looked for only where a profile asks.
  std::optional<Subids> subids = {};
  std::optional<Clocks> clocks = {};
  std::map<std::string, std::uint64_t> hard_limits = {};  ///< of setrlimit(2), by name: what nobody may raise
};

}  // namespace snug
