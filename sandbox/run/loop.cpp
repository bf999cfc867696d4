#include "run/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sys/own_pages.h"

namespace snug {
namespace {

using protocol::Command;
using protocol::Report;

// How much one turn moves before signals and reports are looked at again, in buffers.
constexpr int kRounds = 8;
// A write to a descriptor shared with the caller may block; a terminal that is ready takes this much (n_tty's and the
// serial drivers' wake-up threshold is 256).
constexpr std::size_t kCautiousWrite = 256;

// A run shorter than this is looked at when it ends, and gives nothing up.
constexpr std::chrono::milliseconds kBeforeSettling(200);

Origin allowed_meanwhile() { return {.kind = OriginKind::option, .source = "snug allow"}; }

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool asks_to_end(int signal) { return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT; }

// What stopped the command stops this process, and its group with it: no other signal may come from inside.
bool stops_jobs(int signal) { return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU; }

bool is_blocking(int fd) { return (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0; }

std::uint32_t events(bool in, bool out) { return (in ? EPOLLIN : 0U) | (out ? EPOLLOUT : 0U); }

const char* name_of(int number) { return number == 1 ? "standard output" : "standard error"; }

}  // namespace

Loop::Loop(Sandbox& sandbox, LoopOptions options, std::optional<Terminal> terminal, Signals signals, Poller poller)
    : sandbox_(sandbox),
      options_(std::move(options)),
      terminal_(std::move(terminal)),
      signals_(std::move(signals)),
      poller_(std::move(poller)) {}

RunOutcome Loop::run() {
  start();
  while (!finished()) {
    state_interest();
    wait();
    take_signals();
    take_deadlines();
    take_reports();
    watch_init();
    regain_keyboard();
    move_keyboard();
    take_refusals();
    take_network();
    take_requests();
    take_detached();
    take_losses();
    take_limits();
    go_on_telling();
    move_terminal_output();
    move_input_file();
    move_output_file(1);
    move_output_file(2);
  }
  end();
  return outcome();
}

void Loop::wait() {
  const int limit = deadlines_.wait(Deadlines::Clock::now());
  if (ended_ || options_.network == nullptr || !options_.network->active()) return poller_.wait(limit);
  options_.network->wait(poller_.fd(), limit) ? poller_.wait(0) : poller_.clear();
}

void Loop::start() {
  if (terminal_) {
    const bool cautious = is_blocking(terminal_->fd());
    keyboard_ = Relay(terminal_->fd(), sandbox_.pty_master.get());
    output_ = Relay(sandbox_.pty_master.get(), terminal_->fd(), cautious ? kCautiousWrite : Relay::kSize);
    terminal_->copy_size_to(sandbox_.pty_master.get());  // it may have changed while the sandbox was made
  }
  if (options_.stdio[0] == StdioMode::relay) input_file_ = Relay(options_.fds[0], sandbox_.relays[0].get());
  for (const int number : {1, 2}) {
    if (options_.stdio[number] != StdioMode::relay) continue;
    output_files_[number] = Relay(sandbox_.relays[number].get(), options_.fds[number]);
  }
  began_ = Deadlines::Clock::now();
  if (options_.timeout) {
    const Rung rung{.action = Rung::Action::time_out, .after = *options_.timeout};
    deadlines_.add({&rung, 1}, Deadlines::Clock::now());
  }
  constexpr Rung settle{.action = Rung::Action::settle, .after = kBeforeSettling};
  deadlines_.add({&settle, 1}, Deadlines::Clock::now());
  if (options_.disk != nullptr && options_.disk->active()) measure_disk();
  if (options_.limits != nullptr && options_.limits->pause()) count_processes();
  if (options_.session) {
    const Rung record{.action = Rung::Action::record, .after = options_.session->delay()};
    deadlines_.add({&record, 1}, Deadlines::Clock::now());
  }
  if (options_.keyboard_claimed && in_foreground()) claim_keyboard();
  claimed_ = options_.keyboard_claimed;
}

bool Loop::finished() const { return ended_ && (give_up_ || output_done()); }

// After the end nothing writes any more: a source that has nothing now is empty for good. (A terminal's read first
// waits for what is still on its way through the line discipline, n_tty_read.)
bool Loop::output_done() const {
  const auto done = [](const Relay& relay) {
    return relay.finished() || (relay.source_idle() && !relay.wants_to_write());
  };
  return done(output_) && done(output_files_[1]) && done(output_files_[2]);
}

void Loop::state_interest() {
  const bool show = output_.wants_to_write();
  poller_.want(kSignals, signals_.fd(), EPOLLIN);
  poller_.want(kControl, sandbox_.control.get(), events(control_open_, false));
  poller_.want(kInit, sandbox_.init_pidfd.get(), events(!ended_, false));
  if (terminal_) {
    poller_.want(kTerminal, terminal_->fd(),
                 events(reads_keyboard() && keyboard_.wants_to_read(), show && !lost_terminal_));
    poller_.want(kMaster, sandbox_.pty_master.get(),
                 events(output_.wants_to_read(), keyboard_.wants_to_write() && !ended_));
  }
  poller_.want(kListener, sandbox_.listener.get(), events(!ended_, false));
  poller_.want(kWatches, options_.watcher ? options_.watcher->fd() : -1, events(!ended_, false));
  poller_.want(kRequests, options_.session ? options_.session->fd() : -1, events(!ended_, false));
  poller_.want(kLimits, options_.limits ? options_.limits->fd() : -1, events(!ended_, false));
  poller_.want(kDetached, options_.detached ? options_.detached->fd() : -1, events(!ended_, false));
  poller_.want(kMessages, options_.events.waits_for ? options_.events.waits_for() : -1, events(false, !ended_));
  poller_.want(kStdin, sandbox_.relays[0].get(), events(false, !input_file_.finished() && !ended_));
  poller_.want(kStdout, sandbox_.relays[1].get(), events(!output_files_[1].finished(), false));
  poller_.want(kStderr, sandbox_.relays[2].get(), events(!output_files_[2].finished(), false));
}

// --- refused calls ---

void Loop::take_refusals() {
  if (!poller_.readable(kListener)) return;
  // Nobody under the filter is left. Receiving blocks for ever then, which no signal ends: seen on Ubuntu's Linux 6.8,
  // where init hangs the listener up as it dies and waiting for it comes later.
  if (poller_.hung_up(kListener)) {
    poller_.want(kListener, -1, 0);
    return sandbox_.listener.reset();
  }
  if (auto name = refusals_.answer(sandbox_.listener.get())) untold_.push_back(*std::move(name));
  tell_refusals();
}

void Loop::tell_refusals() {
  if (untold_.empty() || !options_.events.refused || modes_.alternate_screen()) return;
  for (const std::string& name : untold_) options_.events.refused(name, terminal_ && terminal_->raw());
  untold_.clear();
}

// --- the network ---

void Loop::take_network() {
  if (options_.network == nullptr) return;
  for (Blocked& blocked : options_.network->take_blocked()) untold_blocked_.push_back(std::move(blocked));
  tell_blocked();
}

void Loop::tell_blocked() {
  if (untold_blocked_.empty() || !options_.events.destination_blocked || modes_.alternate_screen()) return;
  for (const Blocked& blocked : untold_blocked_) {
    options_.events.destination_blocked(blocked, terminal_ && terminal_->raw());
  }
  untold_blocked_.clear();
}

// --- requests from outside ---

void Loop::make_known() {
  const auto known = options_.session->begin(
      sandbox_,
      {.signal = [this](int signal) { signal_from_outside(signal); },
       .end = [this] { end_from_outside(); },
       .allow = [this](const std::string& rule) { return options_.network->allow(rule, allowed_meanwhile()); },
       .take_back =
           [this](const std::string& rule, const std::string& file) {
             const Origin of_file{.kind = OriginKind::file, .source = file};
             return options_.network->take_back(rule, {allowed_meanwhile(), of_file});
           },
       .publish = [this](const std::string& port) { return options_.network->change_ports(port); },
       .attach = [this](Fd socket) { return attach(std::move(socket)); }});
  if (!known && options_.detached) {
    unreachable_ = to_text(known.error());
    return send(Command::end);
  }
  if (!known && options_.events.not_recorded) options_.events.not_recorded(known.error());
  if (options_.events.started) options_.events.started(options_.session->record());
}

void Loop::take_requests() {
  if (poller_.readable(kRequests)) options_.session->turn();
}

// A full-screen program draws its screen again for whoever has none of it; a command that was stopped goes on.
Result<void> Loop::attach(Fd socket) {
  if (auto attached = options_.detached->attach(std::move(socket)); !attached) return attached;
  if (command_stopped_) return continue_command(), Result<void>();
  forward(SIGCONT);  // a stop may be on its way and not reported yet
  forward(SIGWINCH);
  return {};
}

void Loop::take_detached() {
  if (poller_.readable(kDetached)) options_.detached->turn();
}

void Loop::go_on_telling() {
  if (poller_.writable(kMessages)) options_.events.go_on();
}

void Loop::signal_from_outside(int signal) {
  if (signal == SIGKILL) return send(Command::end);
  forward(signal);
}

// An interactive shell ignores TERM and obeys HUP.
void Loop::end_from_outside() {
  const auto now = Deadlines::Clock::now();
  if (options_.interactive_shell) return deadlines_.add(kHangUpLadder, now);
  deadlines_.add(kTimeOutLadder, now);
}

// --- what came loose ---

void Loop::take_losses() {
  if (!poller_.readable(kWatches)) return;
  for (Watch& watch : options_.watcher->take()) untold_losses_.push_back(std::move(watch));
  tell_losses();
}

void Loop::tell_losses() {
  if (untold_losses_.empty() || !options_.events.came_loose || modes_.alternate_screen()) return;
  for (const Watch& watch : untold_losses_) options_.events.came_loose(watch, terminal_ && terminal_->raw());
  untold_losses_.clear();
}

// --- signals ---

void Loop::take_signals() {
  if (!poller_.readable(kSignals)) return;
  while (const auto info = signals_.next()) handle_signal(static_cast<int>(info->ssi_signo));
}

void Loop::handle_signal(int signal) {
  switch (signal) {
    case SIGWINCH:
      if (terminal_) terminal_->copy_size_to(sandbox_.pty_master.get());
      return;
    case SIGCONT:
      continued_from_outside();
      return;
    case SIGHUP:
      if (terminal_ && terminal_->gone()) return terminal_lost();
      break;
    default:
      break;
  }
  if (ended_ && asks_to_end(signal)) give_up_ = true;
  forward(signal);
}

// Something else had stopped this process (kill -STOP), and the shell may have changed the terminal since.
void Loop::continued_from_outside() {
  if (terminal_) {
    terminal_->copy_size_to(sandbox_.pty_master.get());
    if (!terminal_->foreground()) {
      terminal_->restore();
    } else if (claimed_) {
      claim_keyboard();
    }
  }
  command_stopped_ ? continue_command() : forward(SIGCONT);
}

// --- time ---

void Loop::take_deadlines() {
  while (const auto rung = deadlines_.take(Deadlines::Clock::now())) {
    switch (rung->action) {
      case Rung::Action::forward:
        forward(rung->signal);
        break;
      case Rung::Action::end:
        send(Command::end);
        break;
      case Rung::Action::kill_init:
        kill_init();
        break;
      case Rung::Action::settle:
        settle();
        break;
      case Rung::Action::measure:
        measure_disk();
        break;
      case Rung::Action::count:
        options_.limits->look();
        tell_limits();
        count_processes();
        break;
      case Rung::Action::tell_limits:
        tell_limits();
        break;
      case Rung::Action::record:
        make_known();
        break;
      case Rung::Action::time_out:
        timed_out_ = true;
        deadlines_.add(kTimeOutLadder, Deadlines::Clock::now());
        break;
    }
  }
}

// At once, without a TERM that could be ignored: every second is more on the disk.
void Loop::measure_disk() {
  if (options_.disk->used_up()) {
    disk_used_up_ = true;
    kill_init();
    return;
  }
  const Rung again{.action = Rung::Action::measure, .after = options_.disk->pause()};
  deadlines_.add({&again, 1}, Deadlines::Clock::now());
}

// --- limits ---

// A moment later: a command that is killed for it ends at once, and then that is all there is to tell.
void Loop::take_limits() {
  if (!poller_.readable(kLimits)) return;
  collect_limits();
  if (untold_limits_.empty()) return;
  constexpr Rung tell{.action = Rung::Action::tell_limits, .after = std::chrono::milliseconds(300)};
  deadlines_.add({&tell, 1}, Deadlines::Clock::now());
}

void Loop::collect_limits() {
  for (std::string& text : options_.limits->take()) untold_limits_.push_back(std::move(text));
}

void Loop::tell_limits() {
  collect_limits();
  if (untold_limits_.empty() || !options_.events.limit_reached || modes_.alternate_screen()) return;
  for (const std::string& text : untold_limits_) options_.events.limit_reached(text, terminal_ && terminal_->raw());
  untold_limits_.clear();
}

void Loop::count_processes() {
  if (!options_.limits->pause()) return;
  const Rung again{.action = Rung::Action::count, .after = *options_.limits->pause()};
  deadlines_.add({&again, 1}, Deadlines::Clock::now());
}

bool Loop::killed_for_memory() const {
  constexpr int told_by_shell = 128 + SIGKILL;
  const bool killed = (WIFSIGNALED(wait_status_) && WTERMSIG(wait_status_) == SIGKILL) ||
                      (WIFEXITED(wait_status_) && WEXITSTATUS(wait_status_) == told_by_shell);
  return killed && options_.limits != nullptr && options_.limits->killed_for_memory();
}

void Loop::settle() {
  give_up_own_pages();  // 3.7 of 4.3 MiB on x86-64
  if (!options_.watcher || options_.watcher->empty()) return;
  for (Watch& watch : options_.watcher->begin()) untold_losses_.push_back(std::move(watch));
  tell_losses();
}

// --- init ---

void Loop::take_reports() {
  if (!poller_.readable(kControl) && !poller_.readable(kInit)) return;
  while (control_open_) {
    Report report{};
    const ssize_t got = recv(sandbox_.control.get(), &report, sizeof report, MSG_DONTWAIT);
    // Init may end before it has read every command: that is told once as a reset, then come its last reports.
    if (got < 0 && (errno == EINTR || errno == ECONNRESET)) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got != sizeof report) {
      control_open_ = false;
      if (!ended_) init_died();
    } else {
      handle_report(report);
    }
  }
}

void Loop::handle_report(const Report& report) {
  if (ended_) return;
  if (report.kind == Report::stopped && stops_jobs(report.a)) command_stopped(report.a);
  if (report.kind == Report::used) take_use(report);
  if (report.kind == Report::ended) {
    started_ = report.b;
    command_ended(report.a);
  }
}

void Loop::take_use(const Report& report) {
  const std::uint64_t peak = static_cast<std::uint64_t>(std::max(report.a, 0)) * 1024;
  if (options_.limits != nullptr) options_.limits->look_at_end(peak, static_cast<std::uint64_t>(std::max(report.b, 0)));
  if (options_.usage != nullptr) options_.usage->set_largest(peak);
}

// Its last reports have been read before: what is missing now never comes.
void Loop::watch_init() {
  if (poller_.readable(kInit) && !ended_) init_died();
}

void Loop::init_died() {
  init_died_ = true;
  command_ended(SIGKILL);
}

// While snug was stopped init has seen to the time limit.
bool Loop::killed_by_init() const {
  const bool killed = WIFSIGNALED(wait_status_) && WTERMSIG(wait_status_) == SIGKILL;
  return killed && options_.timeout && Deadlines::Clock::now() >= began_ + *options_.timeout;
}

void Loop::command_ended(int wait_status) {
  wait_status_ = wait_status;
  ended_ = true;
  timed_out_ = timed_out_ || killed_by_init();
  command_stopped_ = false;
  deadlines_.clear();
}

void Loop::send(Command::Kind kind, int value) {
  const Command command{kind, value};
  if (::send(sandbox_.control.get(), &command, sizeof command, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof command) return;
  // Init has dozens of unread messages: a signal more would not help, but an end must come.
  if (kind == Command::end) kill_init();
}

void Loop::kill_init() { syscall(SYS_pidfd_send_signal, sandbox_.init_pidfd.get(), SIGKILL, nullptr, 0); }

// --- job control ---

void Loop::command_stopped(int signal) {
  command_stopped_ = true;
  if (terminal_ && terminal_->gone()) return terminal_lost();
  const bool wants_keyboard = signal == SIGTTIN || signal == SIGTTOU;
  if (!wants_keyboard || !in_foreground()) return suspend(signal);
  claim_keyboard();
  continue_command();
}

void Loop::claim_keyboard() {
  claimed_ = true;
  terminal_->make_raw(pipeline() ? Terminal::Keep::signals : Terminal::Keep::nothing);
}

// The foreground was lost and given back without a signal (`bg` of a running job, then `fg`).
void Loop::regain_keyboard() {
  if (claimed_ && terminal_ && !terminal_->raw() && !keyboard_dead_ && !ended_ && in_foreground()) claim_keyboard();
}

// Stops this process as the command has stopped, with the terminal as it was, so that the shell takes over.
void Loop::suspend(int signal) {
  if (!has_job_control()) return;  // nobody could continue us; a signal or the time limit still reaches the command
  flush_terminal_output(std::chrono::milliseconds(200));
  if (terminal_) terminal_->restore();
  const bool stopped = signals_.stop(signal, terminal_.has_value());
  if (!stopped && (signal == SIGTTIN || signal == SIGTTOU)) return end_of_input_for_orphan();
  if (terminal_) {
    terminal_->copy_size_to(sandbox_.pty_master.get());
    claimed_ = claimed_ && in_foreground();
    if (claimed_) claim_keyboard();
  }
  if (command_stopped_) continue_command();
}

void Loop::continue_command() {
  command_stopped_ = false;
  send(Command::cont, claimed_ ? 1 : 0);
}

// A background process group without a shell: a terminal would answer EIO. The command gets an end of input instead,
// and is put in the foreground, or it would stop again at once.
void Loop::end_of_input_for_orphan() {
  claimed_ = keyboard_dead_ = true;
  continue_command();
  constexpr char kEndOfFile = 4;
  (void)!write(sandbox_.pty_master.get(), &kEndOfFile, 1);
}

bool Loop::has_job_control() const {
  if (terminal_) return terminal_->controlling();
  return Fd(open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)).get() >= 0;
}

bool Loop::pipeline() const { return options_.stdio[0] != StdioMode::pty || options_.stdio[1] != StdioMode::pty; }

bool Loop::reads_keyboard() const { return terminal_ && terminal_->raw() && !ended_ && !lost_terminal_; }

// --- the terminal ---

void Loop::move_keyboard() {
  if (!reads_keyboard()) return;
  if (poller_.readable(kTerminal)) {
    keyboard_.fill();
    if (keyboard_.finished()) return keyboard_unreadable();
  }
  if (!keyboard_.waiting().empty()) keyboard_.drain();
}

// The end of the terminal, or of our time in its foreground (reads say EIO there while SIGTTIN is blocked).
void Loop::keyboard_unreadable() {
  if (terminal_->gone()) return terminal_lost();
  keyboard_ = Relay(terminal_->fd(), sandbox_.pty_master.get());
  if (!in_foreground()) return terminal_->restore();
  keyboard_dead_ = true;  // readable, in the foreground and at its end: a terminal without VMIN
  terminal_->restore();
}

void Loop::terminal_lost() {
  if (lost_terminal_) return;
  lost_terminal_ = true;
  keyboard_.close_source();
  output_.discard_output();
  if (!ended_ && !is_ignored(SIGHUP)) deadlines_.add(kHangUpLadder, Deadlines::Clock::now());
}

void Loop::move_terminal_output() {
  if (!poller_.readable(kMaster) && !poller_.writable(kTerminal) && !ended_) return;
  for (int round = 0; round < kRounds * 16; ++round) {  // a terminal's read gives 4 KiB at most
    if (output_.wants_to_write()) {
      if (!may_show_output()) return;
      if (pipeline()) terminal_->follow_output_processing(sandbox_.pty_master.get());
      if (!output_.drain()) break;
      continue;
    }
    if (!take_terminal_output()) break;
  }
  if (output_.write_error() != 0) terminal_lost();
}

// Behind other programs' output, or in the background, the caller's terminal does output processing too.
bool Loop::take_terminal_output() {
  if (!output_.fill()) return false;
  modes_.scan(output_.waiting());
  const bool exact = terminal_->raw() && !pipeline();
  if (!exact && terminal_->doubles_line_ends(sandbox_.pty_master.get())) output_.join_line_ends();
  return true;
}

bool Loop::may_show_output() {
  if (terminal_->raw() || keyboard_dead_ || terminal_->foreground()) return true;
  if (!terminal_->stops_background_output()) return true;
  suspend(SIGTTOU);
  return false;
}

// What a program wrote before it stopped (vim leaving its screen) belongs before the shell's prompt.
void Loop::flush_terminal_output(std::chrono::milliseconds limit) {
  if (!in_foreground() || lost_terminal_) return;
  const auto until = Deadlines::Clock::now() + limit;
  while (Deadlines::Clock::now() < until) {
    if (output_.wants_to_write() && !output_.drain()) {
      if (output_.write_error() != 0) return;
      pollfd terminal{terminal_->fd(), POLLOUT, 0};
      if (poll(&terminal, 1, static_cast<int>(limit.count())) <= 0) return;
    } else if (!output_.wants_to_write() && output_.wants_to_read()) {
      if (!take_terminal_output()) return;
    }
  }
}

// --- files ---

void Loop::move_input_file() {
  if (!poller_.writable(kStdin)) return;
  for (int round = 0; round < kRounds; ++round) {
    input_file_.fill();
    if (!input_file_.drain()) break;
  }
  if (input_file_.finished()) close_relay(0);
}

void Loop::move_output_file(int number) {
  Relay& relay = output_files_[number];
  if (relay.finished() || (!poller_.readable(kStdin + number) && !ended_)) return;
  for (int round = 0; round < kRounds && relay.fill(); ++round) {
    while (relay.drain()) {
    }
    if (relay.wants_to_write()) break;
  }
  if (relay.write_error() != 0 && write_failure_.empty()) {
    write_failure_ = std::string("cannot write ") + name_of(number) + ": " + std::strerror(relay.write_error());
  }
  if (relay.finished()) close_relay(number);
}

// The command sees the end of its input, or SIGPIPE as if the reader of its output had gone.
void Loop::close_relay(int number) {
  poller_.want(kStdin + number, -1, 0);
  sandbox_.relays[number].reset();
}

// --- the end ---

void Loop::end() {
  if (options_.detached) options_.detached->take_rest();
  reset_terminal_modes();
  if (terminal_) terminal_->restore();
  modes_.forget();  // a full-screen program that was killed hides nothing any more
  tell_refusals();
  tell_blocked();
  if (options_.watcher) {
    for (Watch& watch : options_.watcher->at_end()) untold_losses_.push_back(std::move(watch));
  }
  tell_losses();
  end_limits();
  if (options_.usage != nullptr) options_.usage->stop(started_);
}

// While the group is still there: init goes when it is let go.
void Loop::end_limits() {
  if (options_.limits == nullptr) return;
  collect_limits();
  if (killed_for_memory()) untold_limits_.clear();
  tell_limits();
}

bool Loop::ended_abnormally() const { return WIFSIGNALED(wait_status_) || timed_out_ || lost_terminal_; }

// A program that ends by itself may leave a mode on on purpose (`tput civis`).
void Loop::reset_terminal_modes() {
  if (!terminal_ || lost_terminal_ || (!ended_abnormally() && !options_.interactive_shell)) return;
  const std::string sequence = modes_.reset_sequence();
  if (!sequence.empty() && in_foreground()) (void)!write(terminal_->fd(), sequence.data(), sequence.size());
}

RunOutcome Loop::outcome() const {
  RunOutcome outcome;
  outcome.refused = refusals_.counted();
  outcome.signal = WIFSIGNALED(wait_status_) ? WTERMSIG(wait_status_) : 0;
  outcome.status = outcome.signal != 0 ? 128 + outcome.signal : WEXITSTATUS(wait_status_);
  if (init_died_) outcome.remark = options_.death_text;
  if (!write_failure_.empty()) {
    outcome.remark = write_failure_;
    if (outcome.status == 0) outcome.status = 1;  // output is missing: not a success
  }
  if (timed_out_) {
    outcome.timed_out = true;
    outcome.status = 124;
    outcome.remark = options_.timeout_text;
  }
  if (killed_for_memory() && !timed_out_) outcome.remark = options_.limits->death_text();
  if (disk_used_up_) outcome.remark = options_.disk->text();
  if (!unreachable_.empty()) {
    outcome.status = 125;
    outcome.remark = "ended, as nobody could have reached it: " + unreachable_;
  }
  return outcome;
}

}  // namespace snug
