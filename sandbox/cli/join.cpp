#include "cli/join.h"

#include <algorithm>
#include <ctime>

#include "cli/ask.h"
#include "cli/sessions_text.h"

namespace snug {
namespace {

/// With an option the caller wants something of their own.
bool is_plain_shell(const Invocation& invocation) {
  return invocation.command == Command::shell && !invocation.profile && invocation.overrides.empty() &&
         invocation.flags.empty() && invocation.values.empty();
}

bool is_of(const RunningSandbox& sandbox, const Plan& plan) {
  const SessionRecord& record = sandbox.record;
  return record.project == plan.project && record.profile == plan.profile_name && record.init.pid != 0;
}

std::string question_about(const SessionRecord& record) {
  return "a sandbox of this project runs already: " + label_of(record) + " (" + command_line_of(record.command) +
         ", since " + age_to_text(std::time(nullptr) - record.started) + ", network " + record.network + "); join it?";
}

}  // namespace

std::optional<int> offer_to_join(const Invocation& invocation, const Prepared& prepared) {
  if (!is_plain_shell(invocation) || prepared.plan.project.empty() || !can_ask()) return std::nullopt;
  std::vector<RunningSandbox> running = running_sandboxes(prepared.caller);
  std::erase_if(running, [&](const RunningSandbox& sandbox) { return !is_of(sandbox, prepared.plan); });
  if (running.empty() || !ask(question_about(running.back().record))) return std::nullopt;
  return enter_sandbox(invocation, prepared.caller, running.back(), {});
}

}  // namespace snug
