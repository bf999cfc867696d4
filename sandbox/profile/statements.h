// A TOML text as it is written: where its tables, keys and values begin and end. Only for text that parse_document()
// takes; what it means is document.h's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snug {

/// Bytes of a text, the last one not included.
struct Span {
  std::size_t begin = 0, end = 0;
};

/// "[table]", "[[table]]" or "key = value".
struct Statement {
  enum class Kind { table, array_of_tables, key } kind = Kind::key;
  std::vector<std::string> path;  ///< from the top: {"filesystem", "read"}
  std::size_t section = 0;        ///< number of headers before it, its own included; 0: the top
  Span lines;                     ///< whole lines, with what stands behind the statement and the last line's end
  Span value;                     ///< of a key
};

std::vector<Statement> statements_of(std::string_view text);

/// The elements of the list that begins at `open`, and the place of its "]".
struct ListSpan {
  std::vector<Span> elements;
  std::size_t close = 0;
  bool trailing_comma = false;
};
ListSpan list_at(std::string_view text, std::size_t open);

}  // namespace snug
