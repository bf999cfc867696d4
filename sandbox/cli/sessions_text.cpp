#include "cli/sessions_text.h"

#include <algorithm>
#include <array>

#include "base/paths.h"
#include "base/quote.h"

namespace snug {
namespace {

constexpr std::size_t kColumns = 8;
using Row = std::array<std::string, kColumns>;

constexpr std::array<const char*, kColumns> kHeadings{"ID",      "NAME", "PROFILE", "PROJECT",
                                                      "COMMAND", "AGE",  "MEMORY",  "PROCESSES"};

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

/// The first `most` characters.
std::string_view cut(std::string_view line, std::size_t most) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (begins_character(line[at]) && count++ == most) return line.substr(0, at);
  }
  return line;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : escape_for_display(text); }

std::string short_path(const std::string& path, const std::string& home) {
  if (path.empty() || !is_below(path, home)) return or_dash(path);
  return "~" + escape_for_display(path.substr(home.size()));
}

std::string end_to_text(const std::optional<RunEnd>& end) {
  return end ? "ended " + std::to_string(end->status) : "killed";
}

Row row_of(const SeenSandbox& sandbox, std::int64_t now, const std::string& home, std::size_t longest_command) {
  const SessionRecord& record = sandbox.record;
  return {record.id,
          or_dash(record.name),
          or_dash(record.profile),
          short_path(record.project, home),
          command_line_of(record.command, longest_command),
          age_to_text(now - record.started),
          sandbox.over ? "-" : memory_to_text(sandbox.memory),
          sandbox.over ? end_to_text(sandbox.end) : std::to_string(sandbox.processes.size())};
}

void add_line(std::string& text, const Row& row, const std::array<std::size_t, kColumns>& widths) {
  for (std::size_t i = 0; i < kColumns; ++i) {
    const bool last = i + 1 == kColumns;
    text += row[i];
    if (!last) text.append(widths[i] - characters_in(row[i]) + 2, ' ');
  }
  text.push_back('\n');
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t end = 0; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1)) {
    lines.push_back(text.substr(0, end));
  }
  return lines;
}

std::string one_decimal(std::uint64_t tenths, const char* unit) {
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + unit;
}

}  // namespace

std::string command_line_of(const std::vector<std::string>& command, std::size_t longest) {
  std::string line;
  for (const std::string& word : command) {
    line += (line.empty() ? "" : " ") + escape_for_display(quote_for_shell(word));
    if (characters_in(line) > longest) return std::string(cut(line, longest - 3)) + "...";
  }
  return line;
}

std::string age_to_text(std::int64_t seconds) {
  seconds = std::max<std::int64_t>(seconds, 0);
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / (24 * 3600)) + "d";
}

std::string memory_to_text(std::uint64_t bytes) {
  const std::uint64_t kib = bytes >> 10;
  if (kib < 1024) return std::to_string(kib) + "K";
  if (kib < 10 * 1024) return one_decimal(kib * 10 / 1024, "M");
  if (kib < 1024 * 1024) return std::to_string(kib / 1024) + "M";
  return one_decimal(kib * 10 / 1024 / 1024, "G");
}

std::string sandboxes_to_text(const std::vector<SeenSandbox>& sandboxes, std::int64_t now, const std::string& home,
                              std::size_t longest_command) {
  std::vector<Row> rows(1);
  std::ranges::copy(kHeadings, rows[0].begin());
  for (const SeenSandbox& sandbox : sandboxes) rows.push_back(row_of(sandbox, now, home, longest_command));
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], characters_in(row[i]));
  }
  std::string text;
  for (const Row& row : rows) add_line(text, row, widths);
  return text;
}

std::string sandboxes_to_screen(const std::vector<SeenSandbox>& sandboxes, std::int64_t now, const std::string& home,
                                TextSize size) {
  constexpr std::size_t kShortestCommand = 10;
  std::string table = sandboxes_to_text(sandboxes, now, home);
  std::size_t widest = 0;
  for (const std::string_view line : lines_of(table)) widest = std::max(widest, characters_in(line));
  if (size.columns != 0 && widest > size.columns) {
    const std::size_t excess = std::min(widest - size.columns, kLongestCommand - kShortestCommand);
    table = sandboxes_to_text(sandboxes, now, home, kLongestCommand - excess);
  }
  return drawn_over(table, size);
}

std::string drawn_over(std::string_view table, TextSize size) {
  constexpr const char* kHome = "\033[H";
  constexpr const char* kNothingBehind = "\033[K\n";
  constexpr const char* kNothingBelow = "\033[J";
  const std::vector<std::string_view> lines = lines_of(table);
  // The cursor's own line stays free: a line end in the last one would scroll.
  const bool all = size.lines == 0 || lines.size() < size.lines;
  const std::size_t shown = all ? lines.size() : std::max<std::size_t>(size.lines, 3) - 2;
  const std::string rest = all ? "" : "... and " + std::to_string(lines.size() - shown) + " more";
  std::string text = kHome;
  for (std::size_t i = 0; i < shown + (all ? 0 : 1); ++i) {
    const std::string_view line = i < shown ? lines[i] : rest;
    text.append(size.columns == 0 ? line : cut(line, size.columns)).append(kNothingBehind);
  }
  return text + kNothingBelow;
}

}  // namespace snug
