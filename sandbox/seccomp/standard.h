// The standard policies as programs made at build time (standard.cpp is written by generate/main.cpp).
#pragma once

#include <linux/filter.h>

#include <span>

#include "seccomp/policy.h"

namespace snug {

/// make_policy(architecture, variant), compiled.
std::span<const sock_filter> standard_program(Architecture architecture, PolicyVariant variant);

}  // namespace snug
