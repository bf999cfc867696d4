// HostFacts and HostView of the machine at hand.
#pragma once

#include <memory>

#include "host/facts.h"
#include "host/view.h"

namespace snug {

/// A handful of system calls; tries nothing.
HostFacts probe_facts();

/// As this process sees them.
Clocks read_clocks();

/// The kernel's Landlock version; 0: none, or switched off at boot.
int landlock_abi();

/// This process is in the machine's own user namespace, or one that maps as many ids: not that of a container or
/// sandbox.
bool in_initial_user_namespace();

/// Answers from the file system as this process sees it. A directory's list ends after 65,536 names.
std::unique_ptr<HostView> real_host_view();

}  // namespace snug
