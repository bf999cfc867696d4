// How the set-up child opens what it binds and where it binds it: in one place, so that the races around it can be
// tested without a sandbox. Raw calls only; -errno on failure.
#pragma once

#include <linux/openat2.h>

#include "launch/raw.h"

namespace snug::child {

// Of the kernel's fcntl.h, which cannot be included beside libc's.
inline constexpr uint64_t kPathOnly = 010000000, kCloseOnExec = 02000000;

inline long open_within(int at, const char* path, uint64_t flags, uint64_t resolve) noexcept {
  struct open_how how {};
  how.flags = kPathOnly | kCloseOnExec | flags;
  how.resolve = resolve;
  return raw::call(__NR_openat2, at, raw::address(path), raw::address(&how), sizeof how);
}

/// A host file or directory, which the planner found without a symbolic link on its way: one that is there now was put
/// there meanwhile.
inline long open_source(int at, const char* path, uint64_t flags) noexcept {
  return open_within(at, path, flags, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/// A place in the new root, perhaps in a directory that others may write.
inline long open_target(int root, const char* path) noexcept {
  return open_within(root, path, 0, RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
}

}  // namespace snug::child
