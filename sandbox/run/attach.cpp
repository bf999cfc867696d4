#include "run/attach.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "run/detached.h"
#include "run/modes.h"
#include "run/signals.h"
#include "run/terminal.h"
#include "sessions/processes.h"
#include "sys/errno.h"
#include "sys/retry.h"
#include "sys/write.h"

namespace snug {
namespace {

/// A directory that was listed, opened once more.
Fd open_kept(const KeptRun& run) { return Fd(open(run.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)); }

/// Tells when there is more in a log, and when its run is over.
class LogWatch {
 public:
  static Result<LogWatch> make(const KeptRun& run) {
    LogWatch watch;
    watch.snug_ = open_process(run.record.snug);
    watch.changes_ = Fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const bool watches = watch.changes_ && inotify_add_watch(watch.changes_.get(), run.path.c_str(),
                                                             IN_MODIFY | IN_CREATE | IN_MOVED_TO) >= 0;
    if (!watches) return sys_error("watch the log of a detached sandbox");
    return watch;
  }

  int changes() const noexcept { return changes_.get(); }
  int snug() const noexcept { return snug_.get(); }
  bool over() const noexcept {
    pollfd ended{snug_.get(), POLLIN, 0};
    return !snug_ || poll(&ended, 1, 0) != 0;
  }
  void forget_changes() const noexcept {
    std::array<char, 4096> events;
    while (read(changes_.get(), events.data(), events.size()) > 0) {
    }
  }

 private:
  LogWatch() = default;
  Fd changes_, snug_;
};

std::string with_returns(std::string_view text) {
  std::string raw;
  for (const char c : text) raw += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return raw;
}

/// One who is attached.
class Attached {
 public:
  Attached(LogReader reader, LogWatch watch, const std::vector<std::string>& key)
      : reader_(std::move(reader)), watch_(std::move(watch)), key_(key), signals_(Signals::hold()) {}
  ~Attached() { leave(); }

  Result<void> begin(bool has_terminal, const Asking& ask);
  AttachEnd run();

 private:
  bool turn();
  void print_all();
  void print(const LogPiece& piece);
  void take_keys();
  void take_signals();
  void send_size();
  void send_message(char kind, std::string_view content);
  void claim_keyboard();
  void stop();
  void leave();

  LogReader reader_;
  LogWatch watch_;
  const std::vector<std::string>& key_;
  Signals signals_;
  std::optional<Terminal> terminal_;  // the caller's, if keys come from it
  Fd socket_;
  bool input_open_ = false;
  ModeScanner modes_;
  std::string untold_;  // messages of snug's that wait for a full-screen program to end
  AttachEnd end_;
};

Result<void> Attached::begin(bool has_terminal, const Asking& ask) {
  if (auto opened = signals_.open(); !opened) return opened;
  if (!has_terminal) return {};
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return sys_error("make a socket pair");
  socket_ = Fd(ends[0]);
  ControlRequest request{.kind = ControlRequest::Kind::attach};
  request.fds.emplace_back(ends[1]);
  if (isatty(STDIN_FILENO) == 1) terminal_.emplace(STDIN_FILENO);
  send_size();  // before it is asked to draw its screen
  if (auto asked = ask(request); !asked) return std::move(asked).error();
  input_open_ = true;
  claim_keyboard();
  return {};
}

void Attached::claim_keyboard() {
  if (terminal_ && terminal_->foreground()) terminal_->make_raw(Terminal::Keep::nothing);
}

AttachEnd Attached::run() {
  while (turn()) {
  }
  print_all();
  leave();
  return end_;
}

// What was printed before the end was seen is in the log by then.
bool Attached::turn() {
  const bool over = watch_.over();
  print_all();
  if (over || end_.detached || end_.signal != 0) return false;
  const bool reads = input_open_ && (!terminal_ || terminal_->raw());
  std::array<pollfd, 4> entries{{{watch_.changes(), POLLIN, 0},
                                 {watch_.snug(), POLLIN, 0},
                                 {signals_.fd(), POLLIN, 0},
                                 {reads ? STDIN_FILENO : -1, POLLIN, 0}}};
  poll(entries.data(), entries.size(), -1);
  if (entries[0].revents != 0) watch_.forget_changes();
  if (entries[2].revents != 0) take_signals();
  if (entries[3].revents != 0) take_keys();
  return true;
}

// --- what is printed ---

void Attached::print_all() {
  while (const auto piece = reader_.next()) print(*piece);
  if (untold_.empty() || modes_.alternate_screen()) return;
  static_cast<void>(write_all(STDERR_FILENO, terminal_ && terminal_->raw() ? with_returns(untold_) : untold_));
  untold_.clear();
}

void Attached::print(const LogPiece& piece) {
  if (piece.stream == LogStream::snug) return void(untold_ += piece.bytes);
  if (piece.stream == LogStream::output) modes_.scan(piece.bytes);
  const int to = piece.stream == LogStream::errors ? STDERR_FILENO : STDOUT_FILENO;
  static_cast<void>(write_all(to, piece.bytes));
}

// --- what is typed ---

// In a pipe the key is a byte as any other.
void Attached::take_keys() {
  std::array<char, kLargestKeys> keys;
  const ssize_t got = read(terminal_ ? terminal_->fd() : STDIN_FILENO, keys.data(), keys.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return void(input_open_ = false);
  std::string_view typed(keys.data(), static_cast<std::size_t>(got));
  for (const std::string& form : key_) {
    const std::size_t at = terminal_ ? typed.find(form) : typed.npos;
    if (at == typed.npos) continue;
    end_.detached = true;
    typed = typed.substr(0, at);
  }
  if (!typed.empty()) send_message('k', typed);
}

void Attached::send_size() {
  winsize size{};
  if (!terminal_ || ioctl(terminal_->fd(), TIOCGWINSZ, &size) != 0) return;
  const AttachedSize told{size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
  send_message('s', {reinterpret_cast<const char*>(&told), sizeof told});
}

// Waits where the terminal takes no more. Nobody at the other end: the run is over, as will be seen.
void Attached::send_message(char kind, std::string_view content) {
  std::string message(1, kind);
  message.append(content);
  retry([&] { return send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL); });
}

// --- signals ---

void Attached::take_signals() {
  while (const auto info = signals_.next()) {
    const int signal = static_cast<int>(info->ssi_signo);
    if (signal == SIGWINCH) {
      send_size();
    } else if (signal == SIGTSTP) {
      stop();
    } else if (signal == SIGCONT) {
      claim_keyboard();
      send_size();
    } else {
      end_.signal = signal;
    }
  }
}

void Attached::stop() {
  if (terminal_) terminal_->restore();
  signals_.stop(SIGTSTP, terminal_.has_value());
  claim_keyboard();
  send_size();
}

// What the command has switched on in this terminal is its own terminal's no longer.
void Attached::leave() {
  const std::string reset = modes_.reset_sequence();
  if (terminal_ && !reset.empty() && terminal_->foreground()) static_cast<void>(write_all(STDOUT_FILENO, reset));
  modes_.forget();
  terminal_.reset();
  if (!untold_.empty()) static_cast<void>(write_all(STDERR_FILENO, std::exchange(untold_, {})));
}

}  // namespace

Result<std::vector<std::string>> parse_detach_key(std::string_view word) {
  if (word == "none") return std::vector<std::string>();
  constexpr std::string_view kLead = "ctrl-";
  const char letter = word.size() == kLead.size() + 1 && word.starts_with(kLead) ? word.back() : '\0';
  const bool fits = (letter >= 'a' && letter <= 'z') || (letter >= '[' && letter <= '_');
  if (!fits) {
    return Error{.what = "--detach-key: \"" + std::string(word) + "\" is no key",
                 .fix = "ctrl- and a letter from a to z or one of [ \\ ] ^ _; or none"};
  }
  const std::string number = std::to_string(static_cast<int>(letter));
  // As itself; in the kitty keyboard protocol; in xterm's modifyOtherKeys.
  return std::vector<std::string>{std::string(1, static_cast<char>(letter & 31)), "\033[" + number + ";5u",
                                  "\033[27;5;" + number + "~"};
}

Result<void> follow_log(const KeptRun& run, LogReader& reader, const Printing& print) {
  const auto watch = LogWatch::make(run);
  if (!watch) return watch.error();
  while (true) {
    const bool over = watch->over();
    while (const auto piece = reader.next()) print(*piece);
    if (over) return {};
    std::array<pollfd, 2> entries{{{watch->changes(), POLLIN, 0}, {watch->snug(), POLLIN, 0}}};
    poll(entries.data(), entries.size(), -1);
    watch->forget_changes();
  }
}

Result<AttachEnd> attach(const KeptRun& run, const std::vector<std::string>& detach_key, const Asking& ask) {
  const Fd directory = open_kept(run);
  if (!directory) return sys_error("open the log of a detached sandbox");
  LogReader reader(directory.get());
  reader.skip_all();
  auto watch = LogWatch::make(run);
  if (!watch) return std::move(watch).error();
  Attached attached(std::move(reader), std::move(watch).value(), detach_key);
  if (auto begun = attached.begin(run.record.terminal, ask); !begun) return begun.error();
  return attached.run();
}

}  // namespace snug
