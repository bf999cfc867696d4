// Where a decision comes from: every line of a plan can say which file, option or built-in asked for it.
#pragma once

#include <string>
#include <string_view>

namespace snug {

enum class OriginKind {
  builtin,      ///< snug's own code, whatever the profile says
  file,         ///< a profile file: `source` is its path as the user knows it
  option,       ///< a command-line option: `source` is its name, "--read"
  environment,  ///< the caller's environment: `source` is the variable
};

struct Origin {
  OriginKind kind = OriginKind::builtin;
  std::string source;
  int line = 0;    ///< 1-based; 0: unknown
  int column = 0;  ///< 1-based, in characters as toml++ counts them; 0: unknown
  std::string key; ///< dotted key, "filesystem.read"; empty for builtin
};

/// "snug.toml:12:3 (filesystem.read)", "option --read", "built in".
std::string to_text(const Origin& origin);

/// A value and where it was said.
template <class T>
struct Sourced {
  T value{};
  Origin origin{};
};

}  // namespace snug
