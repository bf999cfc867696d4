// A patch of one text file taken apart, so that some of it can be taken over: text in, text out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snug {

/// One line of a hunk: ' ', '-' or '+', and the text with its newline, if it has one.
struct HunkLine {
  char kind = ' ';
  std::string text;
};

struct Hunk {
  std::size_t before = 0, after = 0;  ///< its first line on either side, counted from 0
  std::vector<HunkLine> lines;
};

/// Of a unified difference of one file, as diff(1) and git write it. Nothing if it is none.
std::optional<std::vector<Hunk>> parse_hunks(std::string_view patch);

/// Pieces that can be taken one by one: a hunk is cut where lines that stay lie between its changes. They share those
/// lines. One piece: it cannot be cut.
std::vector<Hunk> split_hunk(const Hunk& hunk);

/// As it is shown and edited: "@@ -1,3 +1,4 @@" and its lines.
std::string to_text(const Hunk& hunk);

/// A hunk as somebody edited it ('#' lines are none of it). Nothing unless it still fits where `original` did.
std::optional<Hunk> edited_hunk(const Hunk& original, std::string_view text);

/// `before` with `chosen` hunks of it, in order. Nothing if one does not fit.
std::optional<std::string> with_hunks(std::string_view before, const std::vector<Hunk>& chosen);

}  // namespace snug
