// What is to happen when, and the ladders by which a command is ended.
#pragma once

#include <signal.h>

#include <chrono>
#include <optional>
#include <span>
#include <vector>

namespace snug {

/// One thing to do at a time. `forward` sends `signal` to the command, `end` asks init to kill everything, `kill_init`
/// does it where init does not answer; `settle` is what only a run that lasts needs, `record` makes it known to `snug
/// ps`; `measure` looks how much was written, `count` how many processes there are; `tell_limits` tells which limits
/// were reached.
struct Rung {
  enum class Action {
    forward,
    end,
    kill_init,
    time_out,
    settle,
    record,
    measure,
    count,
    tell_limits
  } action = Action::forward;
  std::chrono::milliseconds after{0};
  int signal = 0;
};

/// The terminal is lost: HUP, TERM after 5 s, KILL after 10.
inline constexpr Rung kHangUpLadder[] = {
    {.action = Rung::Action::forward, .after = std::chrono::seconds(0), .signal = SIGHUP},
    {.action = Rung::Action::forward, .after = std::chrono::seconds(0), .signal = SIGCONT},
    {.action = Rung::Action::forward, .after = std::chrono::seconds(5), .signal = SIGTERM},
    {.action = Rung::Action::end, .after = std::chrono::seconds(10)},
    {.action = Rung::Action::kill_init, .after = std::chrono::seconds(12)},
};

/// The time is up: TERM, KILL after 10 s. A stopped command must be continued to see its TERM.
inline constexpr Rung kTimeOutLadder[] = {
    {.action = Rung::Action::forward, .after = std::chrono::seconds(0), .signal = SIGTERM},
    {.action = Rung::Action::forward, .after = std::chrono::seconds(0), .signal = SIGCONT},
    {.action = Rung::Action::end, .after = std::chrono::seconds(10)},
    {.action = Rung::Action::kill_init, .after = std::chrono::seconds(12)},
};

class Deadlines {
 public:
  using Clock = std::chrono::steady_clock;

  void add(std::span<const Rung> ladder, Clock::time_point now);
  void clear() noexcept { due_.clear(); }

  /// Milliseconds until the next one, rounded up; -1 if there is none.
  int wait(Clock::time_point now) const noexcept;
  /// The next one whose time has come, each once, in order.
  std::optional<Rung> take(Clock::time_point now);

 private:
  struct Due {
    Clock::time_point time;
    Rung rung;
  };
  std::vector<Due> due_;  // soonest first
};

}  // namespace snug
