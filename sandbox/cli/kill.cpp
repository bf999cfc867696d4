// snug kill: a signal for the command of a running sandbox, or its end.
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <optional>
#include <string_view>

#include "base/numbers.h"
#include "base/quote.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/sessions.h"
#include "cli/surroundings.h"
#include "sessions/processes.h"

namespace snug {
namespace {

// The command has ten seconds to end, and init two more to end the rest.
constexpr int kPatience = 15'000;  // milliseconds

/// "RTMIN", "RTMIN+3", "RTMAX-1": those between the two have no other names.
std::optional<int> real_time_signal(std::string_view word) {
  const bool from_first = word.starts_with("RTMIN");
  if (!from_first && !word.starts_with("RTMAX")) return std::nullopt;
  word.remove_prefix(std::string_view("RTMIN").size());
  if (word.empty()) return from_first ? SIGRTMIN : SIGRTMAX;
  const auto distance = whole_number<int>(word.substr(1));
  if (!distance || *distance < 0 || *distance > SIGRTMAX - SIGRTMIN) return std::nullopt;
  if (word.front() != (from_first ? '+' : '-')) return std::nullopt;
  return from_first ? SIGRTMIN + *distance : SIGRTMAX - *distance;
}

/// "TERM", "SIGTERM", "term", "15".
std::optional<int> signal_named(std::string word) {
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (word.starts_with("SIG")) word.erase(0, 3);
  for (int number = 1; number < NSIG; ++number) {
    const char* const name = sigabbrev_np(number);
    if ((name != nullptr && word == name) || word == std::to_string(number)) return number;
  }
  return real_time_signal(word);
}

// Its snug may be stopped or stuck: the kernel ends everything with the first process inside.
bool kill_without_help(const SessionRecord& record) {
  const Fd init = open_process(record.init);
  return init && syscall(SYS_pidfd_send_signal, init.get(), SIGKILL, nullptr, 0) == 0;
}

Result<void> send_signal(const RunningSandbox& sandbox, int signal) {
  auto answer = ask(sandbox, {.kind = ControlRequest::Kind::signal, .words = {std::to_string(signal)}});
  if (answer || (signal == SIGKILL && kill_without_help(sandbox.record))) return {};
  return std::move(answer).error();
}

Result<void> end_and_wait(const RunningSandbox& sandbox) {
  const Fd snug = open_process(sandbox.record.snug);
  if (auto answer = ask(sandbox, {.kind = ControlRequest::Kind::end}); !answer) return std::move(answer).error();
  pollfd ended{snug.get(), POLLIN, 0};
  if (!snug || poll(&ended, 1, kPatience) != 0) return {};
  return Error{.what = "sandbox " + label_of(sandbox.record) + " has not ended yet",
               .fix = "snug kill -s KILL " + label_of(sandbox.record)};
}

}  // namespace

int kill_command(const Invocation& invocation) {
  const auto caller = read_caller(CurrentDirectory::does_not_count);
  if (!caller) return print_error(caller.error()), status_usage;
  const auto word = invocation.value("--signal");
  const auto signal = word ? signal_named(*word) : std::nullopt;
  if (word && !signal) {
    print_error({.what = "no signal is called " + quote_for_display(*word), .fix = "snug kill -s TERM ID"});
    return status_usage;
  }
  int status = 0;
  for (const std::string& name : invocation.words) {
    const auto sandbox = find_sandbox(*caller, name);
    const auto done = !sandbox ? Result<void>(sandbox.error())
                      : signal ? send_signal(*sandbox, *signal)
                               : end_and_wait(*sandbox);
    if (!done) print_error(done.error()), status = status_found;
  }
  return status;
}

}  // namespace snug
