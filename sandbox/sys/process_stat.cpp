#include "sys/process_stat.h"

#include "base/numbers.h"

namespace snug {
namespace {

constexpr int kState = 3, kParent = 4, kStart = 22;

/// Field `number` of `rest`, which begins with the state.
std::string_view field(std::string_view rest, int number) {
  for (int here = kState; here < number; ++here) {
    const std::size_t space = rest.find(' ');
    if (space == rest.npos) return {};
    rest.remove_prefix(space + 1);
  }
  return rest.substr(0, rest.find(' '));
}

}  // namespace

std::string path_of(pid_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

std::optional<ProcessStat> process_stat_from(std::string_view text) {
  const std::size_t name_end = text.rfind(") ");
  if (name_end == text.npos || name_end + 2 == text.size()) return std::nullopt;
  const std::string_view rest = text.substr(name_end + 2);
  const auto pid = whole_number<pid_t>(text.substr(0, text.find(' ')));
  const auto parent = whole_number<pid_t>(field(rest, kParent));
  const auto start = whole_number<std::uint64_t>(field(rest, kStart));
  if (!pid || !parent || !start) return std::nullopt;
  return ProcessStat{*pid, rest.front(), *parent, *start};
}

}  // namespace snug
