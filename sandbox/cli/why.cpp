#include <ctime>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/prepare.h"
#include "cli/print.h"
#include "host/probe.h"
#include "net/report.h"
#include "plan/words.h"
#include "run/refusal_record.h"

namespace snug {
namespace {

constexpr std::string_view margin = "             ";  // below a verdict's reason

// --- wording ------------------------------------------------------------------------------------------

/// A reason, and the line it comes from unless it is snug's own.
std::string because(const Verdict& verdict) {
  if (verdict.origin.kind == OriginKind::builtin) return verdict.reason;
  return verdict.reason + " (" + to_text(verdict.origin) + ")";
}

std::string remedy(const Verdict& verdict, const std::string& command_line, std::string_view lead) {
  std::string text;
  for (const ProfileLine& line : verdict.add) {
    const char* const mark = text.empty() ? "add: " : "     ";
    text.append(lead).append(mark).append(to_text(line)).append("\n");
  }
  if (!text.empty()) text.append(lead).append("     ").append(command_line).append("\n");
  if (!verdict.fix.empty()) text.append(lead).append("change: ").append(verdict.fix).append("\n");
  return text;
}

/// `word` as it must be typed.
std::string deed_line(const Invocation& invocation, const Answer& answer, const std::string& word, Deed deed) {
  constexpr const char* options[] = {"", "--write ", "--exec "};
  const Verdict& verdict = answer.path->verdict(deed);
  std::string name = deed_word(deed);
  name.resize(9, ' ');
  return "  " + name + (verdict.allowed ? "yes " : "no  ") + because(verdict) + "\n" +
         remedy(verdict, allow_command_line(invocation, options[static_cast<int>(deed)] + word), margin);
}

std::string path_text(const Invocation& invocation, const Answer& answer, const std::string& word) {
  const PathAnswer& path = *answer.path;
  std::string text = quote_for_display(path.path);
  if (path.path != answer.what.text) text = quote_for_display(answer.what.text) + " -> " + text;
  text += path.kind == FileKind::absent ? ": nothing there" : std::string(": ") + kind_word(path.kind);
  if (!path.host_path.empty() && path.host_path != path.path)
    text += ", on the host " + quote_for_display(path.host_path);
  text += "\n";
  for (const Deed deed : {Deed::read, Deed::write, Deed::execute}) text += deed_line(invocation, answer, word, deed);
  return text;
}

std::string plain_text(const Invocation& invocation, const Answer& answer, const std::string& word) {
  const char* yes = answer.what.kind == WhatKind::variable ? "passed" : "allowed";
  const char* no = answer.what.kind == WhatKind::variable ? "not there" : "not allowed";
  std::string text = std::string(kind_name(answer.what.kind)) + " " + escape_for_display(answer.what.word) + ": ";
  text += std::string(answer.verdict.allowed ? yes : no) + ": " + because(answer.verdict) + "\n";
  return text + remedy(answer.verdict, allow_command_line(invocation, word), "  ");
}

std::string answer_text(const Invocation& invocation, const Answer& answer, const std::string& word) {
  std::string text = answer.path ? path_text(invocation, answer, word) : plain_text(invocation, answer, word);
  for (const std::string& remark : answer.remarks) text += "  note: " + remark + "\n";
  return text;
}

void mention_other_meanings(const What& what) {
  for (const WhatKind other : what.also) {
    print_message(quote_for_display(what.word) + " is taken for a " + kind_name(what.kind) + "; it could be a " +
                  kind_name(other) + ", too: --" + kind_name(other));
  }
}

int answer_word(const Invocation& invocation, const Prepared& prepared) {
  const std::string& word = invocation.words[0];
  const auto host = real_host_view();
  const auto what = understand(word, invocation, prepared, *host);
  if (!what) return print_error(what.error()), status_usage;
  mention_other_meanings(*what);
  const auto answer = answer_for(prepared, *host, *what, deed_asked(invocation));
  if (!answer) return print_error(answer.error()), status_usage;
  const std::string pasted = pasted_word(word, what->kind, prepared, *host);
  const std::string text =
      invocation.json ? answer_to_json(*answer) : printable(answer_text(invocation, *answer, pasted));
  if (!print_data(text)) return status_usage;
  return answer->verdict.allowed ? 0 : status_found;
}

// --- the last run -------------------------------------------------------------------------------------

std::string time_text(std::int64_t when, const char* form) {
  const std::time_t seconds = when;
  std::tm local{};
  char text[32] = "";
  if (localtime_r(&seconds, &local)) std::strftime(text, sizeof text, form, &local);
  return text;
}

std::string command_text(const RefusalRecord& record) {
  std::string text;
  for (const std::string& word : record.command) text += (text.empty() ? "" : " ") + quote_for_shell(word);
  return escape_for_display(text);
}

/// The commands that allow what was refused: from now on, under the options of this one.
class Pasting {
 public:
  Pasting(const Invocation& invocation, const Prepared& prepared, HostView& host)
      : invocation_(invocation), prepared_(prepared), host_(host) {}

  std::string line(const std::string& word, WhatKind kind) const {
    return std::string(margin) + allow_command_line(invocation_, pasted_word(word, kind, prepared_, host_)) + "\n";
  }

 private:
  const Invocation& invocation_;
  const Prepared& prepared_;
  HostView& host_;
};

std::string call_line(const RefusedCall& call, const Pasting& pasting) {
  return "  system call " + escape_for_display(call.name) + ", " + std::to_string(call.count) +
         (call.count == 1 ? " time\n" : " times\n") + pasting.line(call.name, WhatKind::call);
}

std::string host_line(const RefusalRecord::Host& host, const Pasting& pasting) {
  std::string text = "  host " + escape_for_display(to_text(host)) + ", " + time_text(host.when, "%H:%M:%S") + " (" +
                     host.reason + ")\n";
  return host.rule.empty() ? text : text + pasting.line(host.rule, WhatKind::host);
}

std::string told_lines(const std::vector<RefusalRecord::Told>& list, const char* what) {
  std::string text;
  for (const auto& told : list)
    text += "  " + std::string(what) + quote_for_display(told.path) + " (" + escape_for_display(told.what) + ")\n";
  return text;
}

std::string record_text(const RefusalRecord& record, const Pasting& pasting) {
  std::string text = "the last run in this project was refused something: " + command_text(record) + ", " +
                     time_text(record.when, "%Y-%m-%d %H:%M") + "\n";
  for (const RefusalRecord::Host& host : record.hosts) text += host_line(host, pasting);
  for (const RefusedCall& call : record.calls) text += call_line(call, pasting);
  text += told_lines(record.came_loose, "replaced on the host: ");
  text += told_lines(record.git, "git on the host would obey: ");
  if (!record.timeout.empty()) text += "  " + escape_for_display(record.timeout) + "\n";
  return text;
}

int answer_last_run(const Invocation& invocation, const Prepared& prepared) {
  const RefusalFile file(prepared.caller.state_dir, std::string(base_name(prepared.user_file)));
  const auto record = file.read();
  const auto host = real_host_view();
  const std::string nothing = "the last run in this project was refused nothing that is told\n";
  const std::string text = invocation.json ? record_to_json(record.value_or(RefusalRecord{}))
                           : record        ? record_text(*record, Pasting(invocation, prepared, *host))
                                           : nothing;
  if (!print_data(text)) return status_usage;
  return record ? status_found : 0;
}

}  // namespace

int why_command(const Invocation& invocation) {
  Invocation planning = invocation;
  planning.words.clear();  // they are no command
  const auto prepared = prepare(planning);
  if (!prepared) return status_usage;
  return invocation.words.empty() ? answer_last_run(invocation, *prepared) : answer_word(invocation, *prepared);
}

}  // namespace snug
