// What shells ask: the words that fit at the cursor.
#include <algorithm>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/print.h"
#include "cli/profile_files.h"
#include "cli/sessions.h"
#include "cli/sessions_text.h"
#include "cli/surroundings.h"
#include "sessions/kept.h"

extern char** environ;

namespace snug {
namespace {

// A variable may have any name; what a shell cannot name is of no use on its command line.
bool is_shell_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::ranges::all_of(name, allowed);
}

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line = *entry;
    const std::string_view name = line.substr(0, line.find('='));
    if (is_shell_name(name)) names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> profile_names(const Caller& caller) {
  std::vector<std::string> names;
  for (NamedProfile& profile : list_profiles(caller)) names.push_back(std::move(profile.name));
  return names;
}

std::vector<Candidate> sandboxes_of(const Caller& caller) {
  std::vector<Candidate> candidates;
  for (const RunningSandbox& sandbox : running_sandboxes(caller)) {
    candidates.push_back({label_of(sandbox.record), command_line_of(sandbox.record.command)});
  }
  return candidates;
}

// Of a name the last is meant: it comes first.
std::vector<Candidate> candidates_of(const std::vector<KeptRun>& runs) {
  std::vector<Candidate> candidates;
  for (const KeptRun& run : runs) {
    const std::string& word = label_of(run.record);
    const bool known = std::ranges::find(candidates, word, &Candidate::word) != candidates.end();
    if (!known) candidates.push_back({word, command_line_of(run.record.command)});
  }
  return candidates;
}

// Nobody to ask means no names, not a message in the middle of a command line.
CompletionSources read_sources() {
  CompletionSources sources;
  sources.variables = environment_names();
  const auto caller = read_caller(CurrentDirectory::does_not_count);
  if (!caller) return sources;
  sources.profiles = profile_names(*caller);
  sources.sandboxes = sandboxes_of(*caller);
  std::vector<KeptRun> kept = kept_runs(place_of_kept(caller->state_dir));
  sources.detached = candidates_of(kept);
  std::erase_if(kept, [](const KeptRun& run) { return !run.runs; });
  sources.attachable = candidates_of(kept);
  return sources;
}

}  // namespace

int complete_command(const Invocation& invocation) {
  return print_data(completion_to_text(complete(invocation.words, read_sources()))) ? 0 : status_usage;
}

}  // namespace snug
