#include "cli/choose_profile.h"
#include "cli/commands.h"
#include "cli/difference.h"
#include "cli/examine.h"
#include "cli/fix.h"
#include "cli/json.h"
#include "cli/mistakes.h"
#include "cli/print.h"
#include "cli/profile_files.h"
#include "cli/surroundings.h"
#include "cli/trust.h"
#include "host/probe.h"
#include "plan/build.h"
#include "plan/lint.h"
#include "profile/compare.h"
#include "profile/print.h"

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

std::string advice_text(const Finding& finding) {
  return to_text(finding.origin) + ": advice: " + finding.what + "\n  why: " + std::string(finding.why) +
         "\n  fix: " + finding.fix;
}

std::vector<Diagnostic> all_notes(const Report& report) {
  std::vector<Diagnostic> notes = report.unapproved;
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  return notes;
}

bool print_report(const Report& report, bool json) {
  if (json) return print_data(report_to_json(report.name, report.mistakes, all_notes(report), report.advice));
  for (const auto& mistake : report.mistakes) print_message(to_text(mistake));
  for (const auto& note : all_notes(report)) print_message("note: " + to_text(note));
  for (const auto& finding : report.advice) print_message(advice_text(finding));
  return !report.mistakes.empty() || print_data(printable(report.name) + ": no mistakes\n");
}

int conclude(const Invocation& invocation, const Report& report) {
  if (!print_report(report, invocation.json)) return status_usage;
  const bool found = !report.mistakes.empty() || (invocation.has("--strict") && !report.advice.empty());
  return found ? status_found : 0;
}

/// What was approved before stays so: the user asked for these bytes, and they only take something away.
Result<void> approve_again(const Mending& mending, const Caller& caller) {
  return mending.was_trusted && !mending.files.empty() ? write_approval(mending.report.side.approval, caller)
                                                       : Result<void>();
}

int fix(const Invocation& invocation, const ChosenProfile& chosen, const Caller& caller) {
  const Mending mending = mend(chosen, caller);
  if (auto written = write_mended(mending.files, caller); !written) return print_error(written.error()), status_usage;
  if (auto approved = approve_again(mending, caller); !approved) print_error(approved.error());
  for (const MendedFile& file : mending.files) {
    if (!print_data(difference(file.path, file.before, file.after))) return status_usage;
  }
  for (const std::string& line : mending.mended) print_message(line);
  for (const std::string& line : mending.not_mended) print_message("left as it is: " + line);
  return conclude(invocation, mending.report);
}

int check_one(const Invocation& invocation, const Caller& caller) {
  const auto chosen = profile_to_check(invocation, caller);
  if (!chosen) return print_error(chosen.error()), status_usage;
  for (const auto& notice : chosen->notices) print_message(notice);
  if (invocation.has("--fix")) return fix(invocation, *chosen, caller);
  return conclude(invocation, examine(*chosen, caller));
}

// --- what profiles come to ------------------------------------------------------------------------------

/// The profile with all it extends; without one, with every mistake printed.
std::optional<Profile> resolve(const std::optional<std::string>& named, const Caller& caller) {
  const auto host = real_host_view();
  auto chosen = choose_profile(named, caller, *host);
  if (!chosen) return print_error(chosen.error()), std::nullopt;
  // The user's own file for the project belongs to runs, not to the profile that is named.
  if (named && chosen->texts.size() > 1) chosen->texts.resize(1);
  auto outcome = load_profile(chosen->texts, {}, load_context(caller, chosen->project.path));
  const auto mistakes = mistakes_in(outcome);
  for (const auto& mistake : mistakes) print_message(to_text(mistake));
  if (!mistakes.empty()) return std::nullopt;
  return std::move(outcome.profile);
}

int show(const Invocation& invocation, const Caller& caller) {
  std::optional<std::string> named;
  if (!invocation.words.empty()) named = invocation.words[0];
  const auto profile = resolve(named, caller);
  if (!profile) return status_usage;
  return print_data(profile_to_toml(*profile, caller.cwd)) ? 0 : status_usage;
}

const char* direction_word(Difference::Direction direction) {
  switch (direction) {
    case Difference::Direction::wider:
      return "wider     ";
    case Difference::Direction::narrower:
      return "narrower  ";
    case Difference::Direction::other:
      break;
  }
  return "different ";
}

int diff(const Invocation& invocation, const Caller& caller) {
  const auto first = resolve(invocation.words[0], caller);
  const auto second = resolve(invocation.words[1], caller);
  if (!first || !second) return status_usage;
  std::string text;
  const auto differences = compare_profiles(*first, *second, caller.cwd);
  for (const auto& one : differences) text += printable(direction_word(one.direction) + one.what) + "\n";
  if (!print_data(text)) return status_usage;
  return differences.empty() ? 0 : status_found;
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
  if (invocation.list) return list_all(invocation, *caller);
  if (invocation.has("--show")) return show(invocation, *caller);
  if (invocation.has("--diff")) return diff(invocation, *caller);
  return check_one(invocation, *caller);
}

}  // namespace snug
