// The set-up child: from clone3 to the exec of init. A flat interpreter of spec::Step that makes raw system
// calls only; tests/unit/launch/child_symbols checks that it references nothing else.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "launch/spec.h"

namespace snug::child {

/// What the child knows when it is made, before there is a plan.
struct Start {
  spec::Memory* memory;
  int control;          ///< the child's end of the control socket
  int parents_control;  ///< the other end, closed first: it must not keep the socket open
  int memory_fd;
  const void* init_image;
  size_t init_image_size;
  bool loopback;  ///< it has a network namespace of its own
  bool map_self;  ///< write id maps by itself: inside ids below, the caller's own outside
  uint32_t inside_uid, outside_uid, inside_gid, outside_gid;
  uint64_t kept_capabilities;  ///< a bit each: those that commands may have in the user namespace
  const void* processors;      ///< the caller's affinity mask, to be taken back; see EarlyChild::push_aside
  size_t processors_size;      ///< 0: never changed
};

/// Fixed steps before the plan's, reported as -1 - EarlyStep.
enum class EarlyStep : int32_t {
  processors,
  close_descriptors,
  parent_death,
  setgroups,
  uid_map,
  gid_map,
  loopback,
  keyring,
  bounding_set,
  image
};
/// Fixed steps after the plan's, reported as -100 - LateStep.
enum class LateStep : int32_t { capabilities, descriptors, exec };

/// Never returns: becomes init or exits. Failures are reported on `control` as protocol::Report::step_failed.
[[noreturn]] void run(const Start& start) noexcept;

}  // namespace snug::child
