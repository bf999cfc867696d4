#include "landlock/ruleset.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

namespace snug {
namespace {

using namespace landlock;

constexpr std::uint64_t reading = read_file | read_dir;
constexpr std::uint64_t changing = write_file | truncate_file | remove_dir | remove_file | make_dir | make_reg |
                                   make_sock | make_fifo | make_sym | refer;
constexpr std::uint64_t terminals = reading | write_file | truncate_file | ioctl_dev;
// Writing to /proc/self/comm and the like; a shell's ">" truncates.
constexpr std::uint64_t process_files = reading | write_file | truncate_file;

// --- what a kernel can hold -----------------------------------------------------------------------

struct Ability {
  int abi;
  std::uint64_t rights;
  const char* words;
};

// Devices are in the first: nothing inside may make them, so no rule ever allows make_char and make_block.
constexpr Ability file_abilities[] = {
    {2, reading | execute | make_char | make_block | (changing & ~truncate_file),
     "files outside the view (Linux 5.19)"},
    {3, truncate_file, "emptying files outside the view (Linux 6.2)"},
    {5, ioctl_dev, "commands to devices (Linux 6.10)"},
    {9, resolve_unix, "connecting to host programs' sockets in shared directories (Linux 7.1)"},
};

constexpr Ability scope_abilities[] = {
    {6, scope_abstract_unix | scope_signal, "signals and abstract sockets (Linux 6.12)"},
};

template <std::size_t count>
std::uint64_t held(const Ability (&abilities)[count], int abi, std::vector<std::string>& missing) {
  std::uint64_t rights = 0;
  for (const Ability& ability : abilities) {
    if (ability.abi <= abi) {
      rights |= ability.rights;
    } else {
      missing.emplace_back(ability.words);
    }
  }
  return rights;
}

// --- what an entry of the view allows -------------------------------------------------------------

std::uint64_t run(bool exec) { return exec ? execute : 0; }

// A socket can only be bound by its own name: that name in the profile is the leave to connect to it. Sockets that lie
// about in a shared directory belong to programs outside; those made inside need no rule (same domain).
std::uint64_t rights_of(const Bind& bind) {
  const std::uint64_t rights = reading | run(bind.exec) | (bind.access == Access::write ? changing : 0);
  return bind.directory ? rights : (rights | resolve_unix) & for_files;
}

std::uint64_t rights_of(const Overlay&) { return reading | changing | execute; }
std::uint64_t rights_of(const Tmpfs& tmpfs) { return reading | changing | run(tmpfs.exec); }
std::uint64_t rights_of(const Device&) { return terminals & for_files; }

std::uint64_t rights_of(const Special& special) {
  switch (special.kind) {
    case Special::Kind::proc:
      return process_files;
    case Special::Kind::devpts:
      return terminals;
    case Special::Kind::mqueue:
      return reading | changing;
    case Special::Kind::cgroup2:
      break;
  }
  return reading;
}

std::string_view parent_of(std::string_view path) { return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)); }

/// Rules by path. What is laid over a path hides what was there and below.
class Rules {
 public:
  void add(const ViewEntry& entry) {
    std::visit([&](const auto& what) { add(entry, what); }, entry.what);
  }

  /// Listing: every directory the view is made of can be.
  void add_root(Origin origin) { by_path_["/"] = {.path = "/", .allowed = read_dir, .origin = std::move(origin)}; }

  std::vector<LandlockRule> take(std::uint64_t handled);

 private:
  template <class Mounted>
  void add(const ViewEntry& entry, const Mounted& what) {
    forget(entry.target);
    allow(entry.target, rights_of(what), entry);
  }
  void add(const ViewEntry& entry, const File& file) { add_file(entry, file.mode); }
  void add(const ViewEntry& entry, const Copy& copy) { add_file(entry, copy.mode); }
  void add(const ViewEntry& entry, const Mask&) { forget(entry.target); }
  void add(const ViewEntry&, const Directory&) {}
  void add(const ViewEntry&, const Symlink&) {}
  void add(const ViewEntry&, const Seal&) {}

  void add_file(const ViewEntry& entry, std::uint32_t mode);
  void allow(std::string_view path, std::uint64_t rights, const ViewEntry& entry);
  void forget(const std::string& path);
  std::uint64_t from_above(std::string_view path) const;

  std::map<std::string, LandlockRule, std::less<>> by_path_;
};

void Rules::allow(std::string_view path, std::uint64_t rights, const ViewEntry& entry) {
  auto place = by_path_.lower_bound(path);
  if (place == by_path_.end() || place->first != path) {
    place = by_path_.emplace_hint(
        place, path, LandlockRule{.path = std::string(path), .optional = entry.optional, .origin = entry.origin});
  }
  place->second.allowed |= rights;
  place->second.optional &= entry.optional;
}

void Rules::forget(const std::string& path) {
  auto first = by_path_.lower_bound(path);
  if (first != by_path_.end() && first->first == path) first = by_path_.erase(first);
  if (first == by_path_.end() || !first->first.starts_with(path)) return;  // what is below would come next
  const std::string below = path == "/" ? path : path + '/';
  for (auto rule = by_path_.lower_bound(below); rule != by_path_.end() && rule->first.starts_with(below);) {
    rule = by_path_.erase(rule);
  }
}

// One rule for all files made in a directory, such as /etc: the directory holds what the plan puts there and nothing
// else.
void Rules::add_file(const ViewEntry& entry, std::uint32_t mode) {
  const std::string_view directory = parent_of(entry.target);
  const std::uint64_t rights = read_file | run((mode & 0111) != 0);
  allow(directory == "/" ? std::string_view(entry.target) : directory, rights, entry);
}

std::uint64_t Rules::from_above(std::string_view path) const {
  std::uint64_t rights = 0;
  while (path != "/") {
    path = parent_of(path);
    if (const auto rule = by_path_.find(path); rule != by_path_.end()) rights |= rule->second.allowed;
  }
  return rights;
}

// Without what a rule higher up allows already. Neighbours have the same above them, which is looked up once.
std::vector<LandlockRule> Rules::take(std::uint64_t handled) {
  std::vector<LandlockRule> rules;
  rules.reserve(by_path_.size());
  std::string_view directory;
  std::uint64_t above = 0;
  for (auto& [path, rule] : by_path_) {
    if (path == "/" || parent_of(path) != directory) {
      above = from_above(path);
      directory = path == "/" ? std::string_view() : parent_of(path);
    }
    const std::uint64_t allowed = rule.allowed & handled;
    if ((allowed & ~above) == 0) continue;
    rules.push_back(std::move(rule));
    rules.back().allowed = allowed;
  }
  return rules;
}

std::vector<LandlockRule> rules_for(const Plan& plan, std::uint64_t handled) {
  Rules rules;
  rules.add_root({});
  for (const ViewEntry& entry : plan.view) rules.add(entry);
  return rules.take(handled);
}

}  // namespace

LandlockRuleset make_ruleset(const Plan& plan, int abi) {
  LandlockRuleset ruleset;
  const bool abstract_sockets_are_the_hosts = !plan.namespaces.network;
  if (plan.namespaces.nested && !abstract_sockets_are_the_hosts) return ruleset;
  ruleset.scoped = held(scope_abilities, abi, ruleset.missing);
  if (plan.namespaces.nested) return ruleset;
  ruleset.handled_fs = held(file_abilities, abi, ruleset.missing);
  if (ruleset.handled_fs) ruleset.rules = rules_for(plan, ruleset.handled_fs);
  return ruleset;
}

}  // namespace snug
