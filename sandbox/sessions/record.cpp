#include "sessions/record.h"

#include <algorithm>
#include <cctype>

#include "base/numbers.h"
#include "sessions/proc_file.h"
#include "sys/process_stat.h"

namespace snug {
namespace {

constexpr std::string_view kHeading = "snug session 1";
constexpr std::size_t kLongestName = 63;

// A NUL between the fields: what they hold may be anything else.
void add(std::string& text, std::string_view key, std::string_view value) {
  text.append(key).append(" ").append(value).push_back('\0');
}

std::string to_text(const ProcessIdentity& process) {
  return std::to_string(process.pid) + " " + std::to_string(process.start_time);
}

std::optional<ProcessIdentity> process_from_text(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == text.npos) return std::nullopt;
  const auto pid = whole_number<pid_t>(text.substr(0, space));
  const auto start = whole_number<std::uint64_t>(text.substr(space + 1));
  if (!pid || !start) return std::nullopt;
  return ProcessIdentity{*pid, *start};
}

template <class T>
bool assign(T& to, std::optional<T> value) {
  if (value) to = *value;
  return value.has_value();
}

bool read_field(SessionRecord& record, std::string_view key, std::string_view value) {
  if (key == "id") return record.id = value, true;
  if (key == "name") return record.name = value, true;
  if (key == "snug") return assign(record.snug, process_from_text(value));
  if (key == "init") return assign(record.init, process_from_text(value));
  if (key == "pid-namespace") return assign(record.pid_namespace, whole_number<std::uint64_t>(value));
  if (key == "time-namespace") return assign(record.time_namespace, whole_number<std::uint64_t>(value));
  if (key == "started") return assign(record.started, whole_number<std::int64_t>(value));
  if (key == "profile") return record.profile = value, true;
  if (key == "project") return record.project = value, true;
  if (key == "network") return record.network = value, true;
  if (key == "detached") return record.detached = true;
  if (key == "terminal") return record.terminal = true, true;
  if (key == "command") return record.command.emplace_back(value), true;
  return true;  // of a later version that can be read by this one
}

}  // namespace

std::optional<ProcessIdentity> identity_from_stat(std::string_view stat) {
  const auto process = process_stat_from(stat);
  if (!process || process->state == 'Z' || process->state == 'X') return std::nullopt;
  return ProcessIdentity{process->pid, process->start};
}

std::optional<ProcessIdentity> identify_process(pid_t pid) {
  return identity_from_stat(read_proc_file(path_of(pid, "stat")));
}

std::string to_text(const SessionRecord& record) {
  std::string text(kHeading);
  text.push_back('\0');
  add(text, "id", record.id);
  if (!record.name.empty()) add(text, "name", record.name);
  add(text, "snug", to_text(record.snug));
  add(text, "init", to_text(record.init));
  add(text, "pid-namespace", std::to_string(record.pid_namespace));
  add(text, "time-namespace", std::to_string(record.time_namespace));
  add(text, "started", std::to_string(record.started));
  add(text, "profile", record.profile);
  add(text, "project", record.project);
  add(text, "network", record.network);
  if (record.detached) add(text, "detached", "");
  if (record.terminal) add(text, "terminal", "");
  for (const std::string& word : record.command) add(text, "command", word);
  add(text, "end", "");
  return text;
}

std::optional<SessionRecord> session_from_text(std::string_view text) {
  const std::string heading = std::string(kHeading) + '\0';
  if (!text.starts_with(heading)) return std::nullopt;
  text.remove_prefix(heading.size());
  SessionRecord record;
  while (!text.empty()) {
    const std::size_t end = text.find('\0'), space = text.find(' ');
    if (end == text.npos || space >= end) return std::nullopt;
    if (text.substr(0, space) == "end") return record;
    if (!read_field(record, text.substr(0, space), text.substr(space + 1, end - space - 1))) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;  // cut off
}

bool is_session_name(std::string_view word) {
  const auto alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto fits = [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; };
  return !word.empty() && word.size() <= kLongestName && alphanumeric(word.front()) && std::ranges::all_of(word, fits);
}

}  // namespace snug
