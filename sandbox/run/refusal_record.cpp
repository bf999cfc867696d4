#include "run/refusal_record.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <variant>

#include "base/paths.h"
#include "base/quote.h"
#include "host/read.h"
#include "net/report.h"
#include "profile/bytes.h"
#include "profile/document.h"
#include "run/small_file.h"
#include "sys/errno.h"
#include "sys/replace_file.h"

namespace snug {
namespace {

constexpr std::size_t most_entries = 64, longest_text = 4096, most_words = 32;
constexpr std::size_t largest_file = 1 << 20;
constexpr int format = 1;

using Told = RefusalRecord::Told;

const char* loss_word(Watch::Loss loss) {
  constexpr const char* words[] = {"shown", "writable", "made"};
  return words[static_cast<int>(loss)];
}

const char* git_word(GitFinding::Kind kind) {
  constexpr const char* words[] = {"repository", "entered", "todo", "own"};
  return words[static_cast<int>(kind)];
}

void add_bounded(std::vector<Told>& list, Told told) {
  told.path.resize(std::min(told.path.size(), longest_text));
  const bool known = std::ranges::find(list, told) != list.end();
  if (!known && list.size() < most_entries) list.push_back(std::move(told));
}

// --- writing ------------------------------------------------------------------------------------------

std::string quoted(std::string_view bytes) { return toml_quote(bytes.substr(0, longest_text)); }

std::string command_line(const std::vector<std::string>& words) {
  std::string text = "command = [";
  for (std::size_t i = 0; i < std::min(words.size(), most_words); ++i) text += (i == 0 ? "" : ", ") + quoted(words[i]);
  return text + "]\n";
}

std::string list_lines(const char* name, const std::vector<Told>& list) {
  std::string text;
  for (const Told& told : list) {
    text += "[[" + std::string(name) + "]]\nwhat = " + quoted(told.what) + "\npath = " + quoted(told.path) + "\n";
  }
  return text;
}

std::string host_lines(const RefusalRecord::Host& host) {
  return "[[host]]\nname = " + quoted(host.host) + (host.udp ? "\nudp = true" : "") +
         "\nport = " + std::to_string(host.port) + "\nwhen = " + std::to_string(host.when) +
         "\nreason = " + quoted(host.reason) + "\nrule = " + quoted(host.rule) + "\n";
}

// --- reading ------------------------------------------------------------------------------------------

const Value* member(const Value& table, std::string_view key, Value::Type type) {
  const auto found = std::ranges::find(table.members, key, &Member::key);
  return found == table.members.end() || found->value.type != type ? nullptr : &found->value;
}

std::string text_in(const Value& table, std::string_view key) {
  const Value* const value = member(table, key, Value::Type::text);
  return value ? utf8_to_bytes(value->text) : "";
}

std::int64_t number_in(const Value& table, std::string_view key) {
  const Value* const value = member(table, key, Value::Type::integer);
  return value ? value->integer : 0;
}

std::vector<Value> items_in(const Value& table, std::string_view key) {
  const Value* const value = member(table, key, Value::Type::list);
  return value ? value->items : std::vector<Value>{};
}

std::vector<Told> told_in(const Value& document, std::string_view key) {
  std::vector<Told> list;
  for (const Value& item : items_in(document, key)) add_bounded(list, {text_in(item, "what"), text_in(item, "path")});
  return list;
}

RefusalRecord::Host host_in(const Value& table) {
  const Value* const udp = member(table, "udp", Value::Type::boolean);
  return {.host = text_in(table, "name"),
          .udp = udp && udp->boolean,
          .port = static_cast<std::uint16_t>(number_in(table, "port")),
          .when = number_in(table, "when"),
          .reason = text_in(table, "reason"),
          .rule = text_in(table, "rule")};
}

}  // namespace

bool RefusalRecord::add(Host host) {
  if (hosts.size() == most_entries) return false;
  hosts.push_back(std::move(host));
  return true;
}

void RefusalRecord::add(const Watch& watch) { add_bounded(came_loose, {loss_word(watch.loss), watch.path}); }

void RefusalRecord::add(const GitReport& report) {
  for (const GitFinding& finding : report.found) add_bounded(git, {git_word(finding.kind), finding.path});
}

std::string to_text(const RefusalRecord::Host& host) {
  return (host.udp ? "udp://" : "") + host_and_port(host.host, host.port);
}

std::string to_toml(const RefusalRecord& record) {
  std::string text = "# What the last run in this project was refused; `snug why` tells it.\n";
  text += "version = " + std::to_string(format) + "\nwhen = " + std::to_string(record.when) + "\n";
  text += command_line(record.command);
  if (!record.timeout.empty()) text += "timeout = " + quoted(record.timeout) + "\n";
  for (std::size_t i = 0; i < std::min(record.calls.size(), most_entries); ++i) {
    const RefusedCall& call = record.calls[i];
    text += "[[call]]\nname = " + quoted(call.name) + "\ncount = " + std::to_string(call.count) + "\n";
  }
  for (std::size_t i = 0; i < std::min(record.hosts.size(), most_entries); ++i) text += host_lines(record.hosts[i]);
  return text + list_lines("came-loose", record.came_loose) + list_lines("git", record.git);
}

std::optional<RefusalRecord> record_from_toml(std::string_view text) {
  const auto parsed = parse_document(text);
  const Value* const document = std::get_if<Value>(&parsed);
  if (!document || number_in(*document, "version") != format) return {};
  RefusalRecord record{.when = number_in(*document, "when"), .timeout = text_in(*document, "timeout")};
  for (const Value& word : items_in(*document, "command")) record.command.push_back(utf8_to_bytes(word.text));
  for (const Value& call : items_in(*document, "call")) {
    record.calls.push_back({text_in(call, "name"), static_cast<std::uint64_t>(number_in(call, "count"))});
  }
  for (const Value& host : items_in(*document, "host")) record.add(host_in(host));
  record.came_loose = told_in(*document, "came-loose");
  record.git = told_in(*document, "git");
  return record;
}

RefusalFile::RefusalFile(const std::string& state_directory, const std::string& name)
    : directory_(join(state_directory, "refused")), path_(join(directory_, name)) {}

Result<void> RefusalFile::write(const RefusalRecord& record) const {
  if (record.empty()) {
    if (unlink(path_.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
    return sys_error("remove " + quote_for_display(path_));
  }
  const auto lock = lock_directory(directory_);
  if (!lock) return lock.error();
  return replace_file(path_, to_toml(record));
}

std::optional<RefusalRecord> RefusalFile::read() const {
  const auto text = read_file(path_, largest_file);
  return text ? record_from_toml(*text) : std::nullopt;
}

}  // namespace snug
