#include "cli/examine.h"

#include "cli/mistakes.h"
#include "cli/profile_files.h"
#include "host/probe.h"
#include "plan/build.h"

namespace snug {
namespace {

// What the profile comes to on this machine, as a run from here would have it. That it would not run here is no mistake
// of the profile's: it may be meant for another machine.
std::vector<Finding> advise(const Profile& profile, const ChosenProfile& chosen, const Caller& caller,
                            std::vector<Diagnostic>& notes) {
  const auto host = real_host_view();
  const Request request{.caller = caller, .profile_file = chosen.file, .project = chosen.project};
  const auto built = build_plan(profile, probe_facts(), *host, request);
  for (const auto& error : built.errors) {
    notes.push_back({.file = "this machine", .message = "it would not run here: " + to_text(error)});
  }
  if (!built.errors.empty()) return {};
  return lint({profile, built.plan, caller, *host});
}

std::vector<Diagnostic> unapproved(const Report& report) {
  std::vector<Diagnostic> notes = report.trusted ? std::vector<Diagnostic>() : report.side.widenings;
  for (Diagnostic& note : notes) note.message += "; needs your approval (snug trust)";
  return notes;
}

}  // namespace

Report examine(const ChosenProfile& chosen, const Caller& caller) {
  const ProfileText& text = chosen.texts.front();
  const LoadContext context = load_context(caller, chosen.project.path);
  auto documents = read_closure(chosen.texts, context.find, context.known.home);
  Report report{.name = text.file.empty() ? text.name : text.file};
  report.side = find_project_side(documents, chosen, caller);
  const auto approval = read_approval(report.side.approval.profile, caller);
  report.trusted = approval && *approval && covers(**approval, report.side);
  report.unapproved = unapproved(report);
  const auto outcome = load_documents(std::move(documents), {}, context);
  report.mistakes = mistakes_in(outcome);
  report.notes = outcome.notes;
  if (report.mistakes.empty()) report.advice = advise(outcome.profile, chosen, caller, report.notes);
  return report;
}

}  // namespace snug
