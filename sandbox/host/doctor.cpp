#include "host/doctor.h"
namespace snug {
DoctorReport run_doctor() { return {}; }
Diagnosis diagnose(const std::string&, int) { return {}; }
}  // namespace snug
