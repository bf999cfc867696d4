// HostFacts and HostView of the machine at hand.
#pragma once

#include <memory>

#include "host/facts.h"
#include "host/view.h"

namespace snug {

/// A file every sandbox has: the profile's name and a newline. With `user.max_user_namespaces` at 0 it tells that
/// this process runs in a sandbox which allows no other. Only wording rests on it: without the file the kernel
/// refuses just the same.
inline constexpr const char* sandbox_marker_path = "/run/snug/profile";

/// A handful of system calls; tries nothing.
HostFacts probe_facts();

/// The kernel's Landlock version; 0: none, or switched off at boot.
int landlock_abi();

/// Answers from the file system as this process sees it. A directory's list ends after 65,536 names.
std::unique_ptr<HostView> real_host_view();

}  // namespace snug
