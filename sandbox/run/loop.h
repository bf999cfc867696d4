// The event loop around one running sandbox: terminal, files, signals, reports of init, time limits. One thread.
//
// Job control follows sudo's use_pty. The command's terminal is its own; the caller's is put in raw mode only while
// snug is in its foreground group and the command has claimed the keyboard: from the start where both standard input
// and output are that terminal, else when it first reads (it then stops with SIGTTIN, which init reports).
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launch/launch.h"
#include "launch/protocol.h"
#include "run/deadlines.h"
#include "run/detached.h"
#include "run/disk_watch.h"
#include "run/limit_watch.h"
#include "run/modes.h"
#include "run/network.h"
#include "run/poller.h"
#include "run/refusals.h"
#include "run/relay.h"
#include "run/run.h"
#include "run/session.h"
#include "run/signals.h"
#include "run/terminal.h"
#include "run/watch.h"

namespace snug {

struct LoopOptions {
  StdioPlan stdio{};
  std::array<int, 3> fds{0, 1, 2};  ///< the caller's descriptors
  bool keyboard_claimed = false;    ///< the command started in its terminal's foreground group
  bool interactive_shell = false;   ///< terminal modes it leaves on are reset however it ends
  std::optional<std::chrono::milliseconds> timeout;
  std::string timeout_text;  ///< the remark of a run that timed out
  std::string death_text;    ///< the remark of one whose leader, init or another, ended before it
  RunEvents events;
  Watcher* watcher = nullptr;    ///< borrowed
  DiskWatch* disk = nullptr;     ///< borrowed
  UsageMeter* usage = nullptr;   ///< borrowed
  LimitWatch* limits = nullptr;  ///< borrowed
  Network* network = nullptr;    ///< borrowed
  Session* session = nullptr;    ///< borrowed
  Detached* detached = nullptr;  ///< borrowed
};

class Loop {
 public:
  /// Borrows `sandbox`, whose control and, by `options.stdio`, pty_master and relays are set; init_pidfd too, if its
  /// init may be killed from here.
  Loop(Sandbox& sandbox, LoopOptions options, std::optional<Terminal> terminal, Signals signals, Poller poller);

  /// Runs until the command has ended and its output is out, or nobody is there to take it. Puts the terminal back.
  RunOutcome run();

 private:
  enum Slot {
    kSignals,
    kControl,
    kInit,
    kTerminal,
    kMaster,
    kStdin,
    kStdout,
    kStderr,
    kListener,
    kWatches,
    kRequests,
    kLimits,
    kDetached,
    kMessages
  };

  // One turn of the loop.
  void wait();
  void start();
  bool finished() const;
  void state_interest();
  void take_signals();
  void take_deadlines();
  void settle();
  void take_reports();
  void take_refusals();
  void tell_refusals();
  void take_network();
  void tell_blocked();
  void take_requests();
  void take_detached();
  void go_on_telling();
  Result<void> attach(Fd socket);
  void take_losses();
  void tell_losses();
  void watch_init();
  void measure_disk();
  void take_limits();
  void collect_limits();
  void tell_limits();
  void count_processes();
  void end_limits();
  void move_keyboard();
  void move_terminal_output();
  void move_input_file();
  void move_output_file(int number);
  void end();
  RunOutcome outcome() const;

  // What can happen.
  void handle_signal(int signal);
  void handle_report(const protocol::Report& report);
  void take_use(const protocol::Report& report);
  void make_known();
  void signal_from_outside(int signal);
  void end_from_outside();
  void command_stopped(int signal);
  void command_ended(int wait_status);
  void init_died();
  void terminal_lost();
  void keyboard_unreadable();
  void continued_from_outside();

  // What can be done.
  void send(protocol::Command::Kind kind, int value = 0);
  void forward(int signal) { send(protocol::Command::signal, signal); }
  void kill_init();
  void claim_keyboard();
  void regain_keyboard();
  void suspend(int signal);
  void continue_command();
  void end_of_input_for_orphan();
  void flush_terminal_output(std::chrono::milliseconds limit);
  void reset_terminal_modes();
  void close_relay(int number);

  bool pipeline() const;
  bool in_foreground() const { return terminal_ && terminal_->foreground(); }
  bool reads_keyboard() const;
  bool take_terminal_output();
  bool may_show_output();
  bool has_job_control() const;
  bool output_done() const;
  bool ended_abnormally() const;
  bool killed_for_memory() const;
  bool killed_by_init() const;

  Sandbox& sandbox_;
  const LoopOptions options_;
  std::optional<Terminal> terminal_;
  Signals signals_;
  Poller poller_;
  Deadlines deadlines_;
  Deadlines::Clock::time_point began_;
  ModeScanner modes_;
  Refusals refusals_;
  std::vector<std::string> untold_;  // names of refused calls that wait for a screen
  std::vector<Blocked> untold_blocked_;
  std::vector<Watch> untold_losses_;
  std::vector<std::string> untold_limits_;
  Relay keyboard_, output_, input_file_;
  std::array<Relay, 3> output_files_;  // [1] and [2]

  bool claimed_ = false;        // the command is in its terminal's foreground group and wants the keyboard
  bool keyboard_dead_ = false;  // no shell can give us the terminal again (orphaned process group)
  bool command_stopped_ = false;
  bool lost_terminal_ = false;
  bool timed_out_ = false;
  bool disk_used_up_ = false;
  bool ended_ = false;
  std::int32_t started_ = 0;
  bool init_died_ = false;
  bool give_up_ = false;  // a second signal while the last output waits for its reader
  bool control_open_ = true;
  int wait_status_ = 0;
  std::string write_failure_, unreachable_;
};

}  // namespace snug
