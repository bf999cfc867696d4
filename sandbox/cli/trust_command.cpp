// `snug trust`: shows what a profile of a project asks for, and remembers that the user agrees to it.
#include <algorithm>

#include "base/quote.h"
#include "cli/choose_profile.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/print.h"
#include "cli/profile_files.h"
#include "cli/surroundings.h"
#include "cli/trust.h"
#include "host/probe.h"

namespace snug {
namespace {

/// A profile that has no mistakes, with what of it comes from the project.
struct Examined {
  ProjectSide side;
  std::vector<Diagnostic> mistakes;
};

Result<Examined> examine(const Invocation& invocation, const Caller& caller) {
  const auto host = real_host_view();
  std::optional<std::string> named;
  if (!invocation.words.empty()) named = invocation.words[0];
  const auto chosen = choose_profile(named, caller, *host);
  if (!chosen) return chosen.error();
  if (chosen->file.empty()) return Error{.what = "no snug.toml here or above", .fix = "snug trust FILE"};
  const LoadContext context = load_context(caller, chosen->project.path);
  auto documents = read_closure(chosen->texts, context.find, context.known.home);
  Examined examined{.side = find_project_side(documents, *chosen, caller), .mistakes = {}};
  const auto outcome = load_documents(std::move(documents), {}, context);
  examined.mistakes = outcome.diagnostics;
  add_raised_limits(outcome.profile, examined.side);
  return examined;
}

std::string text_of(const ProjectSide& side) {
  std::string text;
  for (const ApprovedFile& file : side.approval.files) text += quote_for_display(file.path) + " " + file.sha256 + "\n";
  if (side.widenings.empty()) return text + "asks for nothing that needs approval\n";
  text += "asks for:\n";
  for (const Diagnostic& widening : side.widenings) text += "  " + to_text(widening) + "\n";
  return text;
}

bool print_side(const ProjectSide& side, bool trusted, bool json) {
  return print_data(json ? trust_to_json(side, trusted) : text_of(side));
}

int show_one(const ProjectSide& side, const Caller& caller, bool json) {
  const auto approval = read_approval(side.approval.profile, caller);
  if (!approval) return print_error(approval.error()), status_usage;
  const bool trusted = *approval && covers(**approval, side);
  if (!print_side(side, trusted, json)) return status_usage;
  if (*approval && !trusted && !json) print_message("it has changed since it was approved");
  return trusted || side.widenings.empty() ? 0 : status_found;
}

/// The file may be gone already, so it is not read.
int undo(const Invocation& invocation, const Caller& caller) {
  std::string file = invocation.words.empty() ? "" : absolute_from(caller.cwd, invocation.words[0]);
  if (file.empty()) {
    const auto found = find_project_profile(caller);
    if (!found) return print_error(found.error()), status_usage;
    file = found->file;
  }
  const auto removed = remove_approval(file, caller);
  if (!removed) return print_error(removed.error()), status_usage;
  print_message(quote_for_display(file) + (*removed ? " is no longer approved" : " was not approved"));
  return *removed ? 0 : status_found;
}

int approve(const Examined& examined, const Caller& caller, bool json) {
  const ProjectSide& side = examined.side;
  if (side.approval.files.empty()) {
    print_message(quote_for_display(side.approval.profile) + " does not come from a project: it needs no approval");
    return 0;
  }
  if (!print_side(side, true, json)) return status_usage;
  if (auto written = write_approval(side.approval, caller); !written) return print_error(written.error()), status_usage;
  print_message(quote_for_display(side.approval.profile) + " is approved until one of its files changes");
  return 0;
}

int list_all(const Caller& caller, bool json) {
  const auto approvals = list_approvals(caller);
  if (!approvals) return print_error(approvals.error()), status_usage;
  if (json) return print_data(approvals_to_json(*approvals)) ? 0 : status_usage;
  std::string text;
  for (const Approval& approval : *approvals) text += printable(approval.profile) + "\n";
  return print_data(text) ? 0 : status_usage;
}

}  // namespace

int trust_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  if (invocation.list) return list_all(*caller, invocation.json);
  if (invocation.has("--undo")) return undo(invocation, *caller);
  const auto examined = examine(invocation, *caller);
  if (!examined) return print_error(examined.error()), status_usage;
  for (const Diagnostic& mistake : examined->mistakes) print_message(to_text(mistake));
  if (invocation.has("--show")) return show_one(examined->side, *caller, invocation.json);
  if (!examined->mistakes.empty()) return status_usage;
  return approve(*examined, *caller, invocation.json);
}

}  // namespace snug
