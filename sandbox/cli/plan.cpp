#include <unistd.h>

#include "cli/commands.h"
#include "cli/prepare.h"
#include "cli/print.h"
#include "plan/print.h"

namespace snug {

int plan_command(const Invocation& invocation) {
  const auto plan = prepare_plan(invocation);
  if (!plan) return status_setup_failed;
  std::string text = invocation.json ? plan_to_json(*plan) : plan_to_text(*plan, colour_for(STDOUT_FILENO));
  if (!text.ends_with('\n')) text += '\n';
  return print_data(text) ? 0 : status_setup_failed;
}

}  // namespace snug
