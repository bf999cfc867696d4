// snug wait: the end of a detached run.
#include <poll.h>

#include "cli/commands.h"
#include "cli/detached.h"
#include "cli/print.h"
#include "cli/surroundings.h"
#include "sessions/processes.h"

namespace snug {
namespace {

void wait_for(const Fd& process) {
  pollfd ended{process.get(), POLLIN, 0};
  while (process && poll(&ended, 1, -1) < 0) {
  }
}

}  // namespace

int wait_command(const Invocation& invocation) {
  const auto caller = read_caller(CurrentDirectory::does_not_count);
  if (!caller) return print_error(caller.error()), status_setup_failed;
  const auto run = find_detached(*caller, invocation.words[0]);
  if (!run) return print_error(run.error()), status_setup_failed;
  if (run->runs) wait_for(open_process(run->record.snug));
  return status_of_ended(look_again(*caller, *run));
}

}  // namespace snug
