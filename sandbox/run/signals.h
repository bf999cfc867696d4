// The signals a running snug takes, as readable events; the caller's mask and dispositions come back at the end.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include <optional>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

class Signals {
 public:
  /// Blocks the signals run/ handles or forwards: they wait from now on. A signal the caller ignores (nohup) stays
  /// ignored. Signals that wait when this goes away before open() take effect then.
  static Signals hold();
  /// Makes them readable and ignores SIGPIPE. Precondition: the command has been started, because it inherits
  /// dispositions.
  Result<void> open();
  /// The mask before hold(), for the command.
  const sigset_t& caller_mask() const noexcept { return caller_mask_; }

  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  /// Readable while a signal waits.
  int fd() const noexcept { return fd_.get(); }
  /// The next signal, if one waits.
  std::optional<signalfd_siginfo> next() noexcept;

  /// Stops this process with `signal` as if it had come from the terminal: with `group` the whole process group.
  /// Returns once continued. False if nothing stopped it (an orphaned process group, an ignored signal).
  bool stop(int signal, bool group) noexcept;

 private:
  Signals() = default;

  Fd fd_;
  bool held_ = false;
  sigset_t caller_mask_{}, taken_{};
  struct sigaction caller_pipe_ {};
};

}  // namespace snug
