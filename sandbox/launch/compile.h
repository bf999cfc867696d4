// Plan -> the child's steps and init's orders. All thinking about order, mount points and parents is done here,
// so that the child only executes. Makes no system call, but for having copies read where they are wanted.
//
// The child does the first steps while the later ones are still compiled: each takes it ten times as long.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

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
  std::uint64_t signal_mask = 0;               ///< the command's
  std::span<const std::byte> filter;           ///< sock_filter array; empty: none
  bool filter_reports = false;                 ///< install it with a listener
  std::span<const std::byte> processors = {};  ///< the affinity mask of commands; empty: snug's own
  bool ipv6 = true;                            ///< the kernel speaks it
  /// The bytes of a Copy, valid until the next call; none for an optional one that is absent.
  std::function<Result<std::optional<std::string_view>>(const ViewEntry&)> copy;
  /// Real root as a stand-in: descriptors of mounts made by the parent, by index into plan.view (Bind, Device).
  /// Empty: the child opens sources itself.
  const std::map<std::size_t, int>& prepared;
};

/// Writes the steps of one plan into `memory`, in the order they are to be done, and init's orders last.
class Compilation {
 public:
  /// `input` and what it refers to, and `memory`, must outlive this.
  Compilation(const CompileInput& input, SpecMemory& memory);
  ~Compilation();

  /// The root, the usual entries, those set up ahead: the steps that a prologue may be.
  void begin();
  /// The same, as the memory's prologue instead of its plan: the usual entries at once, then those set up ahead that
  /// `confirmed` (their index in the view) says yes to. Calls `some_ready` from time to time.
  void write_prologue(const std::function<bool(std::size_t)>& confirmed, const std::function<void()>& some_ready);
  /// All others. Calls `some_ready` from time to time: the steps written so far are complete. Returns one purpose for
  /// each origin number of the steps. Errors: a copy that cannot be read, an argument list that does not fit.
  Result<std::vector<StepPurpose>> finish(const std::function<void()>& some_ready);

 private:
  class Compiler;
  std::unique_ptr<Compiler> compiler_;
};

}  // namespace snug
