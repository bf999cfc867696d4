// A plan as text for people and as JSON for programs. Values of passed variables never appear.
#pragma once

#include <string>

#include "plan/plan.h"
#include "profile/profile.h"

namespace snug {

enum class Colour { never, always };

/// A tree: the view by path, then ids, groups, namespaces, network, environment, limits, notes, each with its origin.
std::string plan_to_text(const Plan& plan, Colour colour);

/// {"schema": 1, ...}; documented in snug-plan(1).
std::string plan_to_json(const Plan& plan);

/// What a program inside may know of its sandbox, for /run/snug/info.json: {"schema": 1, ...}; documented in
/// snug-sessions(7). Names nothing that is hidden.
std::string info_to_json(const Profile& profile, const std::string& project);

}  // namespace snug
