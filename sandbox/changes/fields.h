// The format of this folder's small files: a first field that says what it is, then "key=value" fields, each ended by a
// NUL. A value may hold any other byte, as paths do.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace snug {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Precondition: no NUL in any of them.
std::string join_fields(std::string_view kind, const Fields& fields);

/// Nothing if `text` is not of this kind or ends within a field.
std::optional<Fields> split_fields(std::string_view kind, std::string_view text);

/// Takes a number and the space behind it from the front of a value.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || stop == text.data() + text.size() || *stop != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return true;
}

/// A file of at most `limit` bytes.
Result<std::string> read_whole(const std::string& path, std::size_t limit);

}  // namespace snug
