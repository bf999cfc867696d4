#include "cli/complete.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/parse.h"
#include "profile/schema.h"
#include "profile/words.h"

namespace snug {
namespace {

using Also = Completion::Also;
using Words = std::vector<std::string>;
using WordList = std::vector<std::string_view>;

// --- the words of profile keys --------------------------------------------------------------------------

template <const auto& table>
WordList words_of() {
  WordList words;
  for (const auto& word : table) words.push_back(word.text);
  return words;
}

WordList true_or_false() { return {"true", "false"}; }

struct KeyWords {
  std::string_view key;
  WordList (*words)();
};

constexpr KeyWords key_words[] = {
    {"subids", words_of<subid_words>},
    {"toolchains", words_of<toolchain_words>},
    {"user",
     [] {
       return WordList{"self", "root"};
     }},
    {"nested", true_or_false},
    {"filesystem.root",
     [] {
       return WordList{"host", "empty"};
     }},
    {"filesystem.etc", words_of<etc_words>},
    {"filesystem.project", words_of<project_words>},
    {"filesystem.home", words_of<home_words>},
    {"filesystem.git", words_of<git_words>},
    {"network.mode", words_of<network_words>},
    {"network.ssh-agent", true_or_false},
    {"seccomp.policy", words_of<policy_words>},
    {"changes.on-success", words_of<end_words>},
    {"changes.on-failure", words_of<end_words>},
};

WordList words_for(std::string_view key) {
  const auto row = std::ranges::find(key_words, key, &KeyWords::key);
  return row == std::end(key_words) ? WordList{} : row->words();
}

/// Tables whose keys are the user's own; what stands below the others is listed by name.
constexpr std::string_view open_tables[] = {"vars", "environment.set", "limits.rlimit"};

/// Lists of tables: their inner keys cannot be set one by one.
constexpr std::string_view list_tables[] = {"filesystem.tmpfs.", "filesystem.mount.", "network.sockets.",
                                            "seccomp.rule."};

bool is_within_list(std::string_view key) {
  return std::ranges::any_of(list_tables, [&](std::string_view lead) { return key.starts_with(lead); });
}

/// "network.mode=", "limits.rlimit.": what --set can go on from.
Words settable_keys() {
  Words settable;
  const KeyNames keys = all_keys();
  for (const std::string& key : keys) {
    const bool has_inner =
        std::ranges::any_of(keys, [&](const std::string& other) { return other.starts_with(key + "."); });
    const bool is_list = is_within_list(key + ".");
    if (key == "version" || is_within_list(key) || (has_inner && !is_list)) continue;
    settable.push_back(key + (std::ranges::find(open_tables, key) == std::end(open_tables) ? "=" : "."));
  }
  return settable;
}

Words rlimit_keys() {
  Words keys;
  for (const RlimitName& limit : rlimit_names) keys.push_back("limits.rlimit." + std::string(limit.name) + "=");
  return keys;
}

// --- one answer -----------------------------------------------------------------------------------------

/// Candidates for one word: those that begin as it does.
class Answer {
 public:
  explicit Answer(std::string word) : word_(std::move(word)) {}

  /// `lead` stands before what is completed: "--net=".
  void set_lead(std::string lead) { lead_ = std::move(lead); }
  void offer(std::string_view word, std::string_view help = {}) {
    std::string whole = lead_ + std::string(word);
    if (whole.starts_with(word_)) made_.candidates.push_back({std::move(whole), std::string(help)});
  }
  void offer_all(const auto& words) {
    for (const auto& word : words) offer(word);
  }
  void also(Also more) { made_.also = more; }
  void also_command(std::size_t at) {
    made_.also = Also::command;
    made_.command_at = at;
  }
  const std::string& word() const { return word_; }
  Completion take() { return std::move(made_); }

 private:
  std::string word_, lead_;
  Completion made_;
};

/// What a line of --help says behind `lead`, such as "      --json".
std::string help_behind(std::string_view help, std::string_view lead) {
  std::size_t at = help.find("\n" + std::string(lead) + " ");
  if (at == std::string_view::npos) return {};
  std::string_view line = help.substr(at + 1, help.find('\n', at + 1) - at - 1);
  line.remove_prefix(lead.size());
  const std::size_t gap = line.find("  ");
  if (gap == std::string_view::npos) return {};
  line.remove_prefix(std::min(line.find_first_not_of(' ', gap), line.size()));
  return std::string(line);
}

std::string option_help(const std::string& help, const std::string& name) {
  for (const std::string lead :
       {"      ", "  -p, ", "  -v, ", "  -h, ", "  -V, ", "  -q, ", "  -s, ", "  -a, ", "  -d, ", "  -f, ", "  -n, "}) {
    if (std::string found = help_behind(help, lead + name); !found.empty()) return found;
  }
  return {};
}

// Those of one letter are no shorter to type, and each has a long name.
void offer_options(Answer& answer, Command command) {
  const std::string help = help_text(command);
  for (const OptionName& option : option_names(command)) {
    if (option.name.starts_with("--")) answer.offer(option.name, option_help(help, option.name));
  }
}

void offer_commands(Answer& answer) {
  const std::string overview = help_text(std::nullopt);
  for (const std::string_view name : command_names()) {
    answer.offer(name, help_behind(overview, "  snug " + std::string(name)));
  }
}

// --- values of options ----------------------------------------------------------------------------------

void offer_setting(Answer& answer, std::string_view value, const std::string& lead) {
  const std::size_t equals = value.find('=');
  if (equals == std::string_view::npos) {
    answer.offer_all(settable_keys());
    return answer.offer_all(rlimit_keys());
  }
  answer.set_lead(lead + std::string(value.substr(0, equals + 1)));
  answer.offer_all(words_for(value.substr(0, equals)));
}

void offer_variables(Answer& answer, const CompletionSources& sources, std::string_view ending) {
  if (answer.word().ends_with('=')) return;
  for (const std::string& name : sources.variables) answer.offer(name + std::string(ending));
}

bool takes_directories(std::string_view key) {
  return key == "filesystem.tmpfs" || key == "filesystem.root" || key == "workdir";
}

void offer_shared(Answer& answer, const SharedOption& option, std::string_view value, const std::string& lead,
                  const CompletionSources& sources) {
  if (option.kind == ValueKind::setting) return offer_setting(answer, value, lead);
  if (option.kind == ValueKind::variable) return offer_variables(answer, sources, "=");
  const std::string_view key = option.key;
  if (key == "environment.pass") return offer_variables(answer, sources, "");
  answer.offer_all(words_for(key));
  const bool is_path = option.kind == ValueKind::path || option.kind == ValueKind::root;
  if (is_path) answer.also(takes_directories(key) ? Also::directories : Also::files);
}

void offer_signals(Answer& answer) {
  for (int number = 1; number < SIGRTMIN; ++number) {
    const char* const name = sigabbrev_np(number);
    if (name != nullptr) answer.offer(name);
  }
}

// `lead`: "--net=" where the value is part of the same word.
void offer_value(Answer& answer, std::string_view name, const std::string& lead, const CompletionSources& sources) {
  answer.set_lead(lead);
  if (name == "--profile" || name == "-p") {
    answer.offer_all(sources.profiles);
    return answer.also(Also::files);
  }
  if (name == "--log") return answer.also(Also::files);
  if (name == "--signal" || name == "-s") return offer_signals(answer);
  const std::string value = answer.word().substr(lead.size());
  const auto shared = shared_options();
  const auto option = std::ranges::find(shared, name, [](const SharedOption& o) { return std::string_view(o.name); });
  if (option != shared.end()) offer_shared(answer, *option, value, lead, sources);
}

// --- words that are no options --------------------------------------------------------------------------

enum class Takes {
  nothing,
  profiles,
  commands,
  shells,
  command_line,
  sandbox,
  sandboxes,
  detached,
  attachable,
  sandbox_and_command
};

struct PositionalRow {
  std::string_view command;
  Takes takes;
};

/// Commands that are not here take files.
constexpr PositionalRow positional_rows[] = {
    {"shell", Takes::nothing},
    {"discard", Takes::nothing},
    {"doctor", Takes::nothing},
    {"version", Takes::nothing},
    {"check", Takes::profiles},
    {"trust", Takes::profiles},
    {"help", Takes::commands},
    {"hook", Takes::shells},
    {"run", Takes::command_line},
    {"plan", Takes::command_line},
    {"ps", Takes::sandbox},
    {"kill", Takes::sandboxes},
    {"publish", Takes::sandboxes},
    {"logs", Takes::detached},
    {"attach", Takes::attachable},
    {"wait", Takes::detached},
    {"exec", Takes::sandbox_and_command},
};

// Behind the sandbox, and perhaps "--".
void offer_entering(Answer& answer, const Words& words, std::size_t at) {
  const bool dashes = words.size() > at + 2 && words[at + 1] == "--";
  answer.also_command(at + (dashes ? 2 : 1));
}

void offer_named(Answer& answer, const std::vector<Candidate>& named) {
  for (const Candidate& one : named) answer.offer(one.word, one.help);
}

void offer_positional(Answer& answer, const Words& words, std::size_t at, const CompletionSources& sources) {
  const auto row = std::ranges::find(positional_rows, words[0], &PositionalRow::command);
  if (row == std::end(positional_rows)) return answer.also(Also::files);
  const auto only_first = [&](const std::vector<Candidate>& named) {
    if (at + 1 == words.size()) offer_named(answer, named);
  };
  switch (row->takes) {
    case Takes::nothing:
      return;
    case Takes::commands:
      return offer_commands(answer);
    case Takes::shells:
      return answer.offer_all(std::array{"bash", "zsh", "fish"});
    case Takes::command_line:
      return answer.also_command(at);
    case Takes::sandbox_and_command:
      if (at + 1 < words.size()) return offer_entering(answer, words, at);
      [[fallthrough]];
    case Takes::sandboxes:
      return offer_named(answer, sources.sandboxes);
    case Takes::sandbox:
      return only_first(sources.sandboxes);
    case Takes::detached:
      return only_first(sources.detached);
    case Takes::attachable:
      return only_first(sources.attachable);
    case Takes::profiles:
      answer.offer_all(sources.profiles);
      return answer.also(Also::files);
  }
}

// --- where the cursor stands ----------------------------------------------------------------------------

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

/// Does the option `word` take the word behind it? -p, -vp, --net; not -pNAME, --net=host.
bool takes_next(const std::vector<OptionName>& options, std::string_view word) {
  if (word.starts_with("--")) {
    const auto option = std::ranges::find(options, word, &OptionName::name);
    return option != options.end() && option->takes_value;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto option = std::ranges::find(options, std::string{'-', word[i]}, &OptionName::name);
    if (option != options.end() && option->takes_value) return i + 1 == word.size();
  }
  return false;
}

/// The cursor's word as part of the options of `command`.
void offer_option_word(Answer& answer, Command command, const CompletionSources& sources) {
  const std::size_t equals = answer.word().find('=');
  if (!answer.word().starts_with("--") || equals == std::string::npos) return offer_options(answer, command);
  offer_value(answer, answer.word().substr(0, equals), answer.word().substr(0, equals + 1), sources);
}

void answer_line(Answer& answer, const Words& words, const CompletionSources& sources) {
  const std::size_t cursor = words.size() - 1;
  const std::optional<Command> named = cursor > 0 ? find_command_name(words[0]) : std::nullopt;
  const Command command = named.value_or(Command::shell);
  const std::vector<OptionName> options = option_names(command);

  std::size_t at = named ? 1 : 0;
  while (at < cursor && is_option(words[at]) && words[at] != "--") {
    const bool takes = takes_next(options, words[at]);
    if (takes && at + 1 == cursor) {
      const std::string name = words[at].starts_with("--") ? words[at] : std::string{'-', words[at].back()};
      return offer_value(answer, name, "", sources);
    }
    at += takes ? 2 : 1;
  }
  const bool ended = at < cursor && words[at] == "--";
  if (ended) ++at;
  if (at == cursor && !ended && answer.word().starts_with('-')) return offer_option_word(answer, command, sources);
  if (!named) return at == 0 && cursor == 0 ? offer_commands(answer) : void();
  offer_positional(answer, words, at, sources);
}

}  // namespace

Completion complete(const std::vector<std::string>& words, const CompletionSources& sources) {
  const Words known = words.empty() ? Words{""} : words;
  Answer answer(known.back());
  answer_line(answer, known, sources);
  return answer.take();
}

std::string completion_to_text(const Completion& completion) {
  std::string text;
  for (const Candidate& candidate : completion.candidates) text += candidate.word + "\t" + candidate.help + "\n";
  switch (completion.also) {
    case Also::nothing:
      return text;
    case Also::files:
      return text + ":files\n";
    case Also::directories:
      return text + ":directories\n";
    case Also::command:
      break;
  }
  return text + ":command " + std::to_string(completion.command_at) + "\n";
}

}  // namespace snug
