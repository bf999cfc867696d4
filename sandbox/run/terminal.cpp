#include "run/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace snug {
namespace {

constexpr int kOpenFlags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

// /dev/tty can be opened where the device cannot: `su` leaves the terminal to the one who logged in.
bool is_controlling_device(int fd, int tty) {
  struct stat status {};
  unsigned device = 0;
  return fstat(fd, &status) == 0 && ioctl(tty, TIOCGDEV, &device) == 0 && device == status.st_rdev;
}

// The last resort shares the caller's blocking descriptor: reads wait for readiness, writes may block while the
// terminal is stopped.
Fd open_anew(int fd) {
  if (Fd again(open(("/proc/self/fd/" + std::to_string(fd)).c_str(), kOpenFlags)); again && isatty(again.get())) {
    return again;
  }
  if (Fd tty(open("/dev/tty", kOpenFlags)); tty && is_controlling_device(fd, tty.get())) return tty;
  return Fd(fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

bool get_modes(int fd, TerminalModes& modes) noexcept { return ioctl(fd, TCGETS, &modes) == 0; }

// What the kernel gives a new terminal (tty_std_termios).
TerminalModes fresh_modes() noexcept {
  return {.input = ICRNL | IXON,
          .output = OPOST | ONLCR,
          .control = B38400 | CS8 | CREAD | HUPCL,
          .local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
          .line = 0,
          .characters = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0}};
}

TerminalModes raw_modes(TerminalModes modes, Terminal::Keep keep) noexcept {
  modes.input &= ~static_cast<std::uint32_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  modes.local &= ~static_cast<std::uint32_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  modes.control = (modes.control & ~static_cast<std::uint32_t>(CSIZE | PARENB)) | CS8;
  modes.characters[VMIN] = 1;
  modes.characters[VTIME] = 0;
  if (keep == Terminal::Keep::nothing) {
    modes.output &= ~static_cast<std::uint32_t>(OPOST);
  } else {
    modes.local |= ISIG;
  }
  return modes;
}

// --- dying by a signal that is not forwarded ---

constexpr int kFatal[] = {SIGSEGV, SIGBUS,  SIGILL,    SIGFPE,  SIGABRT, SIGTRAP, SIGSYS,
                          SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSTKFLT};
int crash_fd = -1;
TerminalModes crash_modes;

// Runs on the way out: ioctl and raise only. SA_RESETHAND makes the second one end the process.
void restore_and_die(int signal) {
  ioctl(crash_fd, TCSETS, &crash_modes);
  raise(signal);
}

void guard(int fd, const TerminalModes& modes) noexcept {
  crash_fd = fd;
  crash_modes = modes;
  struct sigaction action {};
  action.sa_handler = restore_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (const int signal : kFatal) {
    struct sigaction before {};
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) sigaction(signal, &action, nullptr);
  }
}

void unguard() noexcept {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (const int signal : kFatal) {
    struct sigaction now {};
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler == restore_and_die) sigaction(signal, &usual, nullptr);
  }
}

}  // namespace

Terminal::Terminal(int fd) : fd_(open_anew(fd)), job_control_(controlling()) {}

Terminal::Terminal(Terminal&& other) noexcept
    : fd_(std::move(other.fd_)),
      found_(other.found_),
      now_(other.now_),
      raw_(std::exchange(other.raw_, false)),
      job_control_(other.job_control_) {}

bool Terminal::controlling() const noexcept { return tcgetpgrp(fd_.get()) >= 0; }

bool Terminal::foreground() const noexcept {
  const pid_t group = tcgetpgrp(fd_.get());
  return group < 0 ? !job_control_ && errno == ENOTTY : group == getpgrp();
}

bool Terminal::gone() const noexcept {
  TerminalModes ignored;
  return !get_modes(fd_.get(), ignored) || (job_control_ && !controlling());
}

bool Terminal::stops_background_output() const noexcept {
  TerminalModes modes;
  return get_modes(fd_.get(), modes) && (modes.local & TOSTOP) != 0;
}

PtyStart Terminal::pty_start(bool command_owns_it) const noexcept {
  PtyStart start{.modes = fresh_modes(), .foreground = command_owns_it};
  TerminalModes modes;
  if (get_modes(fd_.get(), modes)) {
    if (foreground()) {
      start.modes = modes;
    } else {
      start.modes.input |= modes.input & IUTF8;
    }
  }
  winsize size{};
  if (ioctl(fd_.get(), TIOCGWINSZ, &size) == 0) {
    start.rows = size.ws_row;
    start.columns = size.ws_col;
    start.x_pixels = size.ws_xpixel;
    start.y_pixels = size.ws_ypixel;
  }
  return start;
}

void Terminal::make_raw(Keep keep) noexcept {
  TerminalModes modes;
  if (!get_modes(fd_.get(), modes)) return;
  if (!raw_) found_ = modes;
  now_ = raw_modes(found_, keep);
  if (ioctl(fd_.get(), TCSETS, &now_) != 0) return;
  raw_ = true;
  guard(fd_.get(), found_);
}

void Terminal::follow_output_processing(int master) noexcept {
  TerminalModes inside;
  if (!raw_ || !get_modes(master, inside)) return;
  const std::uint32_t wanted =
      (inside.output & OPOST) != 0 ? found_.output : found_.output & ~static_cast<std::uint32_t>(OPOST);
  if (now_.output == wanted || !foreground()) return;
  now_.output = wanted;
  ioctl(fd_.get(), TCSETS, &now_);
}

bool Terminal::doubles_line_ends(int master) const noexcept {
  constexpr std::uint32_t kBoth = OPOST | ONLCR;
  TerminalModes here, inside;
  return get_modes(fd_.get(), here) && (here.output & kBoth) == kBoth && get_modes(master, inside) &&
         (inside.output & kBoth) == kBoth;
}

void Terminal::restore() noexcept {
  if (!raw_) return;
  unguard();
  raw_ = false;
  if (foreground()) ioctl(fd_.get(), TCSETS, &found_);
}

void Terminal::copy_size_to(int master) const noexcept {
  winsize size{};
  if (ioctl(fd_.get(), TIOCGWINSZ, &size) == 0) ioctl(master, TIOCSWINSZ, &size);
}

std::optional<Terminal> open_terminal(const StdioPlan& stdio) {
  const auto first = std::find(stdio.begin(), stdio.end(), StdioMode::pty);
  if (first == stdio.end()) return std::nullopt;
  return Terminal(static_cast<int>(first - stdio.begin()));
}

// Where SIGTTIN is ignored (bash's `$(...)`) the command could not ask: its reads would fail.
bool owns_keyboard(const std::optional<Terminal>& terminal, const StdioPlan& stdio) {
  struct sigaction action {};
  const bool cannot_ask = sigaction(SIGTTIN, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  const bool reads_and_writes_it = stdio[0] == StdioMode::pty && stdio[1] == StdioMode::pty;
  return terminal && terminal->foreground() && (reads_and_writes_it || cannot_ask);
}

}  // namespace snug
