#include "cli/settle.h"
#include "changes/discard.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "cli/apply.h"
#include "cli/ask.h"
#include "cli/captured.h"
#include "cli/changes_text.h"
#include "cli/print.h"

namespace snug {
namespace {

constexpr std::size_t listed_at_most = 20;

std::optional<OpenCapture> open(const CapturePlan& planned) {
  auto capture = read_capture(planned.directory);
  if (!capture) return print_error(capture.error()), std::nullopt;
  auto opened = open_capture(std::move(*capture));
  if (!opened) return print_error(opened.error()), std::nullopt;
  return std::move(*opened);
}

void discard(const Capture& capture) {
  if (const auto gone = discard_capture(capture); !gone) print_error(gone.error());
}

void tell_kept(const OpenCapture& open) {
  keep_bases(open);
  print_message(summary_of(open.changes) + ", kept as capture " + open.capture.name() +
                "; look: snug diff; take over: snug apply; throw away: snug discard");
}

void list_changes(const OpenCapture& open) {
  std::size_t listed = 0;
  for (const SeenChange& seen : open.changes) {
    if (listed++ == listed_at_most) break;
    std::string line = to_line(seen, Colour::never);
    line.pop_back();
    print_message(line);
  }
  const std::size_t total = open.changes.size();
  if (total > listed_at_most) print_message("and " + std::to_string(total - listed_at_most) + " more");
}

/// Asks until something is decided; `review` shows the whole difference.
OnEnd ask_what_to_do(const OpenCapture& open) {
  list_changes(open);
  while (true) {
    switch (ask_letter(summary_of(open.changes) + ": [a]pply, [r]eview, [k]eep, [d]iscard?", "arkd", 'k')) {
      case 'a':
        return OnEnd::apply;
      case 'd':
        return OnEnd::discard;
      case 'r':
        show_paged(open, open.changes);
        break;
      default:
        return OnEnd::keep;
    }
  }
}

OnEnd decide(const Plan& plan, int status, const OpenCapture& open) {
  const bool success = status == 0 || plan.command.interactive_shell;
  const OnEnd wanted = (success ? plan.capture->on_success : plan.capture->on_failure).value;
  if (wanted != OnEnd::ask) return wanted;
  return can_ask() ? ask_what_to_do(open) : OnEnd::keep;
}

}  // namespace

void settle_capture(const Plan& plan, int status, const std::string& cwd) {
  if (!plan.capture) return;
  auto opened = open(*plan.capture);
  if (!opened) return;
  if (opened->changes.empty()) return discard(opened->capture);
  switch (decide(plan, status, *opened)) {
    case OnEnd::apply:
      apply_open({.flags = {"--yes"}}, std::move(*opened), cwd);
      return;
    case OnEnd::discard:
      return discard(opened->capture);
    default:
      tell_kept(*opened);
  }
}

void drop_empty_capture(const Plan& plan) {
  if (!plan.capture) return;
  if (plan.capture->is_new) rmdir(plan.capture->directory.c_str());  // one that nothing was made in yet
  auto capture = read_capture(plan.capture->directory);
  if (!capture) return;
  const auto opened = open_capture(std::move(*capture));
  if (opened && opened->changes.empty()) discard(opened->capture);
}

}  // namespace snug
