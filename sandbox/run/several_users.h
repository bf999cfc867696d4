// What a run whose command had several user numbers (subids = "auto") leaves behind: files in snug's state that are not
// its caller's. They are reached from a user namespace that has all of these numbers.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace snug {

/// Remembers in the state directory that there may be such files. Does nothing for other plans.
Result<void> remember_several_users(const Plan& plan, const std::string& state_directory);

/// Takes rights over the caller's own files (sys/own_files.h), and over those of its other numbers if `several`.
/// Errors: these cannot be had; what needs them will say so.
Result<void> take_rights_over_stored_files(bool several);
/// The same with what was remembered.
Result<void> take_rights_over_stored_files(const std::string& state_directory);

/// After the command of `plan` has ended: takes such rights, and gives the caller back what it shows to be written, if
/// the command has given that away. Returns what went wrong, one text each. Does nothing for other plans.
std::vector<std::string> take_back(const Plan& plan);

}  // namespace snug
