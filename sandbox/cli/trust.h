// Whether a profile that comes from whoever wrote the project may be used: it only narrows, or the user has approved
// its very bytes. The command `snug trust` is in trust_command.cpp.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/approvals.h"
#include "cli/choose_profile.h"
#include "profile/closure.h"
#include "profile/narrowing.h"
#include "profile/profile.h"

namespace snug {

/// What of a profile comes from the project.
struct ProjectSide {
  Approval approval;                  ///< what there is to approve: nothing where `files` is empty
  std::vector<std::string> names;     ///< the same files as messages name them
  std::vector<Diagnostic> widenings;  ///< what needs approval
};

/// `documents` as read_closure() gave them for `chosen.texts`, before they are laid.
ProjectSide find_project_side(const std::vector<Document>& documents, const ChosenProfile& chosen,
                              const Caller& caller);

/// Adds what only shows once the profile is loaded: limits that are higher than this process's.
void add_raised_limits(const Profile& profile, ProjectSide& side);

/// Does the approval cover every file of `side`, byte for byte?
bool covers(const Approval& approval, const ProjectSide& side);

/// Success if the profile may be used. The error names the ways on; `lines` gets what it asks for, and since an earlier
/// approval what has changed, for people.
Result<void> check_trust(const ProjectSide& side, const Caller& caller, std::vector<std::string>& lines);

/// The lines of `text` that `before` does not have, with "+", and those that only `before` has, with "-". Bounded.
std::vector<std::string> changed_lines(const std::string& before, const std::string& text);

}  // namespace snug
