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
  std::string user_file;     ///< where the user's own file for this project lies, if there is one
  std::string session_file;  ///< the same for this session's; empty: there can be none
};

/// What is printed: all; mistakes alone; nothing.
enum class Notices { tell, keep, silent };

/// The plan with its inputs, or nothing, as below; with `silent` why stays unsaid. `early`, unless null, is given what
/// it can do meanwhile.
std::optional<Prepared> prepare(const Invocation& invocation, Notices notices = Notices::tell,
                                EarlyChild* early = nullptr);

/// The plan, or nothing: then every mistake has been printed. Notices about a snug.toml that does not count go to
/// stderr.
std::optional<Plan> prepare_plan(const Invocation& invocation);

}  // namespace snug
