// The child from clone3 until its steps are written: namespaces, id maps, the memory and socket it shares with
// the parent.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "launch/launch.h"
#include "launch/memory.h"

namespace snug {

/// What must be known to make the child. Everything else reaches it as steps.
struct ChildShape {
  bool network = true;   ///< a network namespace of its own
  bool map_self = true;  ///< the child writes its id maps; false: write_id_maps() by real root
  std::uint32_t inside_uid = 0, outside_uid = 0, inside_gid = 0, outside_gid = 0;
  bool operator==(const ChildShape&) const = default;
};

/// Owns the child: it is killed and reaped unless release() was called.
class EarlyChild {
 public:
  /// One clone3. Precondition: one thread. Errors: the kernel's refusal, worded with its known causes.
  static Result<EarlyChildPtr> start(const ChildShape& shape);
  ~EarlyChild();
  EarlyChild(const EarlyChild&) = delete;
  EarlyChild& operator=(const EarlyChild&) = delete;

  const ChildShape& shape() const noexcept { return shape_; }
  SpecMemory& memory() noexcept { return memory_; }
  int control() const noexcept { return control_.get(); }
  pid_t pid() const noexcept { return pid_; }
  /// Real root: maps the shape's ids by /proc/PID.
  Result<void> write_id_maps() const;
  /// Gives the process and its descriptors to `sandbox`.
  void release_to(Sandbox& sandbox) noexcept;

 private:
  EarlyChild(const ChildShape& shape, SpecMemory memory) : shape_(shape), memory_(std::move(memory)) {}
  ChildShape shape_;
  SpecMemory memory_;
  Fd control_, pidfd_;
  pid_t pid_ = -1;
};

/// Kills by pidfd and reaps.
void end_child(int pidfd) noexcept;

}  // namespace snug
