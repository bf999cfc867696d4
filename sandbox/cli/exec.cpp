// snug exec: another command in a sandbox that runs.
#include "base/paths.h"
#include "cli/commands.h"
#include "cli/join.h"
#include "cli/print.h"
#include "cli/sessions.h"
#include "cli/surroundings.h"
#include "run/enter.h"

namespace snug {
namespace {

// Same paths inside and outside: a directory of the project is one inside.
std::string workdir_for(const Invocation& invocation, const Caller& caller, const SessionRecord& record) {
  if (const auto wanted = invocation.value("--workdir")) return absolute_from(caller.cwd, *wanted);
  return !record.project.empty() && is_below(caller.cwd, record.project) ? caller.cwd : "";
}

Origin workdir_origin(const Invocation& invocation) {
  if (invocation.value("--workdir")) return {.kind = OriginKind::option, .source = "--workdir"};
  return {.key = "current directory"};
}

// The name, then perhaps "--", then the command.
std::vector<std::string> command_in(const std::vector<std::string>& words) {
  const bool dashes = words.size() > 1 && words[1] == "--";
  return {words.begin() + (dashes ? 2 : 1), words.end()};
}

EnterOptions enter_options(const Invocation& invocation, const Caller& caller, const SessionRecord& record,
                           const std::vector<std::string>& command) {
  const auto term = caller.environment.find("TERM");
  return {.argv = command,
          .workdir = workdir_for(invocation, caller, record),
          .workdir_origin = workdir_origin(invocation),
          .term = term == caller.environment.end() ? "" : term->second,
          .network = record.network == "host" ? CommandNetwork::hosts : CommandNetwork::own};
}

}  // namespace

int enter_sandbox(const Invocation& invocation, const Caller& caller, const RunningSandbox& sandbox,
                  const std::vector<std::string>& command) {
  const auto outcome = run_entered(enter_options(invocation, caller, sandbox.record, command),
                                   [&](const ControlRequest& request) { return ask(sandbox, request); });
  if (!outcome) return print_error(outcome.error()), status_setup_failed;
  if (outcome->not_executed) print_error(*outcome->not_executed);
  if (outcome->remark) print_message(*outcome->remark);
  return outcome->status;
}

int exec_command(const Invocation& invocation) {
  const bool goes_elsewhere = invocation.value("--workdir").value_or("/").starts_with('/');
  const auto caller = read_caller(goes_elsewhere ? CurrentDirectory::does_not_count : CurrentDirectory::counts);
  if (!caller) return print_error(caller.error()), status_setup_failed;
  const auto sandbox = find_sandbox(*caller, invocation.words[0]);
  if (!sandbox) return print_error(sandbox.error()), status_setup_failed;
  return enter_sandbox(invocation, *caller, *sandbox, command_in(invocation.words));
}

}  // namespace snug
