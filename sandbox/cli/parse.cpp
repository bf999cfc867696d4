// The only file that includes CLI11: it is slow to compile. Only the options of the command at hand are set up,
// because doing so for all of them costs as much as reading a profile.
#include "cli/parse.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/suggest.h"
#include "cli/elsewhere.h"
#include "cli/help.h"
#include "cli/options.h"

namespace snug {
namespace {

struct CommandRow {
  const char* name;
  Command command;
};

constexpr std::array commands{
    CommandRow{"shell", Command::shell},
    CommandRow{"run", Command::run},
    CommandRow{"plan", Command::plan},
    CommandRow{"why", Command::why},
    CommandRow{"allow", Command::allow},
    CommandRow{"init", Command::init},
    CommandRow{"diff", Command::diff},
    CommandRow{"apply", Command::apply},
    CommandRow{"discard", Command::discard},
    CommandRow{"clean", Command::clean},
    CommandRow{"ps", Command::ps},
    CommandRow{"exec", Command::exec},
    CommandRow{"kill", Command::kill},
    CommandRow{"publish", Command::publish},
    CommandRow{"logs", Command::logs},
    CommandRow{"attach", Command::attach},
    CommandRow{"wait", Command::wait},
    CommandRow{"doctor", Command::doctor},
    CommandRow{"check", Command::check},
    CommandRow{"trust", Command::trust},
    CommandRow{"help", Command::help},
    CommandRow{"version", Command::version},
    CommandRow{"complete", Command::complete},
    CommandRow{"hook", Command::hook},
};

/// A flag that means something to one command only.
struct FlagRow {
  Command command;
  const char* name;
  const char* short_name = "";  ///< "-q"
};

/// As CLI11 takes it: "-q,--quiet".
std::string spelling_of(const FlagRow& row) {
  const std::string short_name = row.short_name;
  return short_name.empty() ? row.name : short_name + "," + row.name;
}

constexpr FlagRow own_flags[] = {
    {Command::why, "--read"},
    {Command::why, "--write"},
    {Command::why, "--exec"},
    {Command::why, "--path"},
    {Command::why, "--variable"},
    {Command::why, "--syscall"},
    {Command::why, "--host"},
    {Command::allow, "--read"},
    {Command::allow, "--write"},
    {Command::allow, "--exec"},
    {Command::allow, "--path"},
    {Command::allow, "--variable"},
    {Command::allow, "--syscall"},
    {Command::allow, "--host"},
    {Command::allow, "--show"},
    {Command::allow, "--undo"},
    {Command::allow, "--session"},
    {Command::init, "--force"},
    {Command::init, "--stdout"},
    {Command::trust, "--show"},
    {Command::trust, "--undo"},
    {Command::diff, "--list"},
    {Command::diff, "--stat"},
    {Command::diff, "--name-only"},
    {Command::diff, "-z"},
    {Command::diff, "--exit-code"},
    {Command::apply, "--yes"},
    {Command::apply, "--theirs"},
    {Command::apply, "--reviewed"},
    {Command::apply, "--continue"},
    {Command::apply, "--commits"},
    {Command::apply, "--abort"},
    {Command::apply, "--patch", "-p"},
    {Command::apply, "--keep"},
    {Command::apply, "--ours"},
    {Command::discard, "--yes"},
    {Command::check, "--show"},
    {Command::check, "--diff"},
    {Command::check, "--strict"},
    {Command::check, "--fix"},
    {Command::ps, "--quiet", "-q"},
    {Command::shell, "--capture"},
    {Command::run, "--capture"},
    {Command::plan, "--capture"},
    {Command::clean, "--dry-run"},
    {Command::clean, "--yes"},
    {Command::ps, "--watch"},
    {Command::ps, "--all", "-a"},
    {Command::run, "--detach", "-d"},
    {Command::logs, "--follow", "-f"},
    {Command::shell, "--stats"},
    {Command::run, "--stats"},
};

/// The same with a value.
constexpr FlagRow own_values[] = {
    {Command::shell, "--onto"},       {Command::run, "--onto"},        {Command::plan, "--onto"},
    {Command::shell, "--over"},       {Command::run, "--over"},        {Command::plan, "--over"},
    {Command::shell, "--changes"},    {Command::run, "--changes"},     {Command::plan, "--changes"},
    {Command::shell, "--lower"},      {Command::run, "--lower"},       {Command::plan, "--lower"},
    {Command::diff, "--from"},        {Command::diff, "--merge-into"}, {Command::apply, "--from"},
    {Command::discard, "--from"},     {Command::clean, "--older"},     {Command::clean, "--larger"},
    {Command::run, "--name"},         {Command::shell, "--name"},      {Command::kill, "--signal", "-s"},
    {Command::run, "--log"},          {Command::shell, "--log"},       {Command::diff, "--paths-from"},
    {Command::apply, "--paths-from"}, {Command::exec, "--workdir"},    {Command::run, "--status-fd"},
    {Command::shell, "--status-fd"},  {Command::logs, "--tail", "-n"}, {Command::attach, "--detach-key"},
};

/// Shared options that fit a command which plans a run without one.
constexpr std::string_view planning_options[] = {"--project", "--set"};

using Words = std::vector<std::string>;

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

bool is_run_like(Command command) {
  return command == Command::shell || command == Command::run || command == Command::plan;
}

bool asks_a_plan(Command command) { return command == Command::why || command == Command::allow; }

/// Its words are no command line of their own.
bool takes_options_anywhere(Command command) {
  return asks_a_plan(command) || command == Command::diff || command == Command::apply || command == Command::clean ||
         command == Command::ps || command == Command::kill || command == Command::publish ||
         command == Command::logs || command == Command::attach || command == Command::wait;
}

const CommandRow* find_command(const std::string& word) {
  const auto row = std::find_if(commands.begin(), commands.end(), [&](const auto& r) { return word == r.name; });
  return row == commands.end() ? nullptr : &*row;
}

std::string_view name_of(Command command) { return std::ranges::find(commands, command, &CommandRow::command)->name; }

std::string did_you_mean(std::string_view word) {
  return word.empty() ? "" : "; did you mean \"" + std::string(word) + "\"?";
}

bool has_json(Command command) {
  return command == Command::plan || command == Command::why || command == Command::diff || command == Command::ps ||
         command == Command::doctor || command == Command::clean || command == Command::check ||
         command == Command::trust;
}

void add_options(CLI::App& app, Command command) {
  app.set_help_flag();  // --help is answered by our own texts
  app.add_flag("-h,--help");
  app.add_flag("-v,--verbose");
  if (has_json(command)) app.add_flag("--json");
  if (command == Command::check || command == Command::trust) app.add_flag("--list");
  if (command == Command::shell) app.add_flag("-V,--version");
  for (const auto& flag : own_flags) {
    if (flag.command == command) app.add_flag(spelling_of(flag));
  }
  const auto add_valued = [&](const std::string& names) {
    app.add_option(names)->type_size(1)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  for (const auto& option : own_values) {
    if (option.command == command) add_valued(spelling_of(option));
  }
  if (!is_run_like(command) && !asks_a_plan(command)) return;
  add_valued("-p,--profile");
  for (const auto& option : shared_options()) {
    const bool fits = std::ranges::find(planning_options, option.name) != std::end(planning_options);
    if (is_run_like(command) || fits) add_valued(option.name);
  }
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// Of a command whose words are a command line, too, the option may have been meant for that.
bool takes_command_line(Command command) {
  return command == Command::run || command == Command::plan || command == Command::exec;
}

std::string help_with_options(Command command) {
  const std::string help = "`snug help " + std::string(name_of(command)) + "` lists the options";
  return takes_command_line(command) ? help + "; those of the command belong behind it" : help;
}

Error unknown_option(const CLI::App& app, Command command, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = nearest_word(word, known);
  const std::string here = said_here(command, word);
  if (!here.empty()) return {.what = "unknown option \"" + word + "\"", .fix = here};
  return {.what = "unknown option \"" + word + "\"" + did_you_mean(near), .fix = help_with_options(command)};
}

// How many words the option at `words[at]` takes, its value included.
struct OptionExtent {
  std::size_t words = 1;
  std::optional<Error> error;
};

OptionExtent measure_long(const CLI::App& app, Command command, const Words& words, std::size_t at) {
  const auto equals = words[at].find('=');
  const std::string name = words[at].substr(0, equals);
  const auto* option = app.get_option_no_throw(name);
  if (option == nullptr) return {.error = unknown_option(app, command, name)};
  if (!takes_value(*option)) {
    if (equals == std::string::npos) return {};
    return {.error = Error{.what = name + " takes no value"}};
  }
  const bool missing = equals == std::string::npos ? at + 1 == words.size() : equals + 1 == words[at].size();
  if (missing)
    return {.error = Error{.what = name + " needs a value",
                           .fix = "`snug help " + std::string(name_of(command)) + "` shows its form"}};
  return {.words = equals == std::string::npos ? 2u : 1u};
}

// -v, -pNAME, -p NAME, -vp NAME.
OptionExtent measure_short(const CLI::App& app, Command command, const Words& words, std::size_t at) {
  const std::string& word = words[at];
  for (std::size_t i = 1; i < word.size(); ++i) {
    const std::string name{'-', word[i]};
    const auto* option = app.get_option_no_throw(name);
    if (option == nullptr) return {.error = unknown_option(app, command, i == 1 ? word : name)};
    if (!takes_value(*option)) continue;
    if (i + 1 < word.size()) return {};
    if (at + 1 == words.size())
      return {.error = Error{.what = name + " needs a value",
                             .fix = "`snug help " + std::string(name_of(command)) + "` shows its form"}};
    return {.words = 2};
  }
  return {};
}

// Where options end: CLI11 by itself would go on looking for options among the command's words.
struct Split {
  Words options, rest;
  std::optional<Error> error;
};

// Options may stand behind words of some commands, too; "--" ends them for good.
Split split_at_command(const CLI::App& app, Command command, const Words& words, std::size_t from) {
  const bool anywhere = takes_options_anywhere(command);
  Split split;
  std::size_t at = from;
  while (at < words.size() && words[at] != "--" && (anywhere || is_option(words[at]))) {
    if (!is_option(words[at])) {
      split.rest.push_back(words[at++]);
      continue;
    }
    const auto extent =
        words[at][1] == '-' ? measure_long(app, command, words, at) : measure_short(app, command, words, at);
    if (extent.error) return {.error = extent.error};
    for (const std::size_t end = at + extent.words; at < end; ++at) split.options.push_back(words[at]);
  }
  if (at < words.size() && words[at] == "--") ++at;
  split.rest.insert(split.rest.end(), words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  return split;
}

std::optional<Error> parse_strictly(CLI::App& app, Command command, Words options) {
  std::reverse(options.begin(), options.end());
  try {
    app.parse(options);
  } catch (const CLI::Error& error) {
    return Error{.what = error.what(), .fix = help_with_options(command)};
  }
  return std::nullopt;
}

bool given(const CLI::App& app, const char* name) {
  const auto* option = app.get_option_no_throw(name);
  return option != nullptr && option->count() > 0;
}

const SharedOption* find_shared(const CLI::Option& option) {
  const auto all = shared_options();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& o) { return option.check_name(o.name); });
  return found == all.end() ? nullptr : &*found;
}

// In the order typed: the n-th time an option comes up in parse_order() is its n-th result.
std::optional<Error> add_overrides(const CLI::App& app, const std::string& cwd, std::vector<Override>& overrides) {
  std::map<const CLI::Option*, std::size_t> seen;
  for (const CLI::Option* option : app.parse_order()) {
    const auto* shared = takes_value(*option) ? find_shared(*option) : nullptr;  // why's --write is a flag
    if (shared == nullptr) continue;
    auto made = to_override(*shared, option->results().at(seen[option]++), cwd);
    if (!made) return made.error();
    overrides.push_back(std::move(*made));
  }
  return std::nullopt;
}

Error unexpected_word(Command command, const std::string& word) {
  return Error{.what = "unexpected word \"" + word + "\"",
               .fix = "`snug help " + std::string(name_of(command)) + "` shows the form"};
}

std::optional<Error> check_allow(const Invocation& invocation) {
  const bool undo = invocation.has("--undo");
  if (undo && !invocation.words.empty()) {
    return Error{.what = "--undo takes the last change back, whatever it was, and no words",
                 .fix = "snug allow --undo; once more for the one before"};
  }
  if (undo || !invocation.words.empty()) return std::nullopt;
  return Error{.what = "allow: nothing to allow",
               .fix = "snug allow PATH, HOST, VARIABLE or SYSTEM-CALL; what the last run was refused: snug why"};
}

std::optional<Error> check_compared(const Words& words) {
  if (words.size() == 2) return std::nullopt;
  return Error{.what = "--diff compares two profiles", .fix = "snug check --diff default ./snug.toml"};
}

std::optional<Error> check_words(const Invocation& invocation) {
  const Command command = invocation.command;
  const Words& words = invocation.words;
  if (invocation.has("--diff")) return check_compared(words);
  if (command == Command::run && words.empty()) {
    return Error{.what = "run: no command given", .fix = "snug run [options] [--] CMD...; `snug` alone starts a shell"};
  }
  const bool takes_sandbox = command == Command::kill || command == Command::exec || command == Command::logs ||
                             command == Command::attach || command == Command::wait;
  if (takes_sandbox && words.empty()) {
    const std::string name(name_of(command));
    return Error{.what = name + ": no sandbox given",
                 .fix = "snug " + name + " ID|NAME; `snug ps` lists those that run"};
  }
  if (command == Command::publish && words.empty()) {
    return Error{.what = "publish: no port given", .fix = "snug publish [ID|NAME] [ADDR:]PORT[:PORT]"};
  }
  if (command == Command::hook && words.empty()) {
    return Error{.what = "hook: no shell given", .fix = "eval \"$(snug hook bash)\"; or zsh, or fish"};
  }
  const bool takes_none = command == Command::shell || command == Command::discard || command == Command::doctor ||
                          command == Command::version;
  if (takes_none && !words.empty()) return unexpected_word(command, words[0]);
  const bool takes_one = command == Command::why || command == Command::init || command == Command::check ||
                         command == Command::trust || command == Command::hook || command == Command::ps ||
                         command == Command::logs || command == Command::attach || command == Command::wait ||
                         command == Command::help;
  if (takes_one && words.size() > 1) return unexpected_word(command, words[1]);
  return std::nullopt;
}

Error unknown_command(const std::string& word) {
  const auto known = command_names();
  const auto near = nearest_word(word, known);
  return Error{.what = "unknown command \"" + word + "\"" + did_you_mean(near),
               .fix = "to run it in the sandbox: snug run " + word};
}

Invocation help_for(std::optional<Command> command) { return {.command = Command::help, .help = help_text(command)}; }

ParseOutcome help_about(const Words& words) {
  if (words.empty()) return {.invocation = help_for(std::nullopt)};
  const auto* row = find_command(words[0]);
  if (row == nullptr) return {.invocation = {.command = Command::help}, .error = unknown_command(words[0])};
  return {.invocation = help_for(row->command)};
}

// `named`: the command was spelled out, so that --help is about it alone.
ParseOutcome parse_options(Command command, bool named, const Words& arguments, const std::string& cwd) {
  ParseOutcome outcome{.invocation = {.command = command}};
  CLI::App app;
  add_options(app, command);
  auto split = split_at_command(app, command, arguments, named ? 1 : 0);
  outcome.error = split.error ? split.error : parse_strictly(app, command, split.options);
  if (outcome.error) return outcome;
  if (given(app, "--help")) return {.invocation = help_for(named ? std::optional(command) : std::nullopt)};
  if (given(app, "--version")) return {.invocation = {.command = Command::version}};

  auto& invocation = outcome.invocation;
  invocation.json = given(app, "--json");
  invocation.list = given(app, "--list");
  invocation.verbose = given(app, "--verbose");
  for (const auto& flag : own_flags) {
    if (flag.command == command && given(app, flag.name)) invocation.flags.emplace_back(flag.name);
  }
  for (const auto& option : own_values) {
    if (option.command != command || !given(app, option.name)) continue;
    invocation.values[option.name] = app.get_option(option.name)->results();
  }
  if (given(app, "--profile")) invocation.profile = app.get_option("--profile")->results().back();
  invocation.words = std::move(split.rest);
  outcome.error = check_words(invocation);
  if (invocation.list && !invocation.words.empty()) outcome.error = unexpected_word(command, invocation.words[0]);
  if (!outcome.error && command == Command::allow) outcome.error = check_allow(invocation);
  if (!outcome.error) outcome.error = add_overrides(app, cwd, invocation.overrides);
  if (!outcome.error && command == Command::help) return help_about(invocation.words);
  return outcome;
}

}  // namespace

std::string absolute_from(const std::string& cwd, std::string path) {
  if (path.starts_with("/") || path == "~" || path.starts_with("~/") || path.starts_with("**")) return path;
  std::string base = cwd;
  const auto drop = [&](std::string_view lead) {
    if (path != lead && !path.starts_with(std::string(lead) + "/")) return false;
    path.erase(0, std::min(path.size(), lead.size() + 1));
    return true;
  };
  for (;;) {
    if (drop("..")) {
      base.erase(base.find_last_of('/') == std::string::npos ? 0 : base.find_last_of('/'));
    } else if (!drop(".")) {
      break;
    }
  }
  while (base.ends_with('/')) base.pop_back();
  if (path.empty()) return base.empty() ? "/" : base;
  return base + "/" + path;
}

std::vector<OptionName> option_names(Command command) {
  CLI::App app;
  add_options(app, command);
  std::vector<OptionName> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back({"--" + name, takes_value(*option)});
    for (const auto& name : option->get_snames()) names.push_back({"-" + name, takes_value(*option)});
  }
  return names;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const auto& row : commands) {
    if (row.command != Command::complete) names.emplace_back(row.name);
  }
  return names;
}

std::optional<Command> find_command_name(const std::string& word) {
  const auto* row = find_command(word);
  return row == nullptr ? std::nullopt : std::optional(row->command);
}

ParseOutcome parse_command_line(const std::vector<std::string>& arguments, const std::string& cwd) {
  if (arguments.empty() || is_option(arguments[0])) return parse_options(Command::shell, false, arguments, cwd);
  const auto* row = find_command(arguments[0]);
  if (row == nullptr) return {.invocation = {}, .error = unknown_command(arguments[0])};
  return parse_options(row->command, true, arguments, cwd);
}

}  // namespace snug
