// Where the tree and the built files are. Defined in one file, so that the others compile alike wherever the tree lies.
#pragma once

#include <string>

namespace snug::test {

/// The root of the source tree, absolute.
const std::string& source_dir();
/// The static library of sandbox/launch, absolute.
const std::string& launch_library();

}  // namespace snug::test
