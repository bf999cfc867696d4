// What shells ask: the words that fit at the cursor.
#include <algorithm>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/print.h"
#include "cli/profile_files.h"
#include "cli/surroundings.h"

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

// Nobody to ask means no names, not a message in the middle of a command line.
std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  const auto caller = read_caller();
  if (!caller) return names;
  for (NamedProfile& profile : list_profiles(*caller)) names.push_back(std::move(profile.name));
  return names;
}

}  // namespace

int complete_command(const Invocation& invocation) {
  const CompletionSources sources{.profiles = profile_names(), .variables = environment_names()};
  return print_data(completion_to_text(complete(invocation.words, sources))) ? 0 : status_usage;
}

}  // namespace snug
