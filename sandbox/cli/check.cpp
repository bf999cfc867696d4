#include "cli/choose_profile.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/print.h"
#include "cli/surroundings.h"

namespace snug {
namespace {

Result<ProfileText> text_to_check(const Invocation& invocation, const Caller& caller) {
  if (!invocation.words.empty()) return read_profile(invocation.words[0], caller);
  const auto found = find_project_profile(caller.cwd, caller.home);
  if (found) return read_profile(*found, caller);
  return Error{.what = "no snug.toml here or above", .fix = "snug check FILE"};
}

std::vector<Diagnostic> find_mistakes(const ProfileText& text) {
  return all_mistakes(load_profile({text}, {}));
}

bool print_mistakes(const ProfileText& text, const std::vector<Diagnostic>& mistakes, bool json) {
  if (json) return print_data(mistakes_to_json(text.file, mistakes));
  for (const auto& mistake : mistakes) print_message(to_text(mistake));
  return !mistakes.empty() || print_data(printable(text.file) + ": no mistakes\n");
}

}  // namespace

int check_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  const auto text = text_to_check(invocation, *caller);
  if (!text) return print_error(text.error()), status_usage;
  const auto mistakes = find_mistakes(*text);
  if (!print_mistakes(*text, mistakes, invocation.json)) return status_usage;
  return mistakes.empty() ? 0 : status_found;
}

}  // namespace snug
