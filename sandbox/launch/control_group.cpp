#include "launch/control_group.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "base/fd.h"
#include "base/numbers.h"
#include "base/paths.h"
#include "host/control_groups.h"
#include "host/read.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/service_bus.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr const char* kRoot = "/sys/fs/cgroup";
constexpr std::string_view kPrefix = "snug-";
constexpr std::string_view kAside = "outside";
constexpr std::uint64_t kPeriodUsec = 100'000;
constexpr std::chrono::seconds kPatience{20};

Result<void> write_file(const std::string& path, const std::string& text) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || !write_all(fd.get(), text)) return sys_error("write " + path);
  return {};
}

/// What the group is to be told. The sandbox's own first process counts for the kernel.
struct Bounds {
  std::optional<std::uint64_t> memory, tasks;
  std::optional<double> cpus;
};

Bounds bounds_of(const LimitsPlan& limits) {
  Bounds bounds;
  if (limits.memory && limits.memory->by_group) bounds.memory = limits.memory->limit.value;
  if (limits.processes && limits.processes->by_group) bounds.tasks = limits.processes->limit.value + 1;
  if (limits.cpus && limits.cpus->by_group) bounds.cpus = limits.cpus->limit.value;
  return bounds;
}

std::uint64_t usec_in(std::uint64_t period, double cpus) {
  constexpr double least = 1000;  // what the kernel takes
  return static_cast<std::uint64_t>(std::max(std::round(cpus * static_cast<double>(period)), least));
}

/// "snug-PID-ID", so that a later one can tell what a killed one has left.
std::string new_name() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::string(kPrefix) + std::to_string(getpid()) + "-" + std::to_string(now.tv_nsec);
}

/// The process that made it has ended.
bool is_left(std::string_view name) {
  if (!name.starts_with(kPrefix)) return false;
  const std::string_view rest = name.substr(kPrefix.size());
  const auto pid = whole_number<pid_t>(rest.substr(0, rest.find('-')));
  return pid && *pid > 0 && kill(*pid, 0) < 0 && errno == ESRCH;
}

/// A group that still holds a process is not removed.
void sweep(const std::string& parent) {
  const DirectoryStream stream = open_directory(parent);
  if (!stream) return;
  while (const dirent* entry = readdir(stream.get())) {
    if (is_left(entry->d_name)) rmdir(join(parent, entry->d_name).c_str());
  }
}

const Origin& origin_of(const LimitsPlan& limits) {
  if (limits.memory && limits.memory->by_group) return limits.memory->limit.origin;
  if (limits.processes && limits.processes->by_group) return limits.processes->limit.origin;
  return limits.cpus->limit.origin;
}

Error cannot_make(const Plan& plan, Error cause) {
  return {.what = "cannot make a cgroup for the run: " + cause.what,
          .code = cause.code,
          .why = cause.why,
          .needed_by = to_text(origin_of(plan.limits)),
          .fix = cause.fix.empty()
                     ? "try again; `systemctl --user status` says whether systemd works; or remove the limit"
                     : cause.fix};
}

std::string controllers_of(const LimitsPlan& limits) {
  const Bounds bounds = bounds_of(limits);
  return std::string(bounds.memory ? "+memory " : "") + (bounds.tasks ? "+pids " : "") + (bounds.cpus ? "+cpu " : "");
}

// The last process has been reaped; the kernel may take a moment longer to let go of it.
void remove_group(const std::string& directory) noexcept {
  constexpr timespec moment{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (int tries = 0; tries < 500 && rmdir(directory.c_str()) < 0 && errno == EBUSY; ++tries)
    nanosleep(&moment, nullptr);
}

}  // namespace

ControlGroup& ControlGroup::operator=(ControlGroup&& other) noexcept {
  if (this == &other) return *this;
  remove();
  directory_ = std::exchange(other.directory_, {});
  made_ = std::exchange(other.made_, false);
  left_group_ = std::exchange(other.left_group_, {});
  return *this;
}

Result<ControlGroup> ControlGroup::make(const Plan& plan, pid_t process, const std::function<bool()>& stop) {
  ControlGroup group;
  const bool asks = plan.limits.group->from == ControlGroups::From::systemd;
  auto made = asks ? group.ask_systemd(plan, process, stop) : group.divide_own(plan, process);
  if (made) made = group.check(plan.limits);
  if (!made) return cannot_make(plan, made.error());
  return group;
}

// --- by systemd -----------------------------------------------------------------------------------------------

Result<void> ControlGroup::ask_systemd(const Plan& plan, pid_t process, const std::function<bool()>& stop) {
  const Bounds bounds = bounds_of(plan.limits);
  Scope scope{.name = new_name() + ".scope",
              .description = "snug: " + plan.command.argv.front(),
              .process = process,
              .memory = bounds.memory,
              .tasks = bounds.tasks,
              .cpu_usec = {}};
  constexpr std::uint64_t second = 1'000'000;
  if (bounds.cpus) scope.cpu_usec = usec_in(second, *bounds.cpus);
  if (auto started = start_scope(service_bus_socket(getuid()), scope, kPatience, stop); !started) return started;
  const std::string group = group_in(read_file("/proc/" + std::to_string(process) + "/cgroup", 1 << 16).value_or(""));
  if (!group.ends_with("/" + scope.name)) return Error{.what = "systemd did not put the sandbox into its cgroup"};
  directory_ = kRoot + group;
  return {};
}

// --- in a group of one's own ----------------------------------------------------------------------------------

Result<void> ControlGroup::divide_own(const Plan& plan, pid_t process) {
  const ControlGroups& source = *plan.limits.group;
  sweep(source.directory);
  const std::string directory = join(source.directory, new_name());
  if (mkdir(directory.c_str(), 0755) < 0) return sys_error("make " + directory);
  directory_ = directory;
  made_ = true;
  // Before the controllers: the sandbox's first process may still be in the group that is divided.
  if (auto moved = write_file(join(directory_, "cgroup.procs"), std::to_string(process)); !moved) return moved;
  if (source.from == ControlGroups::From::below) {
    if (auto aside = step_aside(source.directory); !aside) return aside;
  }
  if (auto given = give_controllers(source.directory, plan.limits); !given) return given;
  return bound(plan.limits);
}

/// Those that groups in `directory` do not have yet. They are not taken back from a group that others may divide, too:
/// another run's limits would go with them.
Result<void> ControlGroup::give_controllers(const std::string& directory, const LimitsPlan& limits) {
  const std::string path = join(directory, "cgroup.subtree_control");
  std::istringstream given(read_file(path, 4096).value_or(""));
  std::string missing = controllers_of(limits);
  for (std::string name; given >> name;) {
    if (const auto at = missing.find("+" + name + " "); at != missing.npos) missing.erase(at, name.size() + 2);
  }
  return missing.empty() ? Result<void>() : write_file(path, missing);
}

/// A group whose groups have controllers can hold no process itself.
Result<void> ControlGroup::step_aside(const std::string& own) {
  const std::string aside = join(own, std::string(kPrefix) + std::to_string(getpid()) + "-" + std::string(kAside));
  if (mkdir(aside.c_str(), 0755) < 0 && errno != EEXIST) return sys_error("make " + aside);
  left_group_ = own;
  return write_file(join(aside, "cgroup.procs"), std::to_string(getpid()));
}

Result<void> ControlGroup::bound(const LimitsPlan& limits) const {
  const Bounds bounds = bounds_of(limits);
  Result<void> done;
  const auto set = [&](const char* file, const std::string& text) {
    if (done) done = write_file(join(directory_, file), text);
  };
  if (bounds.memory) set("memory.max", std::to_string(*bounds.memory));
  if (bounds.memory) static_cast<void>(write_file(join(directory_, "memory.swap.max"), "0"));  // absent without swap
  if (bounds.tasks) set("pids.max", std::to_string(*bounds.tasks));
  if (bounds.cpus) {
    set("cpu.max", std::to_string(usec_in(kPeriodUsec, *bounds.cpus)) + " " + std::to_string(kPeriodUsec));
  }
  return done;
}

/// Whoever made it: it counts only if the kernel says so.
Result<void> ControlGroup::check(const LimitsPlan& limits) const {
  const Bounds bounds = bounds_of(limits);
  const auto holds = [&](const char* file, bool wanted) {
    const auto text = wanted ? read_file(join(directory_, file), 64) : std::nullopt;
    return !wanted || (text && !text->starts_with("max"));
  };
  for (const auto& [file, wanted] :
       {std::pair("memory.max", bounds.memory.has_value()), std::pair("pids.max", bounds.tasks.has_value()),
        std::pair("cpu.max", bounds.cpus.has_value())}) {
    if (!holds(file, wanted)) return Error{.what = std::string("its ") + file + " holds nothing"};
  }
  return {};
}

void ControlGroup::remove() noexcept {
  if (made_) remove_group(directory_);
  made_ = false;
  if (left_group_.empty()) return;
  // As it was: no controllers given, and this process in it.
  static_cast<void>(write_file(join(left_group_, "cgroup.subtree_control"), "-memory -pids -cpu"));
  const std::string aside =
      join(left_group_, std::string(kPrefix) + std::to_string(getpid()) + "-" + std::string(kAside));
  static_cast<void>(write_file(join(left_group_, "cgroup.procs"), std::to_string(getpid())));
  remove_group(aside);
  left_group_.clear();
}

}  // namespace snug
