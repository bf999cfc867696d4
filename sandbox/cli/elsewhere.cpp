#include "cli/elsewhere.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace snug {
namespace {

struct ElsewhereRow {
  Command command;
  std::string_view option;
  const char* here;
};

constexpr const char* kTerminal = "leave it out: what is a terminal here is one inside";
constexpr const char* kNothingStays = "leave it out: nothing stays but the stored home; without that: --home tmpfs";
constexpr const char* kPaths = "snug run --read PATH or --write PATH: it has the same path inside";

constexpr ElsewhereRow elsewhere[] = {
    {Command::run, "-i", kTerminal},
    {Command::run, "-t", kTerminal},
    {Command::run, "-it", kTerminal},
    {Command::run, "-ti", kTerminal},
    {Command::run, "--interactive", kTerminal},
    {Command::run, "--tty", kTerminal},
    {Command::run, "--rm", kNothingStays},
    {Command::run, "-e", "snug run --env K=V; to pass a variable on as it is: --pass K"},
    {Command::run, "-w", "snug run --workdir DIR"},
    {Command::run, "-u", "snug run --user U"},
    {Command::run, "-m", "snug run --memory 4G"},
    {Command::run, "-P", "snug run --publish PORT"},
    {Command::run, "--volume", kPaths},
    {Command::run, "--mount", kPaths},
    {Command::run, "--cpus", "snug run --set limits.cpus=2"},
    {Command::run, "--pids-limit", "snug run --processes 512"},
    {Command::run, "--ulimit", "snug run --set limits.rlimit.nofile=4096"},
    {Command::run, "--network", "snug run --net none, filtered or host"},
    {Command::run, "--read-only", "snug run --project read: the system is read-only always"},
    {Command::run, "--privileged", "there is none; `snug why` WHAT says which line opens what is missing"},
    {Command::run, "--cap-add", "there is none; `snug why` WHAT says which line opens what is missing"},
    {Command::run, "--init", "leave it out: the first process inside is always one"},
    {Command::exec, "-i", kTerminal},
    {Command::exec, "-t", kTerminal},
    {Command::exec, "-it", kTerminal},
    {Command::exec, "-ti", kTerminal},
    {Command::exec, "--interactive", kTerminal},
    {Command::exec, "--tty", kTerminal},
    {Command::exec, "-e", "snug exec NAME env K=V CMD"},
    {Command::exec, "--env", "snug exec NAME env K=V CMD"},
    {Command::exec, "-w", "snug exec --workdir DIR NAME CMD"},
    {Command::exec, "-d", "snug exec NAME sh -c 'CMD >log 2>&1 &'"},
    {Command::exec, "--detach", "snug exec NAME sh -c 'CMD >log 2>&1 &'"},
    {Command::exec, "-u", "every command has the user of the first: snug run --user U"},
    {Command::exec, "--user", "every command has the user of the first: snug run --user U"},
    {Command::exec, "--privileged", "every command has the walls of the first"},
    {Command::logs, "-t", "the log has no times; have the command print them"},
    {Command::logs, "--timestamps", "the log has no times; have the command print them"},
    {Command::kill, "-t", "ten seconds are given; with no time at all: snug kill -s KILL NAME"},
    {Command::kill, "--time", "ten seconds are given; with no time at all: snug kill -s KILL NAME"},
    {Command::ps, "-l", "snug ps --all: the last of those that have ended stands first"},
};

// As of kill(1): -9, -KILL.
bool is_signal_of_kill(std::string_view option) {
  const auto fits = [](unsigned char c) { return std::isdigit(c) != 0 || std::isupper(c) != 0; };
  return option.size() > 1 && std::ranges::all_of(option.substr(1), fits);
}

}  // namespace

std::string said_here(Command command, std::string_view option) {
  if (command == Command::kill && is_signal_of_kill(option)) {
    return "snug kill -s " + std::string(option.substr(1)) + " NAME";
  }
  const auto* const row =
      std::ranges::find_if(elsewhere, [&](const auto& one) { return one.command == command && one.option == option; });
  return row == std::end(elsewhere) ? "" : row->here;
}

}  // namespace snug
