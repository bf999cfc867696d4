// A sandbox without a sandbox: a shell with a terminal, snug's event loop as its job, and the test in the place of
// the person at the keyboard, of init and of the command. For testing run/loop without namespaces.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "run/loop.h"
#include "support/catch.h"

namespace snug::test {

inline constexpr int kPatience = 5000;  // milliseconds until a test fails

inline bool wait_for(int fd, short events, int milliseconds = kPatience) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, milliseconds) > 0;
}

/// Reads until `text` has come, or the patience or the input is at its end. Returns everything that came.
inline std::string read_until(int fd, const std::string& text) {
  std::string all;
  while (all.find(text) == all.npos && wait_for(fd, POLLIN)) {
    char buffer[4096];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) break;
    all.append(buffer, static_cast<std::size_t>(got));
  }
  return all;
}

struct Pair {
  Fd ours, theirs;
  static Pair pipe_from_snug() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
  }
  static Pair pipe_to_snug() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {Fd(ends[1]), Fd(ends[0])};
  }
  static Pair socket() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
  }
  static Pair terminal() {
    int master = -1, slave = -1;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
    return {Fd(master), Fd(slave)};
  }
};

/// What the shell tells about its job.
struct JobEvent {
  enum Kind { stopped, ended } kind;
  int value;  ///< the signal, or the wait status
};

class FakeSandbox {
 public:
  LoopOptions options;                   ///< set before start()
  bool background = false;               ///< the shell starts the job with `&`
  std::function<void()> in_job = [] {};  ///< called in the job's process before the loop starts

  FakeSandbox() { options.stdio = {StdioMode::pty, StdioMode::pty, StdioMode::pty}; }
  FakeSandbox(const FakeSandbox&) = delete;
  ~FakeSandbox() {
    for (const pid_t pid : {shell_, init_}) {
      if (pid > 0) ::kill(pid, SIGKILL);
      if (pid > 0) ::waitpid(pid, nullptr, 0);
    }
  }

  // The person at the terminal.
  Pair outer = Pair::terminal();
  void type(const std::string& keys) {
    REQUIRE(::write(outer.ours.get(), keys.data(), keys.size()) == ssize_t(keys.size()));
  }
  std::string screen_until(const std::string& text) { return read_until(outer.ours.get(), text); }
  termios modes() {
    termios now{};
    REQUIRE(::tcgetattr(outer.ours.get(), &now) == 0);
    return now;
  }
  bool raw() { return (modes().c_lflag & ICANON) == 0; }
  bool becomes_raw(bool wanted = true) {
    for (int i = 0; i < kPatience && raw() != wanted; ++i) ::usleep(1000);
    return raw() == wanted;
  }

  // The shell.
  void shell(char order) { REQUIRE(::write(orders_.ours.get(), &order, 1) == 1); }
  void foreground() { shell('f'); }
  void continue_in_background() { shell('b'); }
  JobEvent next_event() {
    JobEvent event{JobEvent::ended, -1};
    REQUIRE(wait_for(events_.ours.get(), POLLIN));
    REQUIRE(::read(events_.ours.get(), &event, sizeof event) == sizeof event);
    return event;
  }
  void signal_job(int signal) { REQUIRE(::kill(job_, signal) == 0); }
  pid_t job() const { return job_; }

  // Init and the command.
  Pair control = Pair::socket();
  Pair inner = Pair::terminal();  ///< ours: the command's side (slave); theirs: the master
  std::array<Pair, 3> relays;
  void report(protocol::Report::Kind kind, int a = 0) {
    const protocol::Report report{kind, a, 0};
    REQUIRE(::send(control.ours.get(), &report, sizeof report, MSG_NOSIGNAL) == sizeof report);
  }
  void end(int wait_status) { report(protocol::Report::ended, wait_status); }
  /// The next message to init; kind 0 if none came within `milliseconds`.
  protocol::Command next_command(int milliseconds = kPatience) {
    protocol::Command command{};
    if (wait_for(control.ours.get(), POLLIN, milliseconds)) ::recv(control.ours.get(), &command, sizeof command, 0);
    return command;
  }
  bool commanded(protocol::Command::Kind kind, int value) {
    const auto command = next_command();
    return command.kind == kind && command.value == value;
  }
  void print(const std::string& text) {
    REQUIRE(::write(inner.ours.get(), text.data(), text.size()) == ssize_t(text.size()));
  }
  std::string typed_until(const std::string& text) { return read_until(inner.ours.get(), text); }
  void kill_init() { ::kill(init_, SIGKILL); }

  void start();
  /// Ends the command and returns snug's own exit status.
  int finish(int wait_status) {
    end(wait_status);
    return exit_status();
  }
  int exit_status() {
    const JobEvent event = next_event();
    REQUIRE(event.kind == JobEvent::ended);
    return WIFEXITED(event.value) ? WEXITSTATUS(event.value) : -WTERMSIG(event.value);
  }

 private:
  [[noreturn]] void run_shell();
  [[noreturn]] void run_job();
  void obey(pid_t job);

  Pair orders_ = Pair::pipe_to_snug(), events_ = Pair::pipe_from_snug();
  Pair job_pid_ = Pair::pipe_from_snug();
  Fd init_pidfd_;
  pid_t shell_ = -1, job_ = -1, init_ = -1;
};

inline void FakeSandbox::start() {
  std::swap(inner.ours, inner.theirs);
  ::fcntl(inner.theirs.get(), F_SETFL, O_NONBLOCK);
  termios raw{};
  ::tcgetattr(inner.ours.get(), &raw);
  ::cfmakeraw(&raw);  // the line discipline is not what is tested
  ::tcsetattr(inner.ours.get(), TCSANOW, &raw);
  init_ = ::fork();
  if (init_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close_range(3, ~0U, 0);
    for (;;) ::pause();
  }
  init_pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, init_, 0)));
  shell_ = ::fork();
  if (shell_ == 0) run_shell();
  events_.theirs.reset();
  control.theirs.reset();
  outer.theirs.reset();
  for (Pair& relay : relays) relay.theirs.reset();
  REQUIRE(wait_for(job_pid_.ours.get(), POLLIN));
  REQUIRE(::read(job_pid_.ours.get(), &job_, sizeof job_) == sizeof job_);
}

inline void FakeSandbox::run_shell() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  ::ioctl(outer.theirs.get(), TIOCSCTTY, 0);
  ::signal(SIGTTOU, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  outer.ours.reset();
  control.ours.reset();
  const pid_t job = ::fork();
  if (job == 0) run_job();
  ::setpgid(job, job);
  if (!background) ::tcsetpgrp(outer.theirs.get(), job);
  (void)!::write(job_pid_.theirs.get(), &job, sizeof job);
  inner.theirs.reset();
  control.theirs.reset();
  for (Pair& relay : relays) relay = {};
  for (;;) obey(job);
}

inline void FakeSandbox::obey(pid_t job) {
  int status = 0;
  while (::waitpid(job, &status, WUNTRACED | WNOHANG) == job) {
    // As a shell does, it takes its terminal back.
    ::tcsetpgrp(outer.theirs.get(), ::getpgrp());
    const JobEvent event =
        WIFSTOPPED(status) ? JobEvent{JobEvent::stopped, WSTOPSIG(status)} : JobEvent{JobEvent::ended, status};
    (void)!::write(events_.theirs.get(), &event, sizeof event);
    if (!WIFSTOPPED(status)) ::_exit(0);
  }
  if (!wait_for(orders_.theirs.get(), POLLIN, 2)) return;
  char order = 0;
  if (::read(orders_.theirs.get(), &order, 1) != 1) ::_exit(0);
  if (order == 'q') ::_exit(0);
  if (order == 'f' || order == 'F') ::tcsetpgrp(outer.theirs.get(), job);
  if (order == 'f' || order == 'b') ::kill(-job, SIGCONT);
}

inline void FakeSandbox::run_job() {
  ::setpgid(0, 0);
  // The shell may not have been scheduled yet.
  if (!background) ::tcsetpgrp(outer.theirs.get(), ::getpid());
  ::signal(SIGTTOU, SIG_DFL);
  ::signal(SIGHUP, SIG_DFL);
  inner.ours.reset();
  for (Pair* pair : {&orders_, &events_, &job_pid_}) *pair = {};
  for (Pair& relay : relays) relay.ours.reset();
  in_job();
  Sandbox sandbox;
  sandbox.control = std::move(control.theirs);
  sandbox.init_pidfd = std::move(init_pidfd_);
  sandbox.pty_master = std::move(inner.theirs);
  for (int i = 0; i < 3; ++i) {
    sandbox.relays[i] = std::move(relays[i].theirs);
    ::fcntl(sandbox.relays[i].get(), F_SETFL, O_NONBLOCK);
  }
  std::optional<Terminal> terminal;
  if (options.stdio[0] == StdioMode::pty || options.stdio[1] == StdioMode::pty || options.stdio[2] == StdioMode::pty) {
    terminal.emplace(outer.theirs.get());
  }
  int status = 125;
  {
    Signals signals = Signals::hold();
    if (!signals.open()) ::_exit(125);
    Loop loop(sandbox, options, std::move(terminal), std::move(signals), Poller::make().value());
    status = loop.run().status;
  }
  ::_exit(status);
}

}  // namespace snug::test
