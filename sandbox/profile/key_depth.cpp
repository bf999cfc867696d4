#include "profile/key_depth.h"

#include <algorithm>
#include <cstddef>

namespace snug {
namespace {

constexpr int most_dots = 16;

// Each of these takes what it names off the front of `rest`.

void skip_comment(std::string_view& rest) { rest.remove_prefix(std::min(rest.find('\n'), rest.size())); }

// How many characters of a string mean nothing but themselves. Profiles are mostly made of those.
std::size_t plain_start(std::string_view text, char quote) {
  std::size_t at = 0;
  while (at < text.size() && text[at] != quote && text[at] != '\\' && text[at] != '\n') ++at;
  return at;
}

void skip_to_end_of(std::string_view& rest, std::string_view end, bool escapes, bool one_line) {
  rest.remove_prefix(end.size());
  while (true) {
    rest.remove_prefix(plain_start(rest, end.front()));
    if (rest.empty() || rest.starts_with(end) || (one_line && rest.front() == '\n')) break;
    rest.remove_prefix(escapes && rest.front() == '\\' && rest.size() > 1 ? 2 : 1);
  }
  rest.remove_prefix(rest.starts_with(end) ? end.size() : 0);
}

// Text between three quotes may end in up to two more of them.
void skip_long_string(std::string_view& rest, std::string_view quotes) {
  skip_to_end_of(rest, quotes, quotes.front() == '"', false);
  for (int more = 0; more < 2 && rest.starts_with(quotes.front()); ++more) rest.remove_prefix(1);
}

void skip_string(std::string_view& rest) {
  for (const std::string_view quotes : {"\"\"\"", "'''"}) {
    if (rest.starts_with(quotes)) return skip_long_string(rest, quotes);
  }
  skip_to_end_of(rest, rest.substr(0, 1), rest.front() == '"', true);
}

bool ends_key(char c) { return std::string_view("=,[]{}\n").find(c) != std::string_view::npos; }

}  // namespace

bool has_endless_key(std::string_view rest) {
  int dots = 0;
  while (!rest.empty()) {
    const char c = rest.front();
    if (c == '#') {
      skip_comment(rest);
    } else if (c == '"' || c == '\'') {
      skip_string(rest);
    } else {
      if (ends_key(c)) dots = 0;
      if (c == '.' && ++dots > most_dots) return true;
      rest.remove_prefix(1);
    }
  }
  return false;
}

}  // namespace snug
