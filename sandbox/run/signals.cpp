#include "run/signals.h"

#include <unistd.h>

#include <utility>

#include "sys/errno.h"

namespace snug {
namespace {

// Forwarded, or handled: CONT, TSTP, WINCH. TTIN and TTOU are blocked so that a terminal that was lost a moment ago
// is an error of read(2) and not a stop in the middle of things.
constexpr int kTaken[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,  SIGUSR1, SIGUSR2,
                          SIGALRM, SIGCONT, SIGTSTP, SIGWINCH, SIGTTIN, SIGTTOU};

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void drop_pending(const sigset_t& set) {
  const timespec now{0, 0};
  while (sigtimedwait(&set, nullptr, &now) > 0) {
  }
}

sigset_t only(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals Signals::hold() {
  Signals signals;
  sigemptyset(&signals.taken_);
  for (const int signal : kTaken) {
    // A blocked signal is queued even if it is ignored (signal(7)), so that ignored ones must not be blocked.
    if (!is_ignored(signal)) sigaddset(&signals.taken_, signal);
  }
  sigprocmask(SIG_BLOCK, &signals.taken_, &signals.caller_mask_);
  signals.held_ = true;
  return signals;
}

Result<void> Signals::open() {
  sigset_t readable = taken_;
  sigdelset(&readable, SIGTTIN);
  sigdelset(&readable, SIGTTOU);
  fd_ = Fd(signalfd(-1, &readable, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) return sys_error("watch for signals");
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &caller_pipe_);
  return {};
}

Signals::Signals(Signals&& other) noexcept
    : fd_(std::move(other.fd_)),
      held_(std::exchange(other.held_, false)),
      caller_mask_(other.caller_mask_),
      taken_(other.taken_),
      caller_pipe_(other.caller_pipe_) {}

// Once the command has run, what came too late for it must not end snug before it has said how the command ended.
Signals::~Signals() {
  if (!held_) return;
  if (fd_) {
    drop_pending(taken_);
    sigaction(SIGPIPE, &caller_pipe_, nullptr);
  }
  sigprocmask(SIG_SETMASK, &caller_mask_, nullptr);
}

std::optional<signalfd_siginfo> Signals::next() noexcept {
  signalfd_siginfo info{};
  if (read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return info;
}

bool Signals::stop(int signal, bool group) noexcept {
  const sigset_t continued = only(SIGCONT), stopping = only(signal);
  drop_pending(continued);
  kill(group && signal != SIGSTOP ? 0 : getpid(), signal);
  // The pending signal acts here, and here the process wakes up again.
  sigset_t before;
  sigprocmask(SIG_UNBLOCK, &stopping, &before);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  // However it was continued, SIGCONT is pending now, as it is blocked.
  const timespec now{0, 0};
  return sigtimedwait(&continued, nullptr, &now) == SIGCONT;
}

}  // namespace snug
