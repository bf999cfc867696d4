#include "run/enter.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "launch/enter.h"
#include "run/loop.h"
#include "sys/errno.h"

namespace snug {
namespace {

using Stdio = EnterOrder::Stdio;

Stdio how_given(StdioMode mode) {
  if (mode == StdioMode::pty) return Stdio::terminal;
  return mode == StdioMode::closed ? Stdio::closed : Stdio::given;
}

/// What the command gets, and our ends of it.
struct Descriptors {
  std::vector<Fd> given;     ///< in the order of the command's
  std::array<Fd, 3> relays;  ///< our ends of pipes
};

Fd copy_of(int fd) { return Fd(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

Result<void> add_pipe(Descriptors& descriptors, std::size_t number) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return sys_error("make a pipe");
  Fd inner(ends[number == 0 ? 0 : 1]);
  descriptors.relays[number] = Fd(ends[number == 0 ? 1 : 0]);
  fcntl(descriptors.relays[number].get(), F_SETFL, O_NONBLOCK);
  descriptors.given.push_back(std::move(inner));
  return {};
}

Result<Descriptors> make_descriptors(const StdioPlan& stdio) {
  Descriptors descriptors;
  for (std::size_t number = 0; number < 3; ++number) {
    if (stdio[number] == StdioMode::pass) descriptors.given.push_back(copy_of(static_cast<int>(number)));
    if (stdio[number] == StdioMode::as_stdout) descriptors.given.push_back(copy_of(descriptors.given.back().get()));
    if (stdio[number] != StdioMode::relay) continue;
    if (auto added = add_pipe(descriptors, number); !added) return std::move(added).error();
  }
  return descriptors;
}

/// Sends the order; our end of the leader's socket pair.
Result<Fd> send_order(const EnterOrder& order, std::vector<Fd> given, const Asking& ask) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return sys_error("make a socket pair");
  Fd ours(ends[0]);
  ControlRequest request{.kind = ControlRequest::Kind::enter, .words = to_words(order)};
  request.fds.emplace_back(ends[1]);
  for (Fd& fd : given) request.fds.push_back(std::move(fd));
  if (auto answer = ask(request); !answer) return std::move(answer).error();
  return ours;
}

RunOutcome not_executed(LaunchError error) {
  RunOutcome outcome{.status = error.exit_status};
  outcome.not_executed = std::move(error.error);
  return outcome;
}

}  // namespace

Result<RunOutcome> run_entered(const EnterOptions& options, const Asking& ask) {
  const auto stdio = plan_stdio(options.network);
  if (!stdio) return stdio.error();
  Signals signals = Signals::hold();
  auto descriptors = make_descriptors(*stdio);
  if (!descriptors) return std::move(descriptors).error();
  auto terminal = open_terminal(*stdio);
  const bool keyboard = owns_keyboard(terminal, *stdio);
  EnterOrder order{.argv = options.argv, .workdir = options.workdir, .term = terminal ? options.term : ""};
  for (std::size_t number = 0; number < 3; ++number) order.stdio[number] = how_given((*stdio)[number]);
  if (terminal) order.pty = terminal->pty_start(keyboard);

  auto control = send_order(order, std::move(descriptors->given), ask);
  if (!control) return std::move(control).error();
  LaunchOutcome entered =
      wait_until_entered(std::move(control).value(), options.argv, options.workdir, options.workdir_origin);
  if (entered.error && entered.error->exit_status != 125) return not_executed(*std::move(entered.error));
  if (entered.error) return std::move(entered.error->error);
  entered.sandbox->relays = std::move(descriptors->relays);
  if (auto opened = signals.open(); !opened) return std::move(opened).error();
  auto poller = Poller::make();
  if (!poller) return std::move(poller).error();

  Loop loop(*entered.sandbox,
            {.stdio = *stdio,
             .keyboard_claimed = keyboard,
             .interactive_shell = options.argv.empty(),
             .death_text = "the sandbox ended, and the command with it"},
            std::move(terminal), std::move(signals), std::move(poller).value());
  return loop.run();
}

}  // namespace snug
