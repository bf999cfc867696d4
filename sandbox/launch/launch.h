// Plan -> a running sandbox. Owns the clone, the id maps, the order of confinement and the child's steps; leaves
// the terminal, relays and waiting to run/.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "launch/control_group.h"
#include "net/gateway.h"
#include "plan/plan.h"

namespace snug {

/// How the command gets one of its descriptors 0-2.
enum class StdioMode {
  pass,       ///< the caller's own descriptor: pipes, sockets, /dev/null
  pty,        ///< the sandbox's own terminal
  relay,      ///< a pipe whose other end run/ copies from or to the caller's descriptor
  closed,     ///< the caller's descriptor is closed, and so is the command's
  as_stdout,  ///< only [2], with [1] relay: 1 and 2 are one open file of the caller's, so both get [1]'s pipe (order)
};
using StdioPlan = std::array<StdioMode, 3>;

/// Terminal modes as TCGETS and TCSETS carry them: the kernel's `struct termios` (x86-64 and arm64), not glibc's.
struct TerminalModes {
  std::uint32_t input = 0, output = 0, control = 0, local = 0;
  std::uint8_t line = 0;
  std::array<std::uint8_t, 19> characters{};
};
static_assert(sizeof(TerminalModes) == 36);

/// How the sandbox's terminal starts, if any of the StdioPlan is pty. The child sets modes (TCSETS) and size
/// (TIOCSWINSZ) on the slave before init starts, so that the command never sees others.
struct PtyStart {
  TerminalModes modes;
  std::uint16_t rows = 0, columns = 0, x_pixels = 0, y_pixels = 0;
  /// Does the command start in the terminal's foreground group? If not, init's own group stays there: a command that
  /// then reads the terminal stops with SIGTTIN, which is how run/ learns that it wants the keyboard. (A pipeline
  /// `snug run make | less` must leave the keyboard to less.)
  bool foreground = true;
};

/// A sandbox whose init runs. Destroying it kills everything inside and reaps init.
struct Sandbox {
  Sandbox() = default;
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) noexcept;
  ~Sandbox();

  pid_t init_pid = -1;       ///< as seen from outside; -1 once reaped
  Fd control;                ///< protocol::Command out, protocol::Report in (SOCK_SEQPACKET, non-blocking)
  Fd init_pidfd;             ///< readable when init is gone
  Fd pty_master;             ///< set if any of the StdioPlan is pty; non-blocking. Init keeps a slave open, so that
                             ///< EIO on it means that init is gone
  Fd listener;               ///< of the system call filter, if it reports; readable when a call waits for an answer
  GatewaySockets network;    ///< what the plan's name service and filter accept from
  std::array<Fd, 3> relays;  ///< our pipe ends, non-blocking: [0] to write, [1] and [2] to read; set where relay
  Fd accounts;               ///< with plan.measured: init's /proc/PID/io, once it has reaped a process with its bytes
  ControlGroup group;        ///< of the plan's limits; goes away after the processes
};

/// The early part of a launch: the child and its namespaces, started while the caller still reads and plans.
/// Give it to launch() or let it go: the child then ends.
class EarlyChild;
struct EarlyChildDelete {
  void operator()(EarlyChild* child) const noexcept;
};
using EarlyChildPtr = std::unique_ptr<EarlyChild, EarlyChildDelete>;

/// Starts the child with the namespaces nearly every run needs (all but time; network too). Returns null where it
/// does not pay or cannot work (real root): launch() then starts it itself and words any error.
/// Precondition: one thread, fds 0-2 as the command is to get them.
EarlyChildPtr start_early();
/// Has it set up what the plan will most likely show, each once `confirm` has completed it, while the caller goes on
/// planning. A wrong guess costs another child, nothing else (launch/prologue.h).
void work_ahead(EarlyChild& child, std::vector<ViewEntry> likely, const std::function<bool(ViewEntry&)>& confirm);

/// Starts `plan`. `stdio` says what becomes of fds 0-2 of this process, which stay open. On success the command
/// has been executed; on an Error nothing ran and nothing is left. Errors name the profile line that asked for the
/// failing step. An Error whose code is an exec failure has `exit_status` 126 or 127 in LaunchError.
struct LaunchError {
  Error error;
  int exit_status = 125;
};
struct LaunchOutcome {
  std::optional<Sandbox> sandbox;
  std::optional<LaunchError> error;  ///< set if `sandbox` is not
};
///
/// The command gets `command_mask`, by default this process's own signal mask. A caller may thus block signals before
/// the launch, so that none for the command is lost; where INT, TERM, HUP or QUIT then waits while a set-up takes
/// long, the launch fails within a second.
LaunchOutcome launch(const Plan& plan, const StdioPlan& stdio, EarlyChildPtr early = nullptr, const PtyStart& pty = {},
                     const sigset_t* command_mask = nullptr);

}  // namespace snug
