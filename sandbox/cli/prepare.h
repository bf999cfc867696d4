// Invocation -> Plan: what run, shell and plan have in common.
#pragma once

#include <optional>
#include <string>

#include "cli/parse.h"
#include "plan/plan.h"

namespace snug {

/// The plan, or nothing: then every mistake has been printed. A notice about an unused snug.toml goes to stderr.
std::optional<Plan> prepare_plan(const Invocation& invocation);

}  // namespace snug
