// The options shared by run-like commands, as data: each one is an override of one profile key.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "profile/load.h"

namespace snug {

/// How the word after an option becomes a TOML value.
enum class ValueKind {
  text,      ///< quoted
  path,      ///< made absolute, quoted
  root,      ///< "host", "empty" or a path
  id,        ///< a number as it is, other text quoted
  number,    ///< a number, nothing else
  variable,  ///< K=V
  setting,   ///< key.path=VALUE
};

struct SharedOption {
  const char* name;     ///< "--read"
  const char* metavar;  ///< "PATH"
  const char* key;      ///< "filesystem.read"; empty with ValueKind::setting
  Override::How how;
  ValueKind kind;
  const char* group;  ///< heading in --help
  const char* help;
};

std::span<const SharedOption> shared_options();

/// One use of `option` with the word the user gave it.
Result<Override> to_override(const SharedOption& option, const std::string& word, const std::string& cwd);

}  // namespace snug
