// Why kernels refuse what a sandbox needs, and what to do about it: one table for doctor and for failed launches.
#pragma once

#include <span>
#include <string_view>

#include "host/doctor.h"
#include "host/observation.h"

namespace snug {

/// The words for `step` refused with `code` on the machine `seen`; empty if nothing is known.
Diagnosis explain(const Observation& seen, std::string_view step, int code);

/// The steps explain() knows, with what each tries, for messages: {"uid_map", "write the user id map"}.
struct StepName {
  std::string_view step, words;
};
std::span<const StepName> known_steps();

}  // namespace snug
