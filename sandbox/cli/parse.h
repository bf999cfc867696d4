// argv -> Invocation: which command, with which options. A pure function; the options shared by run-like commands
// become overrides of profile keys here.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "profile/load.h"

namespace snug {

enum class Command {
  shell,
  run,
  plan,
  why,
  allow,
  init,
  diff,
  apply,
  discard,
  ps,
  exec,
  kill,
  logs,
  attach,
  wait,
  publish,
  doctor,
  clean,
  check,
  trust,
  hook,
  help,
  version,
  complete
};

struct Invocation {
  Command command = Command::shell;
  std::optional<std::string> profile;  ///< -p as typed: a name or a file
  std::vector<Override> overrides;     ///< in the order typed
  std::vector<std::string> words;  ///< run, plan: the command; why, allow: what; check: the file; init: the directory
  bool json = false;
  bool list = false;  ///< check, trust: all profiles instead of one
  bool verbose = false;
  std::vector<std::string> flags;  ///< the command's own, as they were given: "--write"
  /// The command's own options with a value, each as often as it was given: "--from".
  std::map<std::string, std::vector<std::string>> values;
  std::string help;  ///< with Command::help: the text to print

  bool has(std::string_view flag) const { return std::find(flags.begin(), flags.end(), flag) != flags.end(); }
  std::optional<std::string> value(const std::string& option) const {
    const auto found = values.find(option);
    return found == values.end() ? std::nullopt : std::optional(found->second.back());
  }
  std::vector<std::string> all_values(const std::string& option) const {
    const auto found = values.find(option);
    return found == values.end() ? std::vector<std::string>{} : found->second;
  }
};

/// A usage error still says for which command, because exit statuses differ.
struct ParseOutcome {
  Invocation invocation;
  std::optional<Error> error;
};

/// `arguments` without argv[0]. Relative paths among the options are taken from `cwd` (absolute). Options end at the
/// first word that is not one, or at "--"; all that follows belongs to the command.
ParseOutcome parse_command_line(const std::vector<std::string>& arguments, const std::string& cwd);

// --- what the command line knows, for completions --------------------------------------------------------

struct OptionName {
  std::string name;  ///< "--read", "-p"
  bool takes_value = false;
};

/// Every option of `command`, as it is parsed.
std::vector<OptionName> option_names(Command command);

/// Every command that people use.
std::vector<std::string_view> command_names();

std::optional<Command> find_command_name(const std::string& word);

/// `path` as an absolute one; "~/..." and globs that begin with "**" are left for the planner, "./" and leading "../"
/// are resolved by text (`cwd` holds no symbolic link).
std::string absolute_from(const std::string& cwd, std::string path);

}  // namespace snug
