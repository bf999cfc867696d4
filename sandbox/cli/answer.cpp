#include "cli/answer.h"

#include <algorithm>
#include <array>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/why_host.h"
#include "seccomp/calls.h"
#include "seccomp/constants.h"
#include "seccomp/query.h"

namespace snug {
namespace {

// --- system calls -----------------------------------------------------------------------------------

std::string errno_name(int code) {
  for (const Constant& constant : error_constants()) {
    if (constant.value == static_cast<std::uint64_t>(code)) return std::string(constant.name);
  }
  return "errno " + std::to_string(code);
}

std::string action_words(const Action& action) {
  switch (action.kind) {
    case Action::Kind::allow:
      return "";
    case Action::Kind::log:
      return "allowed and logged: ";
    case Action::Kind::kill:
      return "ends the program: ";
    case Action::Kind::report:
      return "refused with " + errno_name(action.error) + " and told on standard error: ";
    case Action::Kind::error:
      break;
  }
  return "refused with " + errno_name(action.error) + ": ";
}

bool lets_through(const Action& action) {
  return action.kind == Action::Kind::allow || action.kind == Action::Kind::log;
}

Verdict verdict_on(const CallVerdict& call, const std::string& name) {
  const bool whole = lets_through(call.action);
  Verdict verdict{.allowed = whole || call.sometimes, .reason = action_words(call.action) + call.reason};
  if (!whole && call.sometimes) verdict.reason = "with some arguments; with others " + verdict.reason;
  if (call.line) verdict.origin = *call.line;
  if (whole || !call_number(native_architecture, name)) return verdict;
  if (call.line) {
    verdict.fix = "take it out of " + to_text(*call.line);
  } else {
    verdict.add = {{"seccomp.allow", name}};
  }
  return verdict;
}

Result<Answer> about_call(const Prepared& prepared, Answer answer) {
  const auto call = verdict_for(prepared.plan.seccomp, answer.what.text);
  if (!call) return call.error();
  answer.verdict = verdict_on(*call, answer.what.text);
  for (const Origin& rule : call->rules) answer.remarks.push_back("a rule speaks of it, too: " + to_text(rule));
  if (call->by_argument && call->rules.empty()) {
    answer.remarks.emplace_back("some of its arguments are answered otherwise");
  }
  return answer;
}

// --- the others -------------------------------------------------------------------------------------

Answer about_path(const Prepared& prepared, HostView& host, Answer answer) {
  answer.path = why_path(prepared.plan, host, answer.what.text);
  answer.verdict = answer.path->verdict(answer.deed);
  answer.remarks = answer.path->remarks;
  return answer;
}

bool has_variable(const Prepared& prepared, const std::string& name) {
  const auto is_it = [&](const Variable& variable) { return variable.name == name; };
  const auto& inside = prepared.plan.environment;
  return prepared.caller.environment.contains(name) || std::any_of(inside.begin(), inside.end(), is_it);
}

struct ForcedKind {
  const char* flag;
  WhatKind kind;
};
constexpr ForcedKind forced_kinds[] = {{"--path", WhatKind::path},
                                       {"--variable", WhatKind::variable},
                                       {"--syscall", WhatKind::call},
                                       {"--host", WhatKind::host}};

std::optional<WhatKind> forced_kind(const Invocation& invocation) {
  for (const ForcedKind& row : forced_kinds) {
    if (invocation.has(row.flag)) return row.kind;
  }
  return {};
}

Result<What> understand(const std::string& word, std::optional<WhatKind> forced, const Prepared& prepared,
                        HostView& host) {
  const std::string& cwd = prepared.caller.cwd;
  const bool plain = word.find('/') == word.npos;
  const KnownNames known{.file = plain && host.status(join(cwd, word)).kind != FileKind::absent,
                         .variable = plain && has_variable(prepared, word),
                         .call = plain && is_call_name(word)};
  return understand(word, forced, known, cwd, prepared.caller.home);
}

}  // namespace

Result<Answer> answer_for(const Prepared& prepared, HostView& host, const What& what, Deed deed) {
  Answer answer{.what = what, .deed = deed};
  switch (what.kind) {
    case WhatKind::call:
      return about_call(prepared, std::move(answer));
    case WhatKind::variable:
      answer.verdict = why_variable(prepared.plan, prepared.profile, prepared.caller, what.text);
      return answer;
    case WhatKind::host:
      answer.verdict = why_host(prepared.plan, prepared.profile, what);
      answer.remarks = remarks_on_host(prepared.plan, what, answer.verdict);
      return answer;
    case WhatKind::path:
      break;
  }
  return about_path(prepared, host, std::move(answer));
}

Result<What> understand(const std::string& word, const Invocation& invocation, const Prepared& prepared,
                        HostView& host) {
  return understand(word, forced_kind(invocation), prepared, host);
}

Deed deed_asked(const Invocation& invocation) {
  if (invocation.has("--write")) return Deed::write;
  return invocation.has("--exec") ? Deed::execute : Deed::read;
}

std::string allow_command_line(const Invocation& invocation, const std::string& words) {
  std::string line = "snug allow";
  if (invocation.profile) line += " -p " + quote_for_shell(*invocation.profile);
  for (const Override& option : invocation.overrides) {
    if (option.option == "--project")
      line += " --project " + std::string(option.value == "\"none\"" ? "none" : option.value);
  }
  return line + " " + words;
}

std::string pasted_word(const std::string& word, WhatKind kind, const Prepared& prepared, HostView& host) {
  const auto alone = understand(word, std::nullopt, prepared, host);
  const bool clear = alone && alone->kind == kind && alone->also.empty();
  const std::string words = clear ? "" : "--" + std::string(kind_name(kind)) + " ";
  return words + (word.starts_with('-') ? "-- " : "") + quote_for_shell(word);
}

}  // namespace snug
