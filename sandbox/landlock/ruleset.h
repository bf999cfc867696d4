// Plan -> Landlock ruleset, as plain data: what is handled, which paths allow what. Says nothing to the kernel; init
// does, on paths as the sandbox sees them. Knows no mounts.
//
// A second wall: what the mounts leave out is out of reach even of a process that got hold of a directory outside the
// view, because the kernel walks up from a file and finds no rule on its way.
//
// What it costs: for a right that open(2) depends on, the kernel walks from the file to the root, 0.5-1.0 us more an
// open (open+close 1.3-1.7 x; a compile 1-2 %). Truncating alone brings that on, for every open, since its answer is
// kept with the descriptor; reading on top of it costs less than 0.1 us, the walk being the same. Both are handled:
// without the first any file that can be named can be emptied, and reading keys and tokens is what one breaks out for.
// TCP ports would cost little and protect nothing: without the host's network there is only the sandbox's own loopback,
// with it no list to derive rules from.
//
// What it cannot do: rules only add. A read-only or masked place below a writable one (a Seal or Mask in the project, a
// read bind below it, /proc/sys below /proc, where debuggers and thread names need writing) is the mounts' alone to
// hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/origin.h"
#include "plan/plan.h"

namespace snug {

/// LANDLOCK_ACCESS_FS_* and LANDLOCK_SCOPE_*; older kernel headers lack the later ones.
namespace landlock {

inline constexpr std::uint64_t execute = 1 << 0, write_file = 1 << 1, read_file = 1 << 2, read_dir = 1 << 3,
                               remove_dir = 1 << 4, remove_file = 1 << 5, make_char = 1 << 6, make_dir = 1 << 7,
                               make_reg = 1 << 8, make_sock = 1 << 9, make_fifo = 1 << 10, make_block = 1 << 11,
                               make_sym = 1 << 12;
inline constexpr std::uint64_t refer = 1 << 13;          ///< ABI 2, Linux 5.19: rename and link between directories
inline constexpr std::uint64_t truncate_file = 1 << 14;  ///< ABI 3, Linux 6.2
inline constexpr std::uint64_t ioctl_dev = 1 << 15;      ///< ABI 5, Linux 6.10: commands to devices opened inside
inline constexpr std::uint64_t resolve_unix = 1 << 16;   ///< ABI 9, Linux 7.1: connecting to sockets by path

inline constexpr std::uint64_t scope_abstract_unix = 1 << 0, scope_signal = 1 << 1;  ///< ABI 6, Linux 6.12

/// The rights a rule on something that is no directory may have; others are EINVAL.
inline constexpr std::uint64_t for_files = execute | write_file | read_file | truncate_file | ioctl_dev | resolve_unix;

}  // namespace landlock

/// What may be done at a path and below it. Rules on the way up add to each other.
struct LandlockRule {
  std::string path;           ///< absolute, inside
  std::uint64_t allowed = 0;  ///< a part of handled_fs, never 0
  bool optional = false;      ///< what the plan may leave out where it is absent
  Origin origin;
};

struct LandlockRuleset {
  std::uint64_t handled_fs = 0, handled_net = 0, scoped = 0;  ///< landlock_ruleset_attr (24 bytes; all kernels take it)
  std::vector<LandlockRule> rules;                            ///< by path, one for each
  std::vector<std::string> missing;  ///< what this kernel's Landlock cannot hold, in words for people

  /// Nothing to ask of the kernel, which would answer ENOMSG.
  bool empty() const { return handled_fs == 0 && handled_net == 0 && scoped == 0; }
};

/// `abi`: HostFacts::landlock_abi, 0 for none; later ones than are known here give what is known.
///
/// With ABI 1 files are not handled: that version refuses every rename and link from one directory to another, which
/// git and package managers need. With `nested` neither: a process under file rules may not mount. Scopes are then held
/// only where the network is the host's: below any Landlock domain that says nothing of files, another one's file rules
/// refuse every link and rename from one directory to another (LANDLOCK_ACCESS_FS_INITIALLY_DENIED in
/// security/landlock/access.h), which the sandboxes inside have. Their namespaces hold signals and abstract sockets.
LandlockRuleset make_ruleset(const Plan& plan, int abi);

}  // namespace snug
