#include "profile/compare.h"

#include <algorithm>
#include <map>

#include "base/quote.h"
#include "profile/bytes.h"
#include "profile/document.h"
#include "profile/print.h"
#include "profile/shown_value.h"

namespace snug {
namespace {

using Direction = Difference::Direction;

/// How a key's values go from narrow to wide.
struct Order {
  std::string_view key;
  std::vector<std::string_view> words;  ///< narrowest first
};

const std::vector<Order>& orders() {
  static const std::vector<Order> all = {
      {"subids", {"none", "auto"}},
      {"toolchains", {"none", "auto"}},
      {"nested", {"false", "true"}},
      {"filesystem.root", {"empty", "host"}},
      {"filesystem.etc", {"minimal", "host"}},
      {"filesystem.project", {"none", "read", "overlay", "write"}},
      {"filesystem.home", {"none", "tmpfs", "stored"}},
      {"filesystem.git", {"read", "protect", "write"}},
      {"network.mode", {"none", "filtered", "host"}},
      {"network.ssh-agent", {"false", "true"}},
      {"seccomp.policy", {"strict", "default", "off"}},
  };
  return all;
}

/// What one more entry of a list does.
constexpr std::pair<std::string_view, Direction> list_directions[] = {
    {"require", Direction::narrower},         {"filesystem.read", Direction::wider},
    {"filesystem.write", Direction::wider},   {"filesystem.overlay", Direction::wider},
    {"filesystem.hide", Direction::narrower}, {"filesystem.protect", Direction::narrower},
    {"filesystem.mount", Direction::wider},   {"network.allow", Direction::wider},
    {"network.deny", Direction::narrower},    {"network.publish", Direction::wider},
    {"network.host-ports", Direction::wider}, {"network.sockets", Direction::wider},
    {"environment.pass", Direction::wider},   {"environment.unset", Direction::narrower},
    {"seccomp.allow", Direction::wider},      {"seccomp.deny", Direction::narrower},
};

Direction opposite(Direction direction) {
  if (direction == Direction::other) return direction;
  return direction == Direction::wider ? Direction::narrower : Direction::wider;
}

// --- a profile as keys and values -----------------------------------------------------------------------

struct Lines {
  std::map<std::string, std::string> values;
  std::map<std::string, std::vector<std::string>> lists;
};

void collect(const std::string& key, const Value& value, Lines& lines) {
  if (value.type == Value::Type::list && key != "shell") {
    for (const Value& item : value.items) lines.lists[key].push_back(shown(item));
  } else if (value.type == Value::Type::table) {
    for (const Member& member : value.members) {
      const bool restarted = member.key == "replace" && member.value.type == Value::Type::list;
      const std::string inner = utf8_to_bytes(member.key);
      collect(restarted || key.empty() ? (restarted ? key : inner) : key + "." + inner, member.value, lines);
    }
  } else {
    lines.values[key] = shown(value);
  }
}

// The printed form is what both have in common, whatever files and variables they were put together from.
Lines lines_of(const Profile& profile, std::string_view cwd) {
  Lines lines;
  const auto document = parse_document(profile_to_toml(profile, cwd));
  if (const auto* const value = std::get_if<Value>(&document)) collect("", *value, lines);
  lines.values.erase("version");
  lines.values.erase("description");
  return lines;
}

// --- differences ----------------------------------------------------------------------------------------

std::string bare(const std::string& word) {
  return word.size() > 1 && word.front() == '"' ? word.substr(1, word.size() - 2) : word;
}

Direction direction_of(const std::string& key, const std::string& before, const std::string& now) {
  // A bound that is not there is the widest; which of two is wider is left to the reader, who sees both.
  if (key.starts_with("limits.") && before.empty() != now.empty()) {
    return now.empty() ? Direction::wider : Direction::narrower;
  }
  const auto order = std::ranges::find(orders(), key, &Order::key);
  if (order == orders().end()) return Direction::other;
  const auto place = [&](const std::string& word) {
    return std::ranges::find(order->words, bare(word)) - order->words.begin();
  };
  const auto most = static_cast<std::ptrdiff_t>(order->words.size());
  if (place(before) == most || place(now) == most) return Direction::other;
  return place(now) > place(before) ? Direction::wider : Direction::narrower;
}

std::string in_words(const std::string& key, const std::string& before, const std::string& now) {
  if (before.empty()) return key + " is " + now + ", which it was not";
  if (now.empty()) return key + " is no longer " + before;
  return key + " is " + now + ", was " + before;
}

void compare_values(const Lines& first, const Lines& second, std::vector<Difference>& differences) {
  std::map<std::string, std::pair<std::string, std::string>> both;
  for (const auto& [key, value] : first.values) both[key].first = value;
  for (const auto& [key, value] : second.values) both[key].second = value;
  for (const auto& [key, values] : both) {
    const auto& [before, now] = values;
    if (before != now) differences.push_back({direction_of(key, before, now), in_words(key, before, now)});
  }
}

bool holds(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

void compare_list(const std::string& key, const std::vector<std::string>& first, const std::vector<std::string>& second,
                  std::vector<Difference>& differences) {
  const auto row = std::ranges::find(list_directions, key, [](const auto& one) { return one.first; });
  const Direction more = row == std::end(list_directions) ? Direction::other : row->second;
  for (const std::string& item : second) {
    if (!holds(first, item)) differences.push_back({more, key + " has " + item + " besides"});
  }
  for (const std::string& item : first) {
    if (!holds(second, item)) differences.push_back({opposite(more), key + " has no " + item});
  }
}

void compare_lists(const Lines& first, const Lines& second, std::vector<Difference>& differences) {
  std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>> both;
  for (const auto& [key, list] : first.lists) both[key].first = list;
  for (const auto& [key, list] : second.lists) both[key].second = list;
  for (const auto& [key, lists] : both) compare_list(key, lists.first, lists.second, differences);
}

}  // namespace

std::vector<Difference> compare_profiles(const Profile& first, const Profile& second, std::string_view cwd) {
  std::vector<Difference> differences;
  const Lines before = lines_of(first, cwd), now = lines_of(second, cwd);
  compare_values(before, now, differences);
  compare_lists(before, now, differences);
  return differences;
}

}  // namespace snug
