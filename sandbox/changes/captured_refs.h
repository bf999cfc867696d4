// Branches, tags and stashes of a captured repository, as the command left them: read from git's files without
// following a link. They are input: names are any bytes, ids any that look like one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "changes/capture.h"

namespace snug {

using Refs = std::map<std::string, std::string>;  ///< "main" -> what it leads to, in hexadecimal

struct CapturedRefs {
  Refs branches;  ///< with "HEAD" where commits are on none
  Refs tags;
  std::set<std::string> new_stashes;  ///< commits that the host's list of stashes has not
};

/// Errors: the capture cannot be opened.
Result<CapturedRefs> captured_refs(const Capture& capture);

bool is_hex(std::string_view text);

}  // namespace snug
