#include "cli/options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "cli/parse.h"

namespace snug {
namespace {

constexpr auto append = Override::How::append;
constexpr auto replace = Override::How::replace;

constexpr std::array options{
    SharedOption{"--read", "PATH", "filesystem.read", append, ValueKind::path, "View",
                 "show PATH read-only; PATH? is skipped if absent"},
    SharedOption{"--write", "PATH", "filesystem.write", append, ValueKind::path, "View", "show PATH writable"},
    SharedOption{"--overlay", "PATH", "filesystem.overlay", append, ValueKind::path, "View",
                 "show PATH, keep writes away from it"},
    SharedOption{"--hide", "PATH", "filesystem.hide", append, ValueKind::path, "View",
                 "make PATH or a glob unreadable"},
    SharedOption{"--tmpfs", "PATH", "filesystem.tmpfs", append, ValueKind::path, "View", "an empty directory at PATH"},
    SharedOption{"--project", "MODE", "filesystem.project", replace, ValueKind::text, "View",
                 "write, read, overlay or none"},
    SharedOption{"--home", "MODE", "filesystem.home", replace, ValueKind::text, "View", "stored, tmpfs or none"},
    SharedOption{"--root", "ROOT", "filesystem.root", replace, ValueKind::root, "View", "host, empty or a directory"},
    SharedOption{"--net", "MODE", "network.mode", replace, ValueKind::text, "Network", "none, filtered or host"},
    SharedOption{"--allow", "HOST[:PORT]", "network.allow", append, ValueKind::text, "Network",
                 "let the sandbox reach HOST"},
    SharedOption{"--publish", "[ADDR:]PORT[:PORT]", "network.publish", append, ValueKind::text, "Network",
                 "make a port reachable from the host"},
    SharedOption{"--env", "K=V", "environment.set", replace, ValueKind::variable, "Command", "set a variable"},
    SharedOption{"--pass", "K", "environment.pass", append, ValueKind::text, "Command",
                 "pass a variable on; LC_* takes all that match"},
    SharedOption{"--hostname", "H", "hostname", replace, ValueKind::text, "Command", "the host name inside"},
    SharedOption{"--user", "U", "user", replace, ValueKind::id, "Command", "who `id` says: self, root or a number"},
    SharedOption{"--workdir", "D", "workdir", replace, ValueKind::path, "Command", "start in D"},
    SharedOption{"--memory", "N", "limits.memory", replace, ValueKind::text, "Limits", "memory, as 512M or 4G"},
    SharedOption{"--processes", "N", "limits.processes", replace, ValueKind::number, "Limits", "number of processes"},
    SharedOption{"--timeout", "T", "limits.timeout", replace, ValueKind::text, "Limits",
                 "end it after T, as 90s or 30m"},
    SharedOption{"--set", "KEY=VALUE", "", replace, ValueKind::setting, "Profile",
                 "any profile key, as limits.rlimit.nofile=4096"},
};

Error usage(const SharedOption& option, const std::string& problem, const std::string& fix) {
  return Error{.what = std::string(option.name) + ": " + problem, .fix = fix};
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

// 12, -3, 2.5: what TOML reads as a number. "4G" and "30m" are text.
bool is_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return all_digits(text);
  return all_digits(text.substr(0, dot)) && all_digits(text.substr(dot + 1));
}

// A value of --set: TOML if it looks like TOML, else text, so that nobody has to quote twice.
std::string setting_value(const std::string& text) {
  const bool toml = text == "true" || text == "false" || is_number(text) ||
                    (!text.empty() && std::string_view("\"'[{").find(text.front()) != std::string_view::npos);
  return toml ? text : toml_quote(text);
}

bool is_root_word(const std::string& word) { return word == "host" || word == "empty" || word.starts_with("image:"); }

Result<Override> variable(const SharedOption& option, const std::string& word) {
  const auto equals = word.find('=');
  if (equals == 0) return usage(option, "\"" + word + "\" has no name", "--env NAME=VALUE");
  if (equals == std::string::npos) {
    return usage(option, "\"" + word + "\" has no value",
                 "--env " + word + "=VALUE, or --pass " + word + " to pass on what the variable holds now");
  }
  // Quoted, because a variable's name may hold what a bare TOML key may not.
  const std::string key = std::string(option.key) + "." + toml_quote(word.substr(0, equals));
  return Override{.key = key, .value = toml_quote(word.substr(equals + 1)), .option = option.name};
}

Result<Override> setting(const SharedOption& option, const std::string& word) {
  const auto equals = word.find('=');
  if (equals == std::string::npos || equals == 0) {
    return usage(option, "\"" + word + "\" is not KEY=VALUE", "--set limits.rlimit.nofile=4096");
  }
  return Override{
      .key = word.substr(0, equals), .value = setting_value(word.substr(equals + 1)), .option = option.name};
}

std::string plain_value(ValueKind kind, const std::string& word, const std::string& cwd) {
  const bool is_path = kind == ValueKind::path || (kind == ValueKind::root && !is_root_word(word));
  const bool takes_out = is_path && word.starts_with('!');
  if (takes_out) return toml_quote("!" + absolute_from(cwd, word.substr(1)));
  if (is_path) return toml_quote(absolute_from(cwd, word));
  if (kind == ValueKind::number || (kind == ValueKind::id && all_digits(word))) return word;
  return toml_quote(word);
}

}  // namespace

std::span<const SharedOption> shared_options() { return options; }

Result<Override> to_override(const SharedOption& option, const std::string& word, const std::string& cwd) {
  if (option.kind == ValueKind::variable) return variable(option, word);
  if (option.kind == ValueKind::setting) return setting(option, word);
  if (word.empty()) return usage(option, "the value is empty", std::string(option.name) + " " + option.metavar);
  if (option.kind == ValueKind::number && !all_digits(word)) {
    return usage(option, "\"" + word + "\" is not a number", std::string(option.name) + " 512");
  }
  return Override{
      .key = option.key, .value = plain_value(option.kind, word, cwd), .how = option.how, .option = option.name};
}

}  // namespace snug
