// What why, doctor and check print with --json. Every answer carries "schema": 1.
#pragma once

#include <string>
#include <vector>

#include "cli/answer.h"
#include "cli/trust.h"
#include "host/doctor.h"
#include "plan/lint.h"
#include "profile/load.h"
#include "run/refusal_record.h"
#include "run/stored.h"

namespace snug {

/// {"schema": 1, "ok": bool, "surroundings": "docker", "checks": [{"id", "title", "state", "detail", "fix"}]}
std::string doctor_to_json(const DoctorReport& report);

/// {"schema": 1, "file": "snug.toml", "mistakes": [{"file", "line", "column", "message"}], "notes": the same,
/// "advice": [{"id", "file", "line", "column", "what", "why", "fix"}]}
std::string report_to_json(const std::string& file, const std::vector<Diagnostic>& mistakes,
                           const std::vector<Diagnostic>& notes, const std::vector<Finding>& advice);

/// A profile of `snug check --list`.
struct ListedProfile {
  std::string name;
  std::string file;  ///< empty: shipped
  std::string description;
  std::size_t mistakes = 0;
};

/// {"schema": 1, "profiles": [{"name", "file", "description", "mistakes"}]}; "file" is null for a shipped one.
std::string profiles_to_json(const std::vector<ListedProfile>& profiles);

/// {"schema": 1, "kind": "path", "what", "allowed": bool, ...}; documented in snug(1).
std::string answer_to_json(const Answer& answer);

/// {"schema": 1, "kind": "run", "allowed": bool, "when", "command", "calls", "came_loose", "git", "timeout"}
std::string record_to_json(const RefusalRecord& record);

/// {"schema": 1, "profile", "trusted", "files": [{"path", "sha256"}], "asks": [{"file", "line", "column", "message"}]}
std::string trust_to_json(const ProjectSide& side, bool trusted);

/// {"schema": 1, "approved": [{"profile", "files": [{"path", "sha256"}]}]}
std::string approvals_to_json(const std::vector<Approval>& approvals);

/// {"schema": 1, "items": [{"kind", "name", "path", "project", "bytes", "last_used", "in_use", "removed"}]}
std::string stored_to_json(const std::vector<Stored>& all, const std::vector<bool>& removed);

}  // namespace snug
