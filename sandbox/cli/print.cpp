#include "cli/print.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/quote.h"
#include "cli/messages.h"
#include "sys/write.h"

namespace snug {
namespace {

// C0, DEL and C1: what a terminal obeys.
bool is_control(const Character& c) {
  return !c.valid || (c.code < 0x20 && c.code != '\n' && c.code != '\t') || (c.code >= 0x7f && c.code < 0xa0);
}

std::string escaped(char32_t code) {
  constexpr char digits[] = "0123456789abcdef";
  return {'\\', 'x', digits[code >> 4 & 15], digits[code & 15]};
}

// One write, so that lines of several processes do not mix. Nobody is left to tell if stderr is gone.
void write_message(std::string_view line, const char* end) {
  const bool colour = colour_for(STDERR_FILENO) == Colour::always;
  const std::string lead = colour ? "\x1b[1;31msnug:\x1b[0m " : "snug: ";
  put_message(lead + printable(line) + end);
}

}  // namespace

Colour colour_for(int fd) {
  const char* off = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool refused = off != nullptr && *off != '\0';
  const bool dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  return !refused && !dumb && isatty(fd) == 1 ? Colour::always : Colour::never;
}

bool print_data(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return true;
  print_error({.what = "cannot write the output", .code = errno});
  return false;
}

void print_message(std::string_view line, LineEnd end) { write_message(line, end == LineEnd::raw ? "\r\n" : "\n"); }

void print_prompt(std::string_view question) { write_message(question, ""); }

void show_status(std::string_view line) {
  static_cast<void>(write_all(STDERR_FILENO, "\r" + printable(line) + "\x1b[K"));
}

void print_error(const Error& error) { print_message(to_text(error)); }

std::string printable(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) return std::string(text);
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto character = first_character(text);
    shown += is_control(character) ? escaped(character.code) : std::string(text.substr(0, character.size));
    text.remove_prefix(character.size);
  }
  return shown;
}

}  // namespace snug
