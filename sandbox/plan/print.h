// A plan as text for people and as JSON for programs. Values of passed variables never appear.
#pragma once

#include <string>

#include "plan/plan.h"

namespace snug {

enum class Colour { never, always };

/// A tree: the view by path, then ids, groups, namespaces, network, environment, limits, notes, each with its origin.
std::string plan_to_text(const Plan& plan, Colour colour);

/// {"schema": 1, ...}; documented in snug-plan(1).
std::string plan_to_json(const Plan& plan);

}  // namespace snug
