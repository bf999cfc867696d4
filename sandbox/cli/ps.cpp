// snug ps: the running sandboxes, and everything about one.
#include <algorithm>
#include <array>
#include <ctime>

#include "base/quote.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/sessions.h"
#include "cli/sessions_text.h"
#include "cli/surroundings.h"
#include "sessions/processes.h"

namespace snug {
namespace {

std::vector<SeenSandbox> look_at_all(const std::vector<RunningSandbox>& running) {
  std::vector<SeenSandbox> seen;
  const ProcessTable table = ProcessTable::read();
  for (const RunningSandbox& sandbox : running) {
    SeenSandbox one{.record = sandbox.record, .processes = {}, .memory = 0};
    one.processes = table.below(sandbox.record.init);
    for (const pid_t pid : one.processes) one.memory += memory_of(pid);
    seen.push_back(std::move(one));
  }
  return seen;
}

std::string ids_of(const std::vector<RunningSandbox>& running) {
  std::string text;
  for (const RunningSandbox& sandbox : running) text += sandbox.record.id + "\n";
  return text;
}

}  // namespace

int ps_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  std::vector<RunningSandbox> running = running_sandboxes(*caller);
  if (!invocation.words.empty()) {
    auto chosen = choose_sandbox(running, invocation.words[0]);
    if (!chosen) return print_error(chosen.error()), status_found;
    running = {*std::move(chosen)};
  }
  if (invocation.has("--quiet")) return print_data(ids_of(running)) ? 0 : status_usage;
  const auto seen = look_at_all(running);
  const std::int64_t now = std::time(nullptr);
  return print_data(invocation.json ? sandboxes_to_json(seen, now) : sandboxes_to_text(seen, now, caller->home))
             ? 0
             : status_usage;
}

}  // namespace snug
