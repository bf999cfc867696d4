// snug publish: ports of a running sandbox made reachable from the host.
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/sessions.h"
#include "cli/surroundings.h"
#include "profile/addresses.h"

namespace snug {
namespace {

bool is_port(const std::string& word) { return word.starts_with('!') || parse_published(word).ok(); }

Result<RunningSandbox> only_one(const std::vector<RunningSandbox>& running) {
  if (running.size() == 1) return running.front();
  if (running.empty()) return Error{.what = "no sandbox runs"};
  return Error{.what = "several sandboxes run", .fix = "snug publish ID PORT; `snug ps` lists them"};
}

}  // namespace

int publish_command(const Invocation& invocation) {
  const auto caller = read_caller(CurrentDirectory::does_not_count);
  if (!caller) return print_error(caller.error()), status_usage;
  std::vector<std::string> ports = invocation.words;
  const bool named = !is_port(ports.front());
  const auto running = running_sandboxes(*caller);
  const auto sandbox = named ? choose_sandbox(running, ports.front()) : only_one(running);
  if (!sandbox) return print_error(sandbox.error()), status_found;
  if (named) ports.erase(ports.begin());
  if (ports.empty())
    return print_error({.what = "publish: no port given", .fix = "snug publish ID PORT"}), status_usage;
  const auto done = ask(*sandbox, {.kind = ControlRequest::Kind::publish, .words = ports});
  return done ? 0 : (print_error(done.error()), status_found);
}

}  // namespace snug
