// Looking at all of a directory that others may change meanwhile.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

namespace snug {

/// Gives what lstat(2) says of each entry below the directory `top` to `see`, until that returns false. Follows no
/// symbolic link; needs few descriptors, however deep it goes. False: not all was seen. What is gone meanwhile, and an
/// absent `top`, is none of it.
bool see_all_below(const std::string& top, const std::function<bool(const struct stat&)>& see);

}  // namespace snug
