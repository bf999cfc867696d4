// The child from clone3 until its steps are written: namespaces, id maps, the prologue (prologue.h), the memory and
// socket it shares with the parent.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/id_map.h"
#include "base/result.h"
#include "launch/child.h"
#include "launch/launch.h"
#include "launch/memory.h"
#include "launch/protocol.h"

namespace snug {

/// What must be known to make the child. Everything else reaches it as steps.
struct ChildShape {
  bool network = true;   ///< a network namespace of its own
  bool map_self = true;  ///< the child writes its id maps; false: write_id_maps()
  std::uint32_t inside_uid = 0, outside_uid = 0, inside_gid = 0, outside_gid = 0;
  std::optional<IdMaps> maps = {};      ///< instead of these: by newuidmap and newgidmap
  std::uint64_t kept_capabilities = 0;  ///< of the namespace's root, a bit each: what commands may have
  bool operator==(const ChildShape&) const = default;
};

/// Owns the child: it is killed and reaped unless release_to() was called.
///
/// Making namespaces happens inside clone3 and takes as long as everything snug thinks about (0.5-0.7 ms, most of it
/// the network namespace). So a starter, which shares this process's memory and descriptors, makes that call and
/// exits, while this process goes on; CLONE_PARENT makes the child this process's own.
///
/// The child shares this process's memory until it executes init (CLONE_VM, as posix_spawn does): copying it would hold
/// up both, 0.2 ms for the copy and a fault for each page written afterwards. It has a stack of its own and touches
/// nothing but that, its Start and the SpecMemory; and this object outlives it or its exec.
class EarlyChild {
 public:
  /// Starts the starter. Precondition: one thread. Errors: no memory, descriptors or processes.
  static Result<EarlyChildPtr> start(const ChildShape& shape);
  ~EarlyChild();
  EarlyChild(const EarlyChild&) = delete;
  EarlyChild& operator=(const EarlyChild&) = delete;

  /// Has the child do the prologue (prologue.h) as soon as it can: an ordinary user's as itself.
  void begin_prologue();
  /// More of it, as write_prologue() says. Precondition: begin_prologue().
  void extend_prologue(std::vector<ViewEntry> likely, const std::function<bool(ViewEntry&)>& confirm);
  /// Has it do what there is of the plan's steps, but for those it has done. Precondition: finish(), and
  /// begins_with_prologue(memory()).
  void do_steps();
  /// The same, and then become init.
  void do_last_steps();
  /// Waits for the starter. Errors: the kernel's refusal, worded with its known causes. To be called before anything
  /// below but shape(), memory().
  Result<void> finish();

  const ChildShape& shape() const noexcept { return shape_; }
  SpecMemory& memory() noexcept { return memory_; }
  int control() const noexcept { return control_.get(); }
  pid_t pid() const noexcept { return pid_; }
  /// Maps the shape's ids from outside: real root by /proc/PID, others by newuidmap.
  Result<void> write_id_maps() const;
  /// Later it would be too late: init's belong to root, as those of all processes that cannot be read.
  void open_accounts();
  /// Puts it into a control group of its own, as the plan's limits say, before it has done anything of the plan.
  Result<void> join_group(const Plan& plan);
  /// Gives the process, its group and its descriptors to `sandbox`.
  void release_to(Sandbox& sandbox) noexcept;

 private:
  EarlyChild(const ChildShape& shape, SpecMemory memory) : shape_(shape), memory_(std::move(memory)) {}
  static int starter(void* early) noexcept;
  [[noreturn]] static void set_up(void* early) noexcept;
  void push_aside() noexcept;
  void reap_starter() noexcept;
  void send(protocol::Command::Kind kind, std::uint32_t value) const noexcept;

  ChildShape shape_;
  SpecMemory memory_;
  ControlGroup group_;
  Fd control_, childs_control_, pidfd_, accounts_;
  child::Start start_{};
  cpu_set_t processors_;  ///< this process's
  pid_t starter_ = -1;
  pid_t pid_ = -1;
  // Written by the starter.
  int new_pidfd_ = -1;
  long result_ = 0;
  alignas(16) std::array<char, 16384> starters_stack_, childs_stack_;
};

/// Maps one user and one group id of process `pid`'s new user namespace, by real root: what is `inside` there is
/// `outside` here.
struct IdPair {
  std::uint32_t inside = 0, outside = 0;
};
Result<void> write_id_maps(pid_t pid, IdPair uid, IdPair gid);

/// Kills by pidfd and reaps.
void end_child(int pidfd) noexcept;

}  // namespace snug
