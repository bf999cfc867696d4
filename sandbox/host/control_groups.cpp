#include "host/control_groups.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <sstream>
#include <utility>

#include "base/paths.h"
#include "host/read.h"
#include "sys/process_stat.h"
#include "sys/service_bus.h"

namespace snug {
namespace {

using From = ControlGroups::From;

constexpr std::size_t kEnough = 4096;

bool has_word(const std::string& path, const std::string& word) {
  std::istringstream words(read_file(path, kEnough).value_or(""));
  for (std::string one; words >> one;) {
    if (one == word) return true;
  }
  return false;
}

/// The controllers that groups in `directory` have, or could be given, as the file `list` of it says.
ControlGroups controllers_in(From from, const std::string& directory, const char* list) {
  const std::string path = join(directory, list);
  return {.from = from,
          .directory = directory,
          .memory = has_word(path, "memory"),
          .processes = has_word(path, "pids"),
          .cpus = has_word(path, "cpu")};
}

bool may_divide(const std::string& directory) {
  for (const char* file : {"", "cgroup.procs", "cgroup.subtree_control"}) {
    if (access(join(directory, file).c_str(), W_OK) != 0) return false;
  }
  return true;
}

/// The top of all groups is the machine's; the top of a container's looks like any other.
bool is_machines(const std::string& directory) { return access(join(directory, "cgroup.type").c_str(), F_OK) != 0; }

class Search {
 public:
  explicit Search(const GroupPlaces& places) : places_(places), own_(group_in(places.own_text)) {}

  ControlGroups find() {
    ControlGroups best = beside();
    for (ControlGroups (Search::*other)() : {&Search::below, &Search::of_systemd}) {
      if (has_all(best)) return best;
      if (ControlGroups found = (this->*other)(); useful(found) > useful(best)) best = std::move(found);
    }
    if (!has_all(best)) say_what_is_missing(best);
    return best;
  }

 private:
  int useful(const ControlGroups& groups) const {
    const WantedControls& wanted = places_.wanted;
    return (wanted.memory && groups.memory) + (wanted.processes && groups.processes) + (wanted.cpus && groups.cpus);
  }

  bool has_all(const ControlGroups& groups) const {
    const WantedControls& wanted = places_.wanted;
    return useful(groups) == wanted.memory + wanted.processes + wanted.cpus;
  }

  std::string place(const std::string& group) const { return group == "/" ? places_.root : places_.root + group; }

  bool systemd_answers() {
    if (!answer_) answer_ = places_.reach_systemd();
    return answer_->ok();
  }

  /// systemd's groups are systemd's, unless it has given one away.
  bool is_ours(const std::string& group, const std::string& directory) {
    if (is_machines(directory) || !may_divide(directory)) return false;
    return group == "/" || places_.is_delegated(directory) || !systemd_answers();
  }

  ControlGroups beside() {
    if (own_.empty() || own_ == "/") return {};
    const std::string parent = own_.find('/', 1) == own_.npos ? "/" : std::string(parent_of(own_));
    const std::string directory = place(parent);
    if (!is_ours(parent, directory)) return {};
    // One that holds no process can give its groups whatever it has; else what it gives them stays as it is.
    const bool empty = read_file(join(directory, "cgroup.procs"), kEnough).value_or("?").empty();
    return controllers_in(From::beside, directory, empty ? "cgroup.controllers" : "cgroup.subtree_control");
  }

  /// Is nobody in it but this process and its children, which leave it?
  bool is_alone_in(const std::string& directory) {
    std::istringstream processes(read_file(join(directory, "cgroup.procs"), kEnough).value_or(""));
    bool there = false;
    for (pid_t process = 0; processes >> process;) {
      if (process != places_.self && !places_.is_child(process)) return false;
      there = there || process == places_.self;
    }
    return there;
  }

  /// A group with groups in it can hold no process itself (cgroups(7)): only one in which nobody else is.
  ControlGroups below() {
    if (own_.empty()) return {};
    const std::string directory = place(own_);
    if (!is_alone_in(directory) || !is_ours(own_, directory)) return {};
    return controllers_in(From::below, directory, "cgroup.controllers");
  }

  /// The groups it makes have what its own has.
  ControlGroups of_systemd() {
    if (!systemd_answers()) return {};
    const std::string user = std::to_string(places_.uid);
    const std::string service = "/user.slice/user-" + user + ".slice/user@" + user + ".service";
    ControlGroups groups = controllers_in(From::systemd, place(places_.uid == 0 ? "/" : service), "cgroup.controllers");
    groups.directory.clear();  // which of them, it decides
    return groups;
  }

  void say_what_is_missing(ControlGroups& best) {
    if (useful(best) == 0 && !systemd_answers()) {
      best.missing = ControlGroups::Missing::manager;
      best.why = answer_->error().what;
      return;
    }
    best.missing = ControlGroups::Missing::controllers;
    std::string missing;
    const auto lacks = [&](bool has, const char* name) {
      if (!has) missing += (missing.empty() ? "" : ", ") + std::string(name);
    };
    lacks(best.memory || !places_.wanted.memory, "memory");
    lacks(best.processes || !places_.wanted.processes, "pids");
    lacks(best.cpus || !places_.wanted.cpus, "cpu");
    best.why = "cgroups of this user lack the controllers " + missing;
  }

  const GroupPlaces& places_;
  const std::string own_;
  std::optional<Result<void>> answer_;
};

bool has_mark(const std::string& directory) {
  char value = 0;
  for (const char* name : {"user.delegate", "trusted.delegate"}) {
    if (getxattr(directory.c_str(), name, &value, 1) == 1 && value == '1') return true;
  }
  return false;
}

/// Its mark says so, or it does: systemd 252 leaves no mark that an ordinary user can read.
bool is_given_away(const std::string& directory) {
  constexpr std::chrono::seconds patience{5};
  const std::string root = GroupPlaces().root;
  return has_mark(directory) ||
         (directory.size() > root.size() &&
          is_delegated_unit(service_bus_socket(getuid()), directory.substr(root.size()), patience));
}

bool is_child(pid_t process) {
  const auto stat = process_stat_from(read_file(path_of(process, "stat"), kEnough).value_or(""));
  return stat && stat->parent == getpid();
}

bool is_mounted(const std::string& root) {
  struct statfs info {};
  return statfs(root.c_str(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

std::string group_in(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/") && !line.ends_with(" (deleted)")) return line.substr(3);
  }
  return "";
}

ControlGroups find_control_groups(const GroupPlaces& places) { return Search(places).find(); }

ControlGroups find_control_groups(const WantedControls& wanted) {
  GroupPlaces places{.own_text = read_file("/proc/self/cgroup", 1 << 16).value_or(""),
                     .self = getpid(),
                     .uid = getuid(),
                     .wanted = wanted,
                     .reach_systemd = [] { return can_reach_service_bus(service_bus_socket(getuid())); },
                     .is_delegated = is_given_away,
                     .is_child = is_child};
  if (!is_mounted(places.root)) {
    return {.missing = ControlGroups::Missing::file_system, .why = "no cgroup v2 is mounted at " + places.root};
  }
  return find_control_groups(places);
}

}  // namespace snug
