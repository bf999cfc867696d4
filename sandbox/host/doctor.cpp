#include "host/doctor.h"
#include <algorithm>
namespace snug {
DoctorReport run_doctor(const std::string&) { return {}; }
bool can_run(const DoctorReport& report) {
  return std::none_of(report.checks.begin(), report.checks.end(),
                      [](const Check& check) { return check.state == Check::State::missing; });
}
Diagnosis diagnose(const std::string&, int) { return {}; }
}  // namespace snug
