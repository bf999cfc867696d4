#include "cli/choose_profile.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/mistakes.h"
#include "cli/print.h"
#include "cli/profile_files.h"
#include "cli/surroundings.h"
#include "cli/trust.h"
#include "host/probe.h"

namespace snug {
namespace {

// --- one profile's mistakes -----------------------------------------------------------------------------

/// What is named alone, or the project's with the user's own file on top.
Result<ChosenProfile> profile_to_check(const Invocation& invocation, const Caller& caller) {
  const auto host = real_host_view();
  if (invocation.words.empty()) {
    auto chosen = choose_profile(std::nullopt, caller, *host);
    if (!chosen || !chosen->file.empty()) return chosen;
    return Error{.what = "no snug.toml here or above", .fix = "snug check FILE"};
  }
  auto chosen = choose_profile(invocation.words[0], caller, *host);
  if (chosen && chosen->texts.empty()) chosen->texts.push_back({.name = "default"});
  if (chosen) chosen->texts.resize(1);
  return chosen;
}

bool print_findings(const ProfileText& text, const std::vector<Diagnostic>& mistakes,
                    const std::vector<Diagnostic>& notes, bool json) {
  const std::string name = text.file.empty() ? text.name : text.file;
  if (json) return print_data(mistakes_to_json(name, mistakes, notes));
  for (const auto& mistake : mistakes) print_message(to_text(mistake));
  for (const auto& note : notes) print_message("note: " + to_text(note));
  return !mistakes.empty() || print_data(printable(name) + ": no mistakes\n");
}

/// What of it does nothing before it is approved.
std::vector<Diagnostic> unapproved(const std::vector<Document>& documents, const ChosenProfile& chosen,
                                   const Caller& caller) {
  const ProjectSide side = find_project_side(documents, chosen, caller);
  const auto approval = read_approval(side.approval.profile, caller);
  const bool trusted = approval && *approval && covers(**approval, side);
  std::vector<Diagnostic> notes = trusted ? std::vector<Diagnostic>() : side.widenings;
  for (Diagnostic& note : notes) note.message += "; needs your approval (snug trust)";
  return notes;
}

int check_one(const Invocation& invocation, const Caller& caller) {
  const auto chosen = profile_to_check(invocation, caller);
  if (!chosen) return print_error(chosen.error()), status_usage;
  for (const auto& notice : chosen->notices) print_message(notice);
  const LoadContext context = load_context(caller, chosen->project.path);
  auto documents = read_closure(chosen->texts, context.find, context.known.home);
  std::vector<Diagnostic> notes = unapproved(documents, *chosen, caller);
  const auto outcome = load_documents(std::move(documents), {}, context);
  notes.insert(notes.end(), outcome.notes.begin(), outcome.notes.end());
  const auto mistakes = mistakes_in(outcome);
  if (!print_findings(chosen->texts.front(), mistakes, notes, invocation.json)) return status_usage;
  return mistakes.empty() ? 0 : status_found;
}

// --- all profiles by name -------------------------------------------------------------------------------

ListedProfile describe(const NamedProfile& named, const Caller& caller) {
  ListedProfile listed{.name = named.name, .file = named.file};
  const auto text = read_named_profile(named.name, caller);
  if (!text) {
    listed.mistakes = 1;
    listed.description = to_text(text.error());
    return listed;
  }
  const auto outcome = load_profile({*text}, {}, load_context(caller, caller.cwd));
  listed.mistakes = outcome.diagnostics.size();
  listed.description = outcome.profile.description;
  return listed;
}

std::string list_line(const ListedProfile& profile, std::size_t width) {
  std::string line = profile.name;
  line.resize(width + 2, ' ');
  line += profile.mistakes == 0 ? profile.description : "cannot be used: snug check " + profile.file;
  return line + " (" + (profile.file.empty() ? "shipped" : profile.file) + ")";
}

std::string list_text(const std::vector<ListedProfile>& profiles) {
  std::size_t width = 0;
  for (const auto& profile : profiles) width = std::max(width, profile.name.size());
  std::string text;
  for (const auto& profile : profiles) text += printable(list_line(profile, width)) + "\n";
  return text;
}

int list_all(const Invocation& invocation, const Caller& caller) {
  std::vector<ListedProfile> profiles;
  for (const auto& named : list_profiles(caller)) profiles.push_back(describe(named, caller));
  const bool printed = print_data(invocation.json ? profiles_to_json(profiles) : list_text(profiles));
  return printed ? 0 : status_usage;
}

}  // namespace

int check_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  return invocation.list ? list_all(invocation, *caller) : check_one(invocation, *caller);
}

}  // namespace snug
