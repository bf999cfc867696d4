#include "changes/hunks.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace snug {
namespace {

/// Takes the first line off, with its newline.
std::string_view take_line(std::string_view& text) {
  const std::size_t newline = text.find('\n');
  const std::string_view line = text.substr(0, newline == std::string_view::npos ? newline : newline + 1);
  text.remove_prefix(line.size());
  return line;
}

bool take_number(std::string_view& text, std::size_t& number) {
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

/// "-12,3": the first line counted from 0. A range without lines names the one before it.
bool take_range(std::string_view& text, char sign, std::size_t& first) {
  std::size_t count = 1;
  if (!text.starts_with(sign)) return false;
  text.remove_prefix(1);
  if (!take_number(text, first)) return false;
  if (text.starts_with(',')) {
    text.remove_prefix(1);
    if (!take_number(text, count)) return false;
  }
  if (count > 0 && first == 0) return false;
  first -= count > 0 ? 1 : 0;
  return true;
}

std::optional<Hunk> read_header(std::string_view line) {
  Hunk hunk;
  if (!line.starts_with("@@ ")) return std::nullopt;
  line.remove_prefix(3);
  if (!take_range(line, '-', hunk.before) || !line.starts_with(' ')) return std::nullopt;
  line.remove_prefix(1);
  return take_range(line, '+', hunk.after) ? std::optional(hunk) : std::nullopt;
}

/// A line of a hunk. "\ No newline at end of file" speaks of the one before.
bool add_line(Hunk& hunk, std::string_view line) {
  if (line.starts_with('\\')) {
    if (hunk.lines.empty() || !hunk.lines.back().text.ends_with('\n')) return false;
    hunk.lines.back().text.pop_back();
    return true;
  }
  if (line == "\n") return hunk.lines.push_back({' ', "\n"}), true;  // an editor took the space away
  if (line.empty() || (line[0] != ' ' && line[0] != '-' && line[0] != '+')) return false;
  hunk.lines.push_back({line[0], std::string(line.substr(1))});
  return true;
}

std::size_t count(const Hunk& hunk, char other) {
  return static_cast<std::size_t>(std::ranges::count_if(
      hunk.lines, [other](const HunkLine& line) { return line.kind == ' ' || line.kind == other; }));
}

std::string range(char sign, std::size_t first, std::size_t lines) {
  return sign + std::to_string(first + (lines > 0 ? 1 : 0)) + "," + std::to_string(lines);
}

std::vector<std::string_view> before_lines(const Hunk& hunk) {
  std::vector<std::string_view> lines;
  for (const HunkLine& line : hunk.lines) {
    if (line.kind != '+') lines.push_back(line.text);
  }
  return lines;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) lines.push_back(take_line(text));
  return lines;
}

/// Where the run of lines of one sort (changed or not) that begins at `from` ends.
std::size_t end_of_run(const std::vector<HunkLine>& lines, std::size_t from) {
  std::size_t end = from;
  while (end < lines.size() && (lines[end].kind == ' ') == (lines[from].kind == ' ')) ++end;
  return end;
}

}  // namespace

std::optional<std::vector<Hunk>> parse_hunks(std::string_view patch) {
  std::vector<Hunk> hunks;
  while (!patch.empty()) {
    const std::string_view line = take_line(patch);
    if (auto hunk = read_header(line)) {
      hunks.push_back(std::move(*hunk));
    } else if (!hunks.empty() && !add_line(hunks.back(), line)) {
      return std::nullopt;
    }
  }
  return hunks;
}

std::vector<Hunk> split_hunk(const Hunk& hunk) {
  std::vector<Hunk> pieces;
  std::size_t before = hunk.before, after = hunk.after;
  Hunk piece{before, after, {}};
  for (std::size_t at = 0; at < hunk.lines.size();) {
    const std::size_t end = end_of_run(hunk.lines, at);
    const bool stays = hunk.lines[at].kind == ' ';
    const bool between = stays && at > 0 && end < hunk.lines.size();
    const Hunk next{
        before,
        after,
        {hunk.lines.begin() + static_cast<std::ptrdiff_t>(at), hunk.lines.begin() + static_cast<std::ptrdiff_t>(end)}};
    piece.lines.insert(piece.lines.end(), next.lines.begin(), next.lines.end());
    before += count(next, '-');
    after += count(next, '+');
    if (between) pieces.push_back(std::exchange(piece, next));  // both hold what lies between
    at = end;
  }
  pieces.push_back(std::move(piece));
  return pieces;
}

std::string to_text(const Hunk& hunk) {
  std::string text =
      "@@ " + range('-', hunk.before, count(hunk, '-')) + " " + range('+', hunk.after, count(hunk, '+')) + " @@\n";
  for (const HunkLine& line : hunk.lines) {
    text.append(1, line.kind).append(line.text);
    if (!line.text.ends_with('\n')) text += "\n\\ No newline at end of file\n";
  }
  return text;
}

std::optional<Hunk> edited_hunk(const Hunk& original, std::string_view text) {
  Hunk edited{original.before, original.after, {}};
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with('#') || line.starts_with("@@")) continue;
    if (!add_line(edited, line)) return std::nullopt;
  }
  return before_lines(edited) == before_lines(original) ? std::optional(edited) : std::nullopt;
}

std::optional<std::string> with_hunks(std::string_view before, const std::vector<Hunk>& chosen) {
  const std::vector<std::string_view> lines = lines_of(before);
  std::string text;
  std::size_t at = 0;
  for (const Hunk& hunk : chosen) {
    std::size_t here = hunk.before;
    for (; at < std::min(here, lines.size()); ++at) text += lines[at];
    for (const HunkLine& line : hunk.lines) {
      if (line.kind == '+') {
        text += line.text;
        continue;
      }
      if (here >= lines.size() || lines[here] != line.text || (here < at && line.kind == '-')) return std::nullopt;
      if (here++ < at) continue;  // shared with the hunk before
      if (line.kind == ' ') text += line.text;
      at = here;
    }
  }
  for (; at < lines.size(); ++at) text += lines[at];
  return text;
}

}  // namespace snug
