#include "run/limit_watch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <sstream>

#include "base/paths.h"
#include "base/units.h"
#include "sessions/processes.h"
#include "sessions/record.h"

namespace snug {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kFirstLook{250};
constexpr int kShare = 50;  // looking takes no more of the time than one part in this

std::string read_again(const Fd& file) {
  char text[1024];
  const ssize_t got = file ? pread(file.get(), text, sizeof text, 0) : -1;
  return std::string(text, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

Fd open_in(const std::string& group, const char* name) {
  if (group.empty()) return Fd();
  return Fd(open(join(group, name).c_str(), O_RDONLY | O_CLOEXEC));
}

/// Processes and threads of the sandbox, without its first process.
std::uint64_t tasks_below(pid_t init) {
  const auto identity = identify_process(init);
  if (!identity) return 0;
  std::uint64_t tasks = 0;
  for (const pid_t pid : ProcessTable::read().below(*identity)) tasks += tasks_of(pid);
  return tasks;
}

std::string memory_text(const Held<std::uint64_t>& memory) {
  return "memory limit " + size_to_text(memory.limit.value) + ", " + to_text(memory.limit.origin);
}

std::string more_memory(const Held<std::uint64_t>& memory) {
  return "; to allow more: --memory " + size_to_text(memory.limit.value * 2);
}

std::string seconds_text(std::uint64_t seconds) {
  return duration_to_text(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

/// A limit at which the kernel ends the process by a signal of its own.
struct FatalLimit {
  std::string_view name;
  int signal;
  const char* before;
  const char* behind;
  std::string (*value)(std::uint64_t);
};

constexpr FatalLimit fatal_limits[] = {
    {"fsize", SIGXFSZ, "a file may have ", "", size_to_text},
    {"cpu", SIGXCPU, "a process may have ", " of processor time", seconds_text},
};

}  // namespace

std::optional<std::string> death_at_own_limit(const std::vector<RlimitPlan>& limits, int status) {
  const auto* const row = std::ranges::find(fatal_limits, status - 128, &FatalLimit::signal);
  if (row == std::end(fatal_limits)) return std::nullopt;
  const auto limit = std::ranges::find(limits, row->name, &RlimitPlan::name);
  if (limit == limits.end()) return std::nullopt;
  const std::string& key = limit->origin.key;
  return "killed: " + (row->before + row->value(limit->soft)) + row->behind + " at most, " + to_text(limit->origin) +
         (key.empty() ? "" : "; to allow more: --set " + key + "=" + row->value(limit->soft * 2));
}

std::uint64_t number_of(std::string_view text, std::string_view key) {
  std::istringstream lines{std::string(text)};
  std::string name;
  std::uint64_t number = 0;
  while (lines >> name >> number) {
    if (name == key) return number;
  }
  return 0;
}

LimitWatch::LimitWatch(const LimitsPlan& limits, const std::string& group, pid_t init) : limits_(limits), init_(init) {
  if (limits_.processes && !limits_.processes->by_group) pause_ = kFirstLook;
  if (group.empty()) return;
  events_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (limits_.memory && limits_.memory->by_group) memory_ = open_in(group, "memory.events");
  if (limits_.processes && limits_.processes->by_group) processes_ = open_in(group, "pids.events");
  watch(memory_);
  watch(processes_);
}

// The kernel tells of a change only after the file has been read.
void LimitWatch::watch(const Fd& file) {
  if (!file) return;
  read_again(file);
  epoll_event event{};
  event.events = EPOLLPRI;
  epoll_ctl(events_.get(), EPOLL_CTL_ADD, file.get(), &event);
}

void LimitWatch::reach_memory() {
  if (kills_ == 0 || told_memory_) return;
  told_memory_ = true;
  untold_.push_back(memory_text(*limits_.memory) + ", reached: the kernel has killed a process" +
                    more_memory(*limits_.memory));
}

void LimitWatch::reach_processes() {
  if (refusals_ == 0 || told_processes_) return;
  told_processes_ = true;
  const auto& limit = limits_.processes->limit;
  untold_.push_back("processes limit " + std::to_string(limit.value) + ", " + to_text(limit.origin) +
                    ", reached: no more can be started; to allow more: --processes " + std::to_string(limit.value * 2));
}

void LimitWatch::look() {
  if (told_processes_) return pause_.reset();
  const auto began = Clock::now();
  if (tasks_below(init_) >= limits_.processes->limit.value) refusals_ = 1;
  const auto cost = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
  pause_ = std::max(kFirstLook, kShare * cost);
}

void LimitWatch::look_at_end(std::uint64_t peak, std::uint64_t left_behind) {
  peak_ = peak;
  const auto& processes = limits_.processes;
  const std::uint64_t with_command = left_behind + 1;
  if (processes && !processes->by_group && with_command >= processes->limit.value) refusals_ = 1;
}

std::vector<std::string> LimitWatch::take() {
  kills_ = std::max(kills_, number_of(read_again(memory_), "oom_kill"));
  refusals_ = std::max(refusals_, number_of(read_again(processes_), "max"));
  reach_memory();
  reach_processes();
  return std::exchange(untold_, {});
}

std::string LimitWatch::death_text() const {
  return "killed: " + memory_text(*limits_.memory) + more_memory(*limits_.memory);
}

// Half of it: what grows by doubling is refused the other half.
std::optional<std::string> LimitWatch::hint() const {
  const auto& memory = limits_.memory;
  if (!memory || memory->by_group || peak_ < memory->limit.value / 2) return std::nullopt;
  return memory_text(*memory) + ": a process had " + size_to_text(peak_) + " and may have been refused more" +
         more_memory(*memory);
}

}  // namespace snug
