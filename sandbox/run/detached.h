// A detached run, from within its own snug: what the command prints goes into its log, what those attached type goes
// to its terminal. Part of the event loop. Who reads the log is another process (run/attach.h), so that a slow reader
// holds nobody up.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "launch/launch.h"
#include "run/run.h"
#include "sessions/kept.h"
#include "sessions/log.h"

namespace snug {

/// What is sent over the socket of one who is attached, a message each: 'k' and the bytes typed, or 's' and this.
struct AttachedSize {
  std::uint16_t rows = 0, columns = 0, x_pixels = 0, y_pixels = 0;
};
inline constexpr std::size_t kLargestKeys = 4096;
inline constexpr std::size_t kMostAttached = 16;

class Detached {
 public:
  /// `place`: of what is kept (sessions/kept.h). `terminal`: the command has one, and it starts so.
  Detached(std::string place, std::optional<PtyStart> terminal)
      : place_(std::move(place)), terminal_(std::move(terminal)) {}
  Detached(const Detached&) = delete;
  Detached& operator=(const Detached&) = delete;
  /// Nothing is kept of a run whose command never began.
  ~Detached();

  bool has_terminal() const noexcept { return terminal_.has_value(); }
  PtyStart pty_start() const { return terminal_.value_or(PtyStart{}); }
  /// Nothing of the caller's: a terminal, or an empty input and two pipes into the log.
  StdioPlan stdio() const;

  /// Makes the log of `record`, and drops those that have been kept long enough.
  Result<void> begin(const SessionRecord& record);
  /// What this process prints on its standard error goes into the log from now on.
  Result<void> take_messages();
  /// Precondition: begin(); `sandbox` outlives this or end() comes before.
  Result<void> serve(const Sandbox& sandbox);

  /// Readable when turn() has something to do; -1: never.
  int fd() const noexcept { return epoll_.get(); }
  void turn();
  /// Takes keys and sizes from `socket` (SOCK_SEQPACKET). Errors: there is no terminal, or too many are attached.
  Result<void> attach(Fd socket);

  /// Everything the command has printed. Precondition: it has ended.
  void take_rest();
  /// Keeps the rest of the messages, and how the run ended.
  void end(const RunOutcome& outcome);

 private:
  struct Source {
    int fd = -1;  // borrowed
    LogStream stream = LogStream::output;
  };

  bool watch(int fd, std::uint32_t id, std::uint32_t events, int operation) noexcept;
  Result<void> add_source(int fd, LogStream stream);
  bool copy_some(std::size_t source);
  void take_from(std::size_t attached);
  void type(std::string_view keys);
  void type_waiting();
  void let_type(bool may);

  std::string place_, id_;
  std::optional<PtyStart> terminal_;
  KeptPlace kept_;
  LogWriter log_;
  Fd epoll_, messages_;
  std::array<Source, 4> sources_;
  std::size_t source_count_ = 0;
  std::array<Fd, kMostAttached> attached_;
  int master_ = -1;      // borrowed
  std::string waiting_;  // keys that the terminal does not take yet; nobody types meanwhile
  std::unique_ptr<char[]> buffer_;
};

}  // namespace snug
