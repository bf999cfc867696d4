// Plan -> the child's steps and init's orders. All thinking about order, mount points and parents is done here,
// so that the child only executes. Makes no system call.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "landlock/ruleset.h"
#include "launch/launch.h"
#include "launch/memory.h"
#include "launch/spec.h"
#include "plan/plan.h"

namespace snug {

/// What a step was for, to word its failure. Points into the plan.
struct StepPurpose {
  const ViewEntry* entry = nullptr;
  const Origin* origin = nullptr;
  const char* task = "";  ///< "make the root", used where there is no entry
};

struct CompileInput {
  const Plan& plan;
  const StdioPlan& stdio;
  const PtyStart& pty;
  std::uint64_t signal_mask = 0;      ///< the command's
  std::span<const std::byte> filter;  ///< sock_filter array; empty: none
  bool filter_reports = false;        ///< install it with a listener
  const LandlockRuleset& landlock;
  /// The bytes of each Copy, by index into plan.view; an absent optional one is not here.
  const std::map<std::size_t, std::string>& copies;
  /// Real root as a stand-in: descriptors of mounts made by the parent, by index into plan.view (Bind, Device).
  /// Empty: the child opens sources itself.
  const std::map<std::size_t, int>& prepared;
};

/// Fills `memory`. Returns one purpose for each origin number of the steps. Errors: a target that cannot be made
/// (below a host directory, which snug never adds to), an argument list that does not fit.
Result<std::vector<StepPurpose>> compile(const CompileInput& input, SpecMemory& memory);

/// The first steps compile() gives for any plan that has the root, the identity and the usual entries of `guess`.
void compile_prologue(const Plan& guess, SpecMemory& memory);

}  // namespace snug
