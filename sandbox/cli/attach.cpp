// snug attach: a detached run on this terminal.
#include "run/attach.h"

#include "cli/commands.h"
#include "cli/detached.h"
#include "cli/print.h"
#include "cli/sessions.h"
#include "cli/surroundings.h"

namespace snug {
namespace {

constexpr const char* kUsualKey = "ctrl-\\";

Error is_over(const KeptRun& run) {
  const std::string& name = label_of(run.record);
  return {.what = "sandbox " + name + " has ended", .fix = "snug logs " + name + " shows what it printed"};
}

}  // namespace

int attach_command(const Invocation& invocation) {
  const auto caller = read_caller(CurrentDirectory::does_not_count);
  if (!caller) return print_error(caller.error()), status_setup_failed;
  const std::string word = invocation.value("--detach-key").value_or(kUsualKey);
  const auto key = parse_detach_key(word);
  if (!key) return print_error(key.error()), status_setup_failed;
  const auto run = find_detached(*caller, invocation.words[0]);
  if (!run) return print_error(run.error()), status_setup_failed;
  if (!run->runs) return print_error(is_over(*run)), status_setup_failed;
  const auto end = attach(*run, *key, [&](const ControlRequest& request) -> Result<std::string> {
    const auto sandbox = find_sandbox(*caller, run->record.id);
    return sandbox ? ask(*sandbox, request) : sandbox.error();
  });
  if (!end) return print_error(end.error()), status_setup_failed;
  if (end->signal != 0) return 128 + end->signal;
  if (!end->detached) return status_of_ended(look_again(*caller, *run));
  print_message("detached; it goes on: snug attach " + label_of(run->record));
  return 0;
}

}  // namespace snug
