// Which paths of a git index are repositories of their own (mode 160000): git status enters those and obeys their
// configuration. Reads bytes that the sandboxed side wrote; runs no git, which would obey them too.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snug {

/// Bytes of an object's name in an index.
enum class GitHash : std::size_t { sha1 = 20, sha256 = 32 };

struct GitLinks {
  std::vector<std::string> paths;  ///< relative to the work tree, as written: not to be trusted
  bool complete = true;            ///< false: the index is damaged, of an unknown version, or names too many
};

/// The format is that of git's Documentation/gitformat-index.txt, versions 2 to 4.
GitLinks links_in_index(std::string_view bytes, GitHash hash);

}  // namespace snug
