// The only way out to stdout and stderr.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "plan/print.h"

namespace snug {

/// Whether `fd` wants colour: a terminal, no NO_COLOR, TERM not "dumb".
Colour colour_for(int fd);

/// All of `text` to stdout; false, with a message, if it could not be written (a full disk; a closed pipe ends snug
/// by SIGPIPE).
[[nodiscard]] bool print_data(std::string_view text);

/// How a line ends: a terminal in raw mode does not return the carriage by itself.
enum class LineEnd { newline, raw };

/// "snug: " and `line` to stderr. Control characters are shown, not sent: names of files may hold any.
void print_message(std::string_view line, LineEnd end = LineEnd::newline);

/// The same without an end of line, for a question.
void print_prompt(std::string_view question);

/// `line` in place of the terminal's current one on stderr; an empty one clears it. Only for a terminal.
void show_status(std::string_view line);

void print_error(const Error& error);

/// `text` with control characters (but newline and tab) and bytes that are no UTF-8 as \xNN.
std::string printable(std::string_view text);

}  // namespace snug
