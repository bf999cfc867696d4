#include "cli/sessions_text.h"

#include <algorithm>
#include <array>

#include "base/paths.h"
#include "base/quote.h"

namespace snug {
namespace {

constexpr std::size_t kColumns = 8;
constexpr std::size_t kLongestCommand = 40;  // bytes; `--json` has all of it
using Row = std::array<std::string, kColumns>;

constexpr std::array<const char*, kColumns> kHeadings{"ID",      "NAME", "PROFILE", "PROJECT",
                                                      "COMMAND", "AGE",  "MEMORY",  "PROCESSES"};

std::string or_dash(const std::string& text) { return text.empty() ? "-" : escape_for_display(text); }

std::string short_path(const std::string& path, const std::string& home) {
  if (path.empty() || !is_below(path, home)) return or_dash(path);
  return "~" + escape_for_display(path.substr(home.size()));
}

std::string end_to_text(const std::optional<RunEnd>& end) {
  return end ? "ended " + std::to_string(end->status) : "killed";
}

Row row_of(const SeenSandbox& sandbox, std::int64_t now, const std::string& home) {
  const SessionRecord& record = sandbox.record;
  return {record.id,
          or_dash(record.name),
          or_dash(record.profile),
          short_path(record.project, home),
          command_line_of(record.command),
          age_to_text(now - record.started),
          sandbox.over ? "-" : memory_to_text(sandbox.memory),
          sandbox.over ? end_to_text(sandbox.end) : std::to_string(sandbox.processes.size())};
}

void add_line(std::string& text, const Row& row, const std::array<std::size_t, kColumns>& widths) {
  for (std::size_t i = 0; i < kColumns; ++i) {
    const bool last = i + 1 == kColumns;
    text += row[i];
    if (!last) text.append(widths[i] - row[i].size() + 2, ' ');
  }
  text.push_back('\n');
}

std::string one_decimal(std::uint64_t tenths, const char* unit) {
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + unit;
}

}  // namespace

std::string command_line_of(const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& word : command) {
    line += (line.empty() ? "" : " ") + escape_for_display(quote_for_shell(word));
    if (line.size() > kLongestCommand) return line.substr(0, kLongestCommand - 3) + "...";
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

std::string sandboxes_to_text(const std::vector<SeenSandbox>& sandboxes, std::int64_t now, const std::string& home) {
  std::vector<Row> rows(1);
  std::ranges::copy(kHeadings, rows[0].begin());
  for (const SeenSandbox& sandbox : sandboxes) rows.push_back(row_of(sandbox, now, home));
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) add_line(text, row, widths);
  return text;
}

}  // namespace snug
