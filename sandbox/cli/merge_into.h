// `snug diff --merge-into DIR`: a capture and all layers below it as one capture in a directory of the user's.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/captured.h"

namespace snug {

/// `directory` (absolute) is the user's, and empty. Errors: it is not; a capture below is in use; no room. Then it is
/// empty again.
Result<void> merge_into(const OpenCapture& open, const std::string& directory);

}  // namespace snug
