// What a profile that is no mistake may still open further than its author meant. Looks at the finished plan, since one
// line's meaning depends on the others and on this machine. Owns the rules; printing and applying fixes are cli/'s.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/view.h"
#include "plan/plan.h"
#include "plan/request.h"
#include "profile/profile.h"

namespace snug {

/// A change of one list that mends a finding and can only take something away from the sandbox.
struct Repair {
  enum class Kind { add, remove } kind = Kind::add;
  std::string key;      ///< "filesystem.protect"
  std::string element;  ///< bytes, unquoted

  bool operator==(const Repair&) const = default;
};

/// One piece of advice.
struct Finding {
  std::string_view id;   ///< of the rule: "writable-path"
  std::string what;      ///< on what, in words
  std::string_view why;  ///< what somebody could do with it
  std::string fix;       ///< what to write instead
  Origin origin;         ///< the line that opens it
  std::optional<Repair> repair;
};

/// What lint looks at. `plan` is build_plan's answer for the others.
struct LintSubject {
  const Profile& profile;
  const Plan& plan;
  const Caller& caller;
  HostView& host;
};

/// All findings, in order of file and line.
std::vector<Finding> lint(const LintSubject& subject);

struct LintRuleName {
  std::string_view id, why;
};

/// Every rule, for documentation.
std::vector<LintRuleName> lint_rules();

}  // namespace snug
