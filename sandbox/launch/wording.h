// A failed launch in words: which step, for which profile line, and what to do about it.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "launch/child.h"
#include "launch/compile.h"
#include "launch/spec.h"
#include "plan/plan.h"

namespace snug {

Error describe_clone(int code);
Error describe_early(child::EarlyStep step, int code);
Error describe_late(child::LateStep step, int code);
Error describe_init(spec::InitStep step, int code);
/// The host's file or directory behind `entry` cannot be opened.
Error describe_source(const ViewEntry& entry, int code);
/// A step of the plan: `op` failed for `purpose`.
Error describe_step(spec::Op op, const StepPurpose& purpose, int code);
/// The command itself: `stage` 0 its exec, 1 its directory.
Error describe_exec(const CommandPlan& command, int stage, int code);

}  // namespace snug
