// One sandbox from start to end, seen from outside: state prepared, child launched, terminal and pipes relayed,
// signals forwarded, status collected, the terminal put back. One thread, one epoll loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "launch/launch.h"
#include "net/report.h"
#include "plan/plan.h"
#include "run/usage.h"

namespace snug {

/// Calls of one kind that the system call filter refused and reported.
struct RefusedCall {
  std::string name;
  std::uint64_t count = 0;
};

struct GitReport;
struct SessionRecord;

/// What can be told while the command runs.
struct RunEvents {
  /// The first refusal of its kind. `raw`: the terminal does not return the carriage by itself now. Never called while
  /// a full-screen program shows.
  std::function<void(const std::string& call, bool raw)> refused;
  /// A name or address that the network's rules refuse; told once for each, under the same rules.
  std::function<void(const Blocked& blocked, bool raw)> destination_blocked;
  /// A connection of a filtered network has ended, or was refused.
  std::function<void(const Connection& connection)> connection_ended;
  /// A limit on the whole run was reached; told once for each, under the same rules.
  std::function<void(const std::string& text, bool raw)> limit_reached;
  /// The host has replaced what a wall lay on; told once for each, under the same rules.
  std::function<void(const Watch& watch, bool raw)> came_loose;
  /// What git on the host would obey (run/git_search.h): before the command starts of a run that was killed, after it
  /// has ended of this one. Only if there is something to say.
  std::function<void(const GitReport& report)> git_changed;
  /// The command runs, and its record is there: at once with SessionOptions::at_once.
  std::function<void(const SessionRecord& record)> started;
  /// `snug ps` will not list this run, and nothing can be asked of it.
  std::function<void(const Error& error)> not_recorded;
  /// What these have told may not be out yet, as nothing here may wait: a descriptor that is writable when `go_on` can
  /// do more of it; -1: it is out.
  std::function<int()> waits_for;
  std::function<void()> go_on;
};

class Detached;

/// How a run makes itself known to `snug ps`, `exec` and `kill`.
struct SessionOptions {
  std::string place = {};                ///< where its record goes (sessions/directory.h); empty: nowhere
  std::vector<std::string> places = {};  ///< wherever records may lie, always in the same order: a name counts in all
  std::string name = {};                 ///< by which it can be asked for besides its id; no other run may have it
  bool at_once = false;          ///< the record is there as soon as the command runs; else once it has run for a moment
  Detached* detached = nullptr;  ///< borrowed; null: the run is its caller's
};

/// How the command ended. `status` is what snug's own exit status must be.
struct RunOutcome {
  int status = 0;  ///< the command's; 128+n; 124 timed out; 126, 127
  int signal = 0;  ///< the signal that ended the command, or 0
  bool timed_out = false;
  std::optional<std::string> remark;  ///< one line for stderr: "timed out after 30m, snug.toml:12; to allow more: ..."
  std::vector<RefusedCall> refused;   ///< the most frequent first
  bool nothing_captured = false;      ///< nothing was written to the capture, which is gone again
  std::optional<RunUsage> usage;      ///< with plan.measured
  std::optional<Error> not_executed;  ///< set with status 126 and 127: nothing ran; print it as any Error
};

/// Runs `plan`. An Error means nothing ran and the exit status is 125; a command that is missing or not executable
/// is an outcome with `not_executed`.
/// Precondition: one thread; fds 0-2 as the command is to get them, signal mask and dispositions as the caller's
/// parent left them: the command inherits both.
Result<RunOutcome> run_plan(const Plan& plan, EarlyChildPtr early = nullptr, const RunEvents& events = {},
                            const SessionOptions& session = {});

}  // namespace snug
