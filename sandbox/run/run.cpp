#include "run/run.h"

#include <signal.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/units.h"
#include "run/capture_record.h"
#include "run/detached.h"
#include "run/git_search.h"
#include "run/loop.h"
#include "run/network.h"
#include "run/session.h"
#include "run/several_users.h"
#include "run/state.h"
#include "run/stdio.h"
#include "run/watch.h"

namespace snug {
namespace {

/// The command's descriptors 0-2, and what stands at their other ends.
struct Standard {
  StdioPlan stdio{};                 ///< as the command gets them
  StdioPlan relayed{};               ///< as the loop sees to them
  std::optional<Terminal> terminal;  ///< the caller's
  bool keyboard = false;
  PtyStart pty;
  Detached* detached = nullptr;
};

Result<Standard> callers_standard(const Plan& plan) {
  const auto stdio = plan_stdio(plan.namespaces.network ? CommandNetwork::own : CommandNetwork::hosts);
  if (!stdio) return stdio.error();
  Standard standard{.stdio = *stdio, .relayed = *stdio, .terminal = open_terminal(*stdio), .pty = {}};
  standard.keyboard = owns_keyboard(standard.terminal, *stdio);
  if (standard.terminal) standard.pty = standard.terminal->pty_start(standard.keyboard);
  return standard;
}

// Detached, everything goes by the log: the loop itself relays nothing.
Standard detached_standard(Detached& detached) {
  return {.stdio = detached.stdio(),
          .relayed = {},
          .terminal = {},
          .keyboard = detached.has_terminal(),
          .pty = detached.pty_start(),
          .detached = &detached};
}

std::string timeout_text(const Sourced<std::chrono::milliseconds>& timeout) {
  return "timed out after " + duration_to_text(timeout.value) + ", " + to_text(timeout.origin) +
         "; to allow more: --timeout " + duration_to_text(timeout.value * 2);
}

LoopOptions loop_options(const Plan& plan, const Standard& standard, const RunEvents& events, Watcher& watcher,
                         DiskWatch& disk, Network& network, Session& session) {
  LoopOptions options{.stdio = standard.relayed,
                      .keyboard_claimed = standard.keyboard,
                      .interactive_shell = plan.command.interactive_shell,
                      .events = events,
                      .watcher = &watcher,
                      .disk = &disk,
                      .network = &network,
                      .session = session.wanted() ? &session : nullptr,
                      .detached = standard.detached};
  options.death_text = "the sandbox's first process was killed, and everything in it with it";
  if (plan.timeout) {
    options.timeout = plan.timeout->value;
    options.timeout_text = timeout_text(*plan.timeout);
  }
  return options;
}

std::function<void(const Connection&)> counting(UsageMeter& usage, std::function<void(const Connection&)> ended) {
  return [&usage, ended = std::move(ended)](const Connection& connection) {
    usage.add(connection);
    if (ended) ended(connection);
  };
}

RunOutcome not_executed(LaunchError error) {
  RunOutcome outcome{.status = error.exit_status};
  outcome.not_executed = std::move(error.error);
  return outcome;
}

void add_remarks(RunOutcome& outcome, const std::vector<std::string>& remarks) {
  for (const std::string& remark : remarks) {
    outcome.remark = outcome.remark ? *outcome.remark + "\n" + remark : remark;
  }
}

void search(const Plan& plan, std::timespec since, bool of_killed_run, const RunEvents& events) {
  const GitReport report = search_git(*plan.git_search, since, of_killed_run);
  if (events.git_changed && (!report.found.empty() || !report.complete)) events.git_changed(report);
}

Result<GitRecord> open_record(const Plan& plan, const RunEvents& events) {
  if (!plan.git_search) return GitRecord();
  auto record = GitRecord::open(plan.git_search->record);
  if (record && record->killed_run()) search(plan, *record->killed_run(), true, events);
  return record;
}

}  // namespace

Result<RunOutcome> run_plan(const Plan& plan, EarlyChildPtr early, const RunEvents& events,
                            const SessionOptions& session_options) {
  Detached* const detached = session_options.detached;
  auto standard = detached ? Result<Standard>(detached_standard(*detached)) : callers_standard(plan);
  if (!standard) return std::move(standard).error();
  auto published = listen_for_published(plan);
  if (!published) return std::move(published).error();
  // Held from here on: a signal that comes while the command starts is for the command, and one that ends a launch
  // does so after the state is put right (this goes away last).
  Signals signals = Signals::hold();
  auto state = RunState::prepare(plan);
  if (!state) return std::move(state).error();
  auto capture = begin_capture(plan);
  if (!capture) return std::move(capture).error();
  auto record = open_record(plan, events);
  if (!record) return std::move(record).error();
  Session session(plan, session_options);
  if (auto claimed = session.claim(); !claimed) return std::move(claimed).error();
  if (auto begun = detached ? detached->begin(session.record()) : Result<void>(); !begun) return begun.error();
  auto poller = Poller::make();
  if (!poller) return std::move(poller).error();
  Watcher watcher(plan.watches);
  const std::timespec since = change_time_now();

  LaunchOutcome launched = launch(plan, standard->stdio, std::move(early), standard->pty, &signals.caller_mask());
  if (launched.error && launched.error->exit_status != 125) return not_executed(*std::move(launched.error));
  if (launched.error) return std::move(launched.error->error);
  if (auto opened = signals.open(); !opened) return std::move(opened).error();
  if (auto served = detached ? detached->serve(*launched.sandbox) : Result<void>(); !served) return served.error();
  UsageMeter usage(plan, *launched.sandbox);
  auto network = Network::start(plan, *launched.sandbox, std::move(published).value(),
                                plan.measured ? counting(usage, events.connection_ended) : events.connection_ended);
  if (!network) return std::move(network).error();

  DiskWatch disk(plan, launched.sandbox->init_pid);
  LimitWatch limits(plan.limits, launched.sandbox->group.directory(), launched.sandbox->init_pid);
  LoopOptions options = loop_options(plan, *standard, events, watcher, disk, *network, session);
  if (plan.limits.any()) options.limits = &limits;
  if (plan.measured) options.usage = &usage;
  Loop loop(*launched.sandbox, std::move(options), std::move(standard->terminal), std::move(signals),
            std::move(poller).value());
  RunOutcome outcome = loop.run();
  if (plan.measured) {
    network = Network();  // tells of the connections that are left
    launched.sandbox.reset();
    outcome.usage = usage.finish();
  }
  if (outcome.status != 0 && !outcome.remark) outcome.remark = death_at_own_limit(plan.rlimits, outcome.status);
  if (outcome.status != 0 && !outcome.remark) outcome.remark = limits.hint();
  if (plan.identity.maps) launched.sandbox.reset();  // nobody is inside who could change it any more
  const std::vector<std::string> lost = take_back(plan);
  outcome.nothing_captured = *capture && !end_capture(**capture, outcome.status);
  if (plan.git_search) search(plan, since, false, events);
  add_remarks(outcome, lost);
  add_remarks(outcome, state->finish());
  return outcome;
}

}  // namespace snug
