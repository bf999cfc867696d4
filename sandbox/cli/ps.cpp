// snug ps: the running sandboxes, and everything about one.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "base/numbers.h"
#include "base/paths.h"
#include "changes/tally.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/sessions.h"
#include "cli/sessions_text.h"
#include "cli/surroundings.h"
#include "host/control_groups.h"
#include "host/read.h"
#include "run/limit_watch.h"
#include "sessions/processes.h"

namespace snug {
namespace {

constexpr std::chrono::seconds kPatience(2);  // with a capture of any size

std::vector<SeenSandbox> look_at_all(const std::vector<RunningSandbox>& running) {
  std::vector<SeenSandbox> seen;
  const ProcessTable table = ProcessTable::read();
  for (const RunningSandbox& sandbox : running) {
    SeenSandbox one{.record = sandbox.record, .processes = {}, .memory = 0};
    one.processes = table.below(sandbox.record.init);
    for (const pid_t pid : one.processes) one.memory += memory_of(pid);
    seen.push_back(std::move(one));
  }
  return seen;
}

// Those that have ended stand behind those that run, the last first.
void add_ended(std::vector<SeenSandbox>& seen, const Caller& caller) {
  for (KeptRun& run : kept_runs(place_of_kept(caller.state_dir))) {
    if (run.runs) continue;
    run.record.snug = run.record.init = {};
    seen.push_back(
        {.record = std::move(run.record), .processes = {}, .memory = 0, .over = true, .end = std::move(run.end)});
  }
}

std::string ids_of(const std::vector<SeenSandbox>& seen) {
  std::string text;
  for (const SeenSandbox& sandbox : seen) text += sandbox.record.id + "\n";
  return text;
}

// Of the host's network its sockets would be all those of the machine.
bool has_own_network(const SandboxDetail& detail) {
  const auto own = namespaces_of(getpid());
  const auto here = own.find("net"), there = detail.namespaces.find("net");
  return here != own.end() && there != detail.namespaces.end() && here->second != there->second;
}

std::optional<std::uint64_t> number_in(const std::string& file, std::string_view key = "") {
  const auto text = read_file(file, 4096);
  if (!text) return std::nullopt;
  if (!key.empty()) return number_of(*text, key);
  return whole_number<std::uint64_t>(std::string_view(*text).substr(0, text->find('\n')));
}

/// Of the sandbox's own group, if it has one: of another it would be what others use, too.
void look_at_group(pid_t init, Use& use) {
  const std::string group = group_in(read_file("/proc/" + std::to_string(init) + "/cgroup", 1 << 16).value_or(""));
  if (!base_name(group).starts_with("snug-")) return;
  const std::string directory = GroupPlaces().root + group;
  use.group_memory = number_in(join(directory, "memory.current"));
  use.group_tasks = number_in(join(directory, "pids.current"));
  if (use.group_tasks && *use.group_tasks > 0) --*use.group_tasks;  // the sandbox's own first process
  use.group_cpu_us = number_in(join(directory, "cpu.stat"), "usage_usec");
}

Use look_at_use(pid_t init, const std::vector<pid_t>& processes) {
  Use use;
  look_at_group(init, use);
  for (const pid_t pid : processes) {
    use.largest_data = std::max(use.largest_data, data_of(pid));
    use.tasks += tasks_of(pid);
  }
  return use;
}

SandboxDetail look_closer(const RunningSandbox& sandbox, const SeenSandbox& seen) {
  SandboxDetail detail;
  const pid_t init = sandbox.record.init.pid;
  detail.namespaces = namespaces_of(init);
  for (const pid_t pid : seen.processes) detail.processes.push_back(look_at(pid));
  if (has_own_network(detail)) {
    Sockets sockets = sockets_of(init);
    detail.listening = std::move(sockets.listening);
    detail.connections = std::move(sockets.connections);
    detail.listening_udp = std::move(sockets.listening_udp);
  }
  auto plan = ask(sandbox, {.kind = ControlRequest::Kind::plan});
  if (plan) detail.plan = *std::move(plan);
  if (!plan) print_error(plan.error());
  const std::vector<std::string> uppers = uppers_in_plan(detail.plan);
  if (!uppers.empty()) detail.held = tally(uppers, std::chrono::steady_clock::now() + kPatience);
  detail.use = look_at_use(init, seen.processes);
  return detail;
}

/// One that runs, or with --all one that has ended.
Result<SeenSandbox> find_one(const Invocation& invocation, const Caller& caller,
                             std::optional<RunningSandbox>& running) {
  const std::string& word = invocation.words[0];
  auto sandbox = find_sandbox(caller, word);
  if (sandbox) {
    running = *sandbox;
    return look_at_all({*sandbox}).front();
  }
  std::vector<SeenSandbox> ended;
  if (invocation.has("--all")) add_ended(ended, caller);
  const auto found = std::ranges::find_if(
      ended, [&](const SeenSandbox& one) { return one.record.name == word || one.record.id.starts_with(word); });
  return word.empty() || found == ended.end() ? Result<SeenSandbox>(std::move(sandbox).error()) : *found;
}

int show_one(const Invocation& invocation, const Caller& caller) {
  std::optional<RunningSandbox> running;
  const auto seen = find_one(invocation, caller, running);
  if (!seen) return print_error(seen.error()), status_found;
  if (invocation.has("--quiet")) return print_data(ids_of({*seen})) ? 0 : status_usage;
  const std::int64_t now = std::time(nullptr);
  if (!invocation.json) return print_data(sandboxes_to_text({*seen}, now, caller.home)) ? 0 : status_usage;
  const SandboxDetail detail = running ? look_closer(*running, *seen) : SandboxDetail();
  return print_data(detail_to_json(*seen, detail, now)) ? 0 : status_usage;
}

std::vector<SeenSandbox> look_at_wanted(const Invocation& invocation, const Caller& caller) {
  std::vector<RunningSandbox> running = running_sandboxes(caller);
  auto seen = look_at_all(running);
  if (invocation.has("--all")) add_ended(seen, caller);
  return seen;
}

TextSize screen_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {.lines = size.ws_row, .columns = size.ws_col};
}

// One that was named is watched until it is gone.
int watch(const Invocation& invocation, const Caller& caller) {
  constexpr std::chrono::seconds kBetween(1);
  for (bool first = true;; first = false) {
    std::optional<RunningSandbox> running;
    const auto one =
        invocation.words.empty() ? Result<SeenSandbox>(SeenSandbox()) : find_one(invocation, caller, running);
    if (!one) return first ? (print_error(one.error()), status_found) : 0;
    const auto seen = invocation.words.empty() ? look_at_wanted(invocation, caller) : std::vector{*one};
    const std::string screen = sandboxes_to_screen(seen, std::time(nullptr), caller.home, screen_size());
    if (!print_data((first ? "\033[H\033[2J" : "") + screen)) return status_usage;
    if (!invocation.words.empty() && one->over) return 0;
    std::this_thread::sleep_for(kBetween);
  }
}

std::optional<Error> find_contradiction(const Invocation& invocation) {
  if (!invocation.has("--watch")) return std::nullopt;
  const char* const other = invocation.json ? "--json" : invocation.has("--quiet") ? "--quiet" : nullptr;
  if (other == nullptr) return std::nullopt;
  return Error{.what = std::string("--watch draws a table, ") + other + " prints none", .fix = "leave one of them out"};
}

}  // namespace

int ps_command(const Invocation& invocation) {
  if (const auto error = find_contradiction(invocation)) return print_error(*error), status_usage;
  const auto caller = read_caller(CurrentDirectory::does_not_count);
  if (!caller) return print_error(caller.error()), status_usage;
  if (invocation.has("--watch") && isatty(STDOUT_FILENO) == 1) return watch(invocation, *caller);
  if (!invocation.words.empty()) return show_one(invocation, *caller);
  const auto seen = look_at_wanted(invocation, *caller);
  if (invocation.has("--quiet")) return print_data(ids_of(seen)) ? 0 : status_usage;
  const std::int64_t now = std::time(nullptr);
  return print_data(invocation.json ? sandboxes_to_json(seen, now) : sandboxes_to_text(seen, now, caller->home))
             ? 0
             : status_usage;
}

}  // namespace snug
