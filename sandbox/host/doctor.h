// Finds out by trying what this machine lets snug do, and words the fix of each refusal. Knows no profiles.
#pragma once

#include <string>
#include <vector>

namespace snug {

struct Check {
  enum class State { ok, degraded, missing } state = State::ok;
  std::string id;      ///< stable, for --json: "user-namespace"
  std::string title;   ///< "user namespaces"
  std::string detail;  ///< what was tried and seen: "id maps written, loopback up"
  std::string fix;     ///< command or setting; empty if ok
};

struct DoctorReport {
  std::vector<Check> checks;
  std::string surroundings;  ///< "docker", "podman", "kubernetes", "github-actions", or empty
};

/// Tries everything in short-lived children, as the calling user. Overlays and mounts are tried in a scratch
/// directory on the file system of `state_dir` (which need not exist yet), removed again. Takes some tens of
/// milliseconds.
DoctorReport run_doctor(const std::string& state_dir);

/// Nothing is missing; what is degraded only limits what a profile may ask for.
bool can_run(const DoctorReport& report);

/// Why a kernel refused `step` ("clone", "uid_map", "overlay", "proc", ...) with `code`, and what to do about it,
/// from what can be read of this machine. Used to word a failed launch. Empty strings if nothing is known.
struct Diagnosis {
  std::string why;
  std::string fix;
};
Diagnosis diagnose(const std::string& step, int code);

}  // namespace snug
