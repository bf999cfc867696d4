#include "run/run.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/answer.h"
#include "cli/captured.h"
#include "cli/commands.h"
#include "cli/connection_log.h"
#include "cli/join.h"
#include "cli/log.h"
#include "cli/messages.h"
#include "cli/prepare.h"
#include "cli/print.h"
#include "cli/sessions.h"
#include "cli/settle.h"
#include "cli/status_lines.h"
#include "cli/usage_text.h"
#include "host/probe.h"
#include "run/background.h"
#include "run/detached.h"
#include "run/git_search.h"
#include "run/refusal_record.h"
#include "run/several_users.h"
#include "run/state.h"
#include "sessions/kept.h"

namespace snug {
namespace {

void print_warnings(const Plan& plan) {
  for (const auto& note : plan.notes) {
    if (note.level == Note::Level::warning) print_message("warning: " + note.text);
  }
}

void announce_refusal(const std::string& call, const std::string& command_line, bool raw) {
  print_message("blocked the system call " + call + "; allow it: " + command_line,
                raw ? LineEnd::raw : LineEnd::newline);
}

std::string why_blocked(const Blocked& blocked, const Plan& plan) {
  switch (blocked.reason) {
    case NetworkVerdict::Reason::denied:
      return to_text(blocked.rule);
    case NetworkVerdict::Reason::other_ports:
      return "network.allow names other ports";
    case NetworkVerdict::Reason::not_public:
      return blocked.resolved.empty() ? blocked.what : "it leads to " + blocked.resolved + ", " + blocked.what;
    case NetworkVerdict::Reason::no_rule:
    case NetworkVerdict::Reason::allowed:
      break;
  }
  return plan.filter ? "no rule of network.allow names it" : "network.mode = \"none\"";
}

void announce_blocked(const RefusalRecord::Host& host, const std::string& command_line, bool raw) {
  print_message("blocked " + to_text(host) + " (" + host.reason + ")" +
                    (command_line.empty() ? "" : "; allow it: " + command_line),
                raw ? LineEnd::raw : LineEnd::newline);
}

// The rules let it through: there is nothing to allow.
void announce_failure(const Blocked& blocked, bool raw) {
  print_message("cannot reach " + host_and_port(blocked.who, blocked.port) + ": " + blocked.by_proxy,
                raw ? LineEnd::raw : LineEnd::newline);
}

const char* what_it_means(Watch::Loss loss) {
  switch (loss) {
    case Watch::Loss::shown:
      return " was replaced on the host and is no longer hidden from the command; it stays hidden with "
             "filesystem.project = \"overlay\"";
    case Watch::Loss::writable:
      return " was replaced on the host and is no longer read-only for the command; look at it before you use it, or "
             "use filesystem.project = \"overlay\"";
    case Watch::Loss::made:
      return " was made while the command ran, and programs on the host obey it: look at it before you use them";
  }
  return "";
}

void announce_loss(const Watch& watch, bool raw) {
  print_message(quote_for_display(watch.path) + what_it_means(watch.loss) + " (" + to_text(watch.origin) + ")",
                raw ? LineEnd::raw : LineEnd::newline);
}

const char* what_it_means(GitFinding::Kind kind) {
  switch (kind) {
    case GitFinding::Kind::repository:
      return ": a git repository made or reconfigured";
    case GitFinding::Kind::entered:
      return ": a git repository made or reconfigured, and an index entry leads `git status` into it";
    case GitFinding::Kind::todo:
      return ": a rebase, which `git rebase --continue` carries out, commands in it included";
    case GitFinding::Kind::own:
      return ": changed";
    case GitFinding::Kind::guarded:
      return ", which the profile protects: made or changed";
  }
  return "";
}

const char* what_to_do(GitFinding::Kind kind) {
  return kind == GitFinding::Kind::guarded
             ? "; look at it before you use it"
             : "; git on the host obeys what it says: look at it before you use git there";
}

void announce_git(const GitReport& report) {
  const std::string when = report.of_killed_run ? " since a run here that was killed" : " while the command ran";
  for (const GitFinding& finding : report.found) {
    print_message(quote_for_display(finding.path) + what_it_means(finding.kind) + when + what_to_do(finding.kind));
  }
  if (report.more > 0) print_message("and " + std::to_string(report.more) + " more git repositories" + when);
  if (report.complete) return;
  print_message("the project is too large to look everywhere for git repositories made" + when +
                "; find them: find . -name .git -newerct '1 hour ago'");
}

// The first of each kind has been told; how often is worth a line only where it was more.
void print_refusals(const std::vector<RefusedCall>& calls) {
  std::string list;
  bool repeated = false;
  for (const RefusedCall& call : calls) {
    list += (list.empty() ? "" : ", ") + call.name + " (" + std::to_string(call.count) + ")";
    repeated = repeated || call.count > 1;
  }
  if (repeated) print_message("blocked: " + list);
}

/// Says what is refused while a command runs, and keeps it for `snug why`.
class Telling {
 public:
  Telling(const Invocation& invocation, const Prepared& prepared, std::optional<ConnectionLog> log)
      : invocation_(invocation),
        prepared_(prepared),
        log_(std::move(log)),
        file_(prepared.caller.state_dir, std::string(base_name(prepared.user_file))),
        record_{.when = std::time(nullptr), .command = prepared.plan.command.argv} {}

  RunEvents events(UnwaitingMessages& messages) {
    return {.refused = [this](const std::string& call, bool raw) { refused(call, raw); },
            .destination_blocked = [this](const Blocked& blocked, bool raw) { destination_blocked(blocked, raw); },
            .connection_ended = log_ ? [this](const Connection& connection) { log_->add(connection); }
                                     : std::function<void(const Connection&)>(),
            .limit_reached = [](const std::string& text,
                                bool raw) { print_message(text, raw ? LineEnd::raw : LineEnd::newline); },
            .came_loose = [this](const Watch& watch, bool raw) { came_loose(watch, raw); },
            .git_changed = [this](const GitReport& report) { git_changed(report); },
            .not_recorded = [](const Error& error) { log_decision(to_text(error)); },
            .waits_for = [&messages] { return messages.waits_for(); },
            .go_on = [&messages] { messages.go_on(); }};
  }

  void end(const RunOutcome& outcome) {
    print_refusals(outcome.refused);
    if (outcome.remark) print_message(*outcome.remark);
    if (outcome.usage) {
      for (const std::string& line : usage_to_lines(*outcome.usage)) print_message(line);
    }
    if (outcome.timed_out) record_.timeout = outcome.remark.value_or("timed out");
    record_.set(outcome.refused);
    keep();
  }

 private:
  void refused(const std::string& call, bool raw) {
    announce_refusal(call, command_line(call, WhatKind::call), raw);
    record_.calls.push_back({call, 1});
    keep();  // whoever asks while a shell is still open
  }

  void destination_blocked(const Blocked& blocked, bool raw) {
    if (!blocked.by_proxy.empty()) return announce_failure(blocked, raw);
    if (log_) log_->add(blocked);
    const RefusalRecord::Host host{.host = blocked.who,
                                   .udp = blocked.protocol == NetworkRule::Protocol::udp,
                                   .port = blocked.port,
                                   .when = std::time(nullptr),
                                   .reason = why_blocked(blocked, prepared_.plan),
                                   .rule = missing_rule(blocked)};
    announce_blocked(host, host.rule.empty() ? "" : command_line(host.rule, WhatKind::host), raw);
    if (record_.add(host)) keep();
  }

  std::string command_line(const std::string& word, WhatKind kind) {
    return allow_command_line(invocation_, pasted_word(word, kind, prepared_, *host_));
  }

  void came_loose(const Watch& watch, bool raw) {
    announce_loss(watch, raw);
    record_.add(watch);
    keep();
  }

  void git_changed(const GitReport& report) {
    announce_git(report);
    record_.add(report);
  }

  void keep() {
    if (auto kept = file_.write(record_); !kept) log_decision(to_text(kept.error()));
  }

  const Invocation& invocation_;
  const Prepared& prepared_;
  std::optional<ConnectionLog> log_;
  const std::unique_ptr<HostView> host_ = real_host_view();
  RefusalFile file_;
  RefusalRecord record_;
};

/// False: it cannot be kept, and that was said.
bool open_log(const Invocation& invocation, std::optional<ConnectionLog>& log) {
  const auto path = invocation.value("--log");
  if (!path) return true;
  auto opened = ConnectionLog::open(*path);
  if (!opened) return print_error(opened.error()), false;
  log = std::move(opened).value();
  return true;
}

// A detached run outlives the login, and with it the runtime directory.
SessionOptions session_options(const Invocation& invocation, const Prepared& prepared, Detached* detached) {
  std::vector<std::string> places = places_of_sessions(prepared.caller);
  return {.place = detached ? places.back() : places.front(),
          .places = places,
          .name = invocation.value("--name").value_or(""),
          .at_once = detached != nullptr || invocation.value("--status-fd").has_value(),
          .detached = detached};
}

bool check_name(const Invocation& invocation) {
  const auto name = invocation.value("--name");
  if (!name || is_session_name(*name)) return true;
  print_error({.what = "--name: " + quote_for_display(*name) + " cannot be a name",
               .fix = "letters, digits, '.', '_' and '-', the first a letter or digit, 63 at most"});
  return false;
}

/// A run whose caller does not wait for it.
struct Away {
  Background background;
  std::optional<PtyStart> terminal;
};

// The caller is told as soon as the command runs. If it is gone by then, nobody wants the run any more.
void go_on_alone(Away& away, Detached& detached, const SessionRecord& record) {
  const auto taken = detached.take_messages();
  if (!taken) print_error(taken.error());
  if (!taken || !tell_caller(away.background, record.id)) kill(getpid(), SIGTERM);
}

/// With `away`: in the process that goes on.
int run_here(const Invocation& invocation, EarlyChildPtr early, const StatusLines& lines, Away* away) {
  auto prepared = prepare(invocation, Notices::tell, early.get());
  std::optional<ConnectionLog> log;
  if (!prepared || !open_log(invocation, log)) return lines.failed(status_setup_failed), status_setup_failed;
  const Plan& plan = prepared->plan;
  if (const auto joined = offer_to_join(invocation, *prepared)) return *joined;
  // A command's stderr belongs to the command; somebody who starts a shell reads it before the prompt.
  if (plan.command.interactive_shell || invocation.verbose) print_warnings(plan);
  tell_left_captures(plan, prepared->caller);
  if (auto claimed = claim_capture(prepared->plan); !claimed) {
    return print_error(claimed.error()), lines.failed(status_setup_failed), status_setup_failed;
  }
  if (auto noted = remember_several_users(plan, prepared->caller.state_dir); !noted) {
    return print_error(noted.error()), lines.failed(status_setup_failed), status_setup_failed;
  }
  Telling telling(invocation, *prepared, std::move(log));
  std::optional<Detached> detached;
  if (away) detached.emplace(place_of_kept(prepared->caller.state_dir), away->terminal);
  std::optional<UnwaitingMessages> messages(std::in_place);
  RunEvents events = telling.events(*messages);
  if (lines.wanted() || away) {
    events.started = [&](const SessionRecord& record) {
      if (lines.wanted()) lines.started(record);
      if (away) go_on_alone(*away, *detached, record);
    };
  }
  const SessionOptions session = session_options(invocation, *prepared, detached ? &*detached : nullptr);
  const auto outcome = run_plan(plan, std::move(early), events, session);
  messages.reset();
  if (!outcome) {
    print_error(outcome.error());
    drop_empty_capture(plan);
    return lines.failed(status_setup_failed), status_setup_failed;
  }
  if (outcome->not_executed) print_error(*outcome->not_executed);
  telling.end(*outcome);
  if (!outcome->nothing_captured) settle_capture(plan, outcome->status, plan.project);
  if (detached) detached->end(*outcome);
  lines.ended(*outcome);
  log_decision("exit status " + std::to_string(outcome->status));
  return outcome->status;
}

/// In the caller: the id, or the status of what has said why there is none.
int answer_of(const Background& background) {
  if (!background.told.empty()) return print_data(background.told + "\n") ? 0 : status_setup_failed;
  if (background.status) return *background.status;
  print_error({.what = "the snug that was to go on with the run was killed before the command began",
               .fix = "out of memory? try again; what is there of it: snug ps --all"});
  return status_setup_failed;
}

int run_detached(const Invocation& invocation, const StatusLines& lines) {
  Away away{.background = {}, .terminal = terminal_like_the_callers()};
  auto background = go_to_background(lines.fd());
  if (!background) return print_error(background.error()), lines.failed(status_setup_failed), status_setup_failed;
  if (background->side == Background::Side::caller) return answer_of(*background);
  away.background = std::move(background).value();
  return run_here(invocation, nullptr, lines, &away);
}

}  // namespace

int run_command(const Invocation& invocation, EarlyChildPtr early) {
  const auto lines = StatusLines::open(invocation.value("--status-fd"));
  if (!lines) return print_error(lines.error()), status_setup_failed;
  if (!check_name(invocation)) return lines->failed(status_setup_failed), status_setup_failed;
  if (!invocation.has("--detach")) return run_here(invocation, std::move(early), *lines, nullptr);
  early.reset();  // it is this process's, and the run another's
  return run_detached(invocation, *lines);
}

}  // namespace snug
