// Removing a directory whose content the sandboxed side wrote: no step follows a symbolic link or leaves the directory.
#pragma once

#include <string>

namespace snug {

/// Removes everything in the directory `path`, then itself; true if it is gone or was absent, else errno says why
/// not all of it could go. Copes with directories without permissions and with any depth. Follows no symbolic link
/// at or below `path`. Precondition: nothing else changes what is below `path`.
bool remove_tree(const std::string& path);
/// The same for the directory `name` in `directory` (open).
bool remove_tree_at(int directory, const char* name);

}  // namespace snug
