// HostFacts and HostView of the machine at hand.
#pragma once

#include <memory>

#include "host/facts.h"
#include "host/view.h"

namespace snug {

/// A handful of system calls; tries nothing.
HostFacts probe_facts();

std::unique_ptr<HostView> real_host_view();

}  // namespace snug
