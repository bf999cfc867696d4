#include "cli/difference.h"

#include <algorithm>
#include <vector>

#include "cli/print.h"

namespace snug {
namespace {

using Lines = std::vector<std::string_view>;

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

}  // namespace

std::string difference(const std::string& path, std::string_view text_before, std::string_view text_after) {
  Lines before = split_lines(text_before), after = split_lines(text_after);
  const auto [b, a] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  before.erase(before.begin(), b);
  after.erase(after.begin(), a);
  while (!before.empty() && !after.empty() && before.back() == after.back()) before.pop_back(), after.pop_back();
  std::string text = path + "\n";
  const auto add = [&text](char mark, std::string_view line) {
    text.append(1, mark).append(line);
    if (!text.ends_with('\n')) text += '\n';
  };
  for (const auto line : before) add('-', line);
  for (const auto line : after) add('+', line);
  return printable(text);
}

}  // namespace snug
