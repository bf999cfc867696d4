// What doctor and check print with --json. Every answer carries "schema": 1.
#pragma once

#include <string>
#include <vector>

#include "host/doctor.h"
#include "profile/load.h"

namespace snug {

/// {"schema": 1, "ok": bool, "surroundings": "docker", "checks": [{"id", "title", "state", "detail", "fix"}]}
std::string doctor_to_json(const DoctorReport& report);

/// {"schema": 1, "file": "snug.toml", "mistakes": [{"file", "line", "column", "message"}]}
std::string mistakes_to_json(const std::string& file, const std::vector<Diagnostic>& mistakes);

/// A profile of `snug check --list`.
struct ListedProfile {
  std::string name;
  std::string file;  ///< empty: shipped
  std::string description;
  std::size_t mistakes = 0;
};

/// {"schema": 1, "profiles": [{"name", "file", "description", "mistakes"}]}; "file" is null for a shipped one.
std::string profiles_to_json(const std::vector<ListedProfile>& profiles);

}  // namespace snug
