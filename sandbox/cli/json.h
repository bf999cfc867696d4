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

}  // namespace snug
