// The caller's terminal: its modes, size and foreground group, seen through a descriptor of snug's own.
#pragma once

#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "launch/launch.h"

namespace snug {

/// Restores the modes it found when it goes away, if it has changed them and may.
class Terminal {
 public:
  /// The terminal behind `fd`. It is opened anew, because O_NONBLOCK on the caller's descriptor would be shared with
  /// the shell and everything else that has it.
  explicit Terminal(int fd);
  Terminal(Terminal&& other) noexcept;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal() { restore(); }

  int fd() const noexcept { return fd_.get(); }

  /// May this process read it and set its modes now? Always true of a terminal that is not its controlling one:
  /// job control does not apply to it.
  bool foreground() const noexcept;
  /// Is it the controlling terminal, so that a stop belongs to the whole process group?
  bool controlling() const noexcept;
  /// Has it been hung up, or taken from this session because the shell is gone?
  bool gone() const noexcept;
  /// Do writes from the background stop the writer (stty tostop)?
  bool stops_background_output() const noexcept;

  /// How the sandbox's terminal is to start: its size, and its modes if they are ours to look at. A shell that edits
  /// its next line has the terminal in raw mode while `snug run x &` starts.
  PtyStart pty_start(bool command_owns_it) const noexcept;

  enum class Keep {
    nothing,  ///< every key is a byte for the sandbox's terminal
    signals,  ///< a pipeline: Ctrl-C must reach all of it, and what the others print needs output processing
  };
  /// Precondition: foreground().
  void make_raw(Keep keep) noexcept;
  /// In a pipeline: process output if the sandbox's terminal `master` does. A full-screen program switches it off
  /// there.
  void follow_output_processing(int master) noexcept;
  /// Does it, as well as the sandbox's terminal `master`, put '\r' before each '\n'?
  bool doubles_line_ends(int master) const noexcept;
  /// Back to the modes found, if this process is in the foreground. No effect if they are not changed.
  void restore() noexcept;
  bool raw() const noexcept { return raw_; }

  /// Gives the terminal behind `master` this one's size; the kernel tells the programs there.
  void copy_size_to(int master) const noexcept;

 private:
  Fd fd_;
  TerminalModes found_{}, now_{};
  bool raw_ = false;
  bool job_control_ = false;  // it was the controlling terminal at the start
};

/// The caller's terminal, if one of its descriptors 0-2 is one.
std::optional<Terminal> open_terminal(const StdioPlan& stdio);

/// Does a command with these descriptors have the keyboard from the start? In a pipeline it stays with the others until
/// the command asks for it, by SIGTTIN.
bool owns_keyboard(const std::optional<Terminal>& terminal, const StdioPlan& stdio);

}  // namespace snug
