#include "cli/ask.h"

#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <optional>

#include "cli/print.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr std::size_t longest_answer = 200;

// Byte by byte: what is behind the line belongs to whoever reads next.
std::optional<std::string> read_line() {
  std::string line;
  for (char byte = 0; line.size() < longest_answer;) {
    if (retry([&] { return read(STDIN_FILENO, &byte, 1); }) <= 0) return std::nullopt;
    if (byte == '\n') return line;
    line += byte;
  }
  return line;
}

}  // namespace

bool can_ask() { return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1; }

bool ask(const std::string& question) { return ask_letter(question + " [y/N]", "yn", 'n') == 'y'; }

char ask_letter(const std::string& question, std::string_view choices, char otherwise) {
  while (true) {
    print_prompt(question + " ");
    const auto line = read_line();
    if (!line || line->empty()) return otherwise;
    const char letter = static_cast<char>(std::tolower(static_cast<unsigned char>(line->front())));
    if (choices.find(letter) != std::string_view::npos) return letter;
  }
}

}  // namespace snug
