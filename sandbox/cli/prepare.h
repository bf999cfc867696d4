// Invocation -> Plan: what run, shell, plan, why and allow have in common.
#pragma once

#include <optional>
#include <string>

#include "cli/parse.h"
#include "launch/launch.h"
#include "plan/plan.h"
#include "plan/request.h"
#include "profile/profile.h"

namespace snug {

/// A plan and what it was made from.
struct Prepared {
  Plan plan;
  Profile profile;
  Caller caller;
  std::string user_file;  ///< where the user's own file for this project lies, if there is one
};

/// Whether what is no mistake is told, too.
enum class Notices { tell, keep };

/// The plan with its inputs, or nothing, as below. `early`, unless null, is given what it can do meanwhile.
std::optional<Prepared> prepare(const Invocation& invocation, Notices notices = Notices::tell,
                                EarlyChild* early = nullptr);

/// The plan, or nothing: then every mistake has been printed. Notices about a snug.toml that does not count go to
/// stderr.
std::optional<Plan> prepare_plan(const Invocation& invocation);

}  // namespace snug
