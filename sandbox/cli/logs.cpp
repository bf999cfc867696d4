// snug logs: what a detached run printed.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "base/numbers.h"
#include "base/quote.h"
#include "cli/commands.h"
#include "cli/detached.h"
#include "cli/print.h"
#include "cli/surroundings.h"
#include "run/attach.h"
#include "sys/write.h"

namespace snug {
namespace {

Result<std::optional<std::size_t>> read_count(const Invocation& invocation) {
  const auto word = invocation.value("--tail");
  if (!word) return std::optional<std::size_t>();
  const auto count = whole_number<std::size_t>(*word);
  if (count) return count;
  return Error{.what = "--tail: " + quote_for_display(*word) + " is no number of lines", .fix = "snug logs -n 20 ID"};
}

void print_piece(const LogPiece& piece) {
  const int to = piece.stream == LogStream::output ? STDOUT_FILENO : STDERR_FILENO;
  static_cast<void>(write_all(to, piece.bytes));
}

/// Where the last `count` lines of `text` begin, with those lines counted off `count`.
std::size_t start_of_last(std::string_view text, std::size_t& count) {
  for (std::size_t at = text.size(); at > 0; --at) {
    if (text[at - 1] == '\n' && count-- == 0) return at;
  }
  return 0;
}

/// The end that makes these lines. What ends without a line end is a line too.
void print_tail(LogReader& reader, std::size_t lines) {
  std::deque<LogPiece> pieces;
  while (auto piece = reader.next()) pieces.push_back(*std::move(piece));
  if (lines == 0 || pieces.empty()) return;
  if (!pieces.back().bytes.ends_with('\n')) --lines;
  std::size_t first = pieces.size();
  std::size_t cut = 0;
  while (first > 0 && cut == 0) cut = start_of_last(pieces[--first].bytes, lines);
  pieces[first].bytes.erase(0, cut);
  std::for_each(pieces.begin() + static_cast<std::ptrdiff_t>(first), pieces.end(), print_piece);
}

}  // namespace

int logs_command(const Invocation& invocation) {
  const auto caller = read_caller(CurrentDirectory::does_not_count);
  if (!caller) return print_error(caller.error()), status_usage;
  const auto lines = read_count(invocation);
  if (!lines) return print_error(lines.error()), status_usage;
  const auto run = find_detached(*caller, invocation.words[0]);
  if (!run) return print_error(run.error()), status_found;
  const Fd directory(open(run->path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  LogReader reader(directory.get());
  if (*lines) print_tail(reader, **lines);
  while (const auto piece = reader.next()) print_piece(*piece);
  if (!invocation.has("--follow") || !run->runs) return 0;
  const auto followed = follow_log(*run, reader, print_piece);
  return followed ? 0 : (print_error(followed.error()), status_found);
}

}  // namespace snug
