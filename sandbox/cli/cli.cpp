#include "cli/cli.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <initializer_list>
#include <new>
#include <string_view>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/log.h"
#include "cli/parse.h"
#include "cli/print.h"

namespace snug {
namespace {

// Where the caller closed one of 0-2, the next file or socket opened would take its number, and a message or the
// command would write into it. A path handle (which cannot be written) keeps the place; run/ knows it by close-on-exec.
void hold_closed_descriptors() {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) static_cast<void>(open("/", O_PATH | O_CLOEXEC));
  }
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A guess before the command line is read, so that the kernel makes the namespaces meanwhile. A wrong one costs a
// child that ends at once.
bool looks_like_run(int argc, char** argv) {
  if (argc < 2) return argc == 1;
  const auto asks_for_text = [](std::string_view word) { return is_one_of(word, {"-h", "--help", "-V", "--version"}); };
  const std::string_view first = argv[1];
  if (first.starts_with('-')) return !asks_for_text(first);
  return is_one_of(first, {"run", "shell"}) && !(argc > 2 && asks_for_text(argv[2]));
}

// Only relative paths among the options need it; where it is gone, the command itself says so.
std::string current_directory() {
  std::array<char, PATH_MAX> buffer;
  const char* path = getcwd(buffer.data(), buffer.size());
  return path == nullptr ? "" : path;
}

int usage_status(Command command) {
  const bool runs = command == Command::shell || command == Command::run || command == Command::plan ||
                    command == Command::exec || command == Command::attach || command == Command::wait;
  return runs ? status_setup_failed : status_usage;
}

int print_text(const std::string& text) { return print_data(text) ? 0 : status_usage; }

int dispatch(const Invocation& invocation, EarlyChildPtr early) {
  switch (invocation.command) {
    case Command::shell:
    case Command::run:
      return run_command(invocation, std::move(early));
    case Command::plan:
      return plan_command(invocation);
    case Command::why:
      return why_command(invocation);
    case Command::allow:
      return allow_command(invocation);
    case Command::init:
      return init_command(invocation);
    case Command::diff:
      return diff_command(invocation);
    case Command::apply:
      return apply_command(invocation);
    case Command::discard:
      return discard_command(invocation);
    case Command::ps:
      return ps_command(invocation);
    case Command::exec:
      return exec_command(invocation);
    case Command::kill:
      return kill_command(invocation);
    case Command::logs:
      return logs_command(invocation);
    case Command::attach:
      return attach_command(invocation);
    case Command::wait:
      return wait_command(invocation);
    case Command::clean:
      return clean_command(invocation);
    case Command::publish:
      return publish_command(invocation);
    case Command::doctor:
      return doctor_command(invocation);
    case Command::check:
      return check_command(invocation);
    case Command::trust:
      return trust_command(invocation);
    case Command::hook:
      return hook_command(invocation);
    case Command::complete:
      return complete_command(invocation);
    case Command::version:
      return print_text(version_text());
    case Command::help:
      break;
  }
  return print_text(invocation.help);
}

int guarded_main(int argc, char** argv) {
  hold_closed_descriptors();
  EarlyChildPtr early = looks_like_run(argc, argv) ? start_early() : nullptr;
  const auto outcome = parse_command_line({argv + (argc > 0 ? 1 : 0), argv + argc}, current_directory());
  if (outcome.error) return print_error(*outcome.error), usage_status(outcome.invocation.command);
  if (outcome.invocation.verbose) start_log();
  return dispatch(outcome.invocation, std::move(early));
}

}  // namespace

int cli_main(int argc, char** argv) {
  try {
    return guarded_main(argc, argv);
  } catch (const std::bad_alloc&) {
    print_error({.what = "cannot go on", .code = ENOMEM});
  } catch (const std::exception& error) {
    print_message(error.what());  // nothing of ours throws past its folder
  }
  return status_setup_failed;
}

}  // namespace snug
