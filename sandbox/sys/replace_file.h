// Files that are put in place as a whole.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace snug {

/// Is what was written on the disk when the call returns, or when the kernel or somebody's sync puts it there? A power
/// cut before that may leave an empty file or none; a process that is killed changes nothing of it.
enum class OnDisk { now, later };

/// Puts `text` at `path`, with these permissions whatever the umask, as a whole or not at all. It is made under a name
/// nobody else has, and what has the name `path` gives way, a symbolic link too, not what that leads to. Precondition:
/// nobody else may write the directory.
Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode = 0600,
                          OnDisk when = OnDisk::now);

}  // namespace snug
