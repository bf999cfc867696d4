// Numbers in text, as the standard library reads them: no spaces, no plus sign, '-' only for signed types.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace snug {

/// The number that `text` is, from end to end. Nothing where it is something else or does not fit.
template <class Number>
std::optional<Number> whole_number(std::string_view text, int base = 10) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value, base);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace snug
