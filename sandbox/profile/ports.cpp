#include "profile/ports.h"

#include <string>

#include "base/numbers.h"
#include "base/quote.h"

namespace snug {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto value = whole_number<std::uint16_t>(text);
  return value && *value > 0 ? value : std::nullopt;
}

Error bad_port(std::string_view whole, std::string_view port) {
  return {.what = quote_for_display(whole) + ": " + quote_for_display(port) + " is no port; ports are 1 to 65535"};
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace snug
