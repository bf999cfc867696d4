#include "host/probe.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include "host/read.h"

namespace snug {
namespace {

void add_kernel(HostFacts& facts) {
  utsname names{};
  if (uname(&names) != 0) return;
  facts.kernel_release = names.release;
  facts.machine = names.machine;
  facts.hostname = names.nodename;
  std::sscanf(names.release, "%d.%d", &facts.kernel_major, &facts.kernel_minor);
}

bool at_least(const HostFacts& facts, int major, int minor) {
  return facts.kernel_major > major || (facts.kernel_major == major && facts.kernel_minor >= minor);
}

bool has_cgroup2() {
  struct statfs info {};
  return statfs("/sys/fs/cgroup", &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

// A sandbox that allows no namespaces of its own has this limit at 0 and /proc/sys read-only: the command inside
// cannot undo it. The marker alone would also be seen by whatever a nested sandbox binds /run from.
void add_outer_sandbox(HostFacts& facts) {
  const auto marker = read_file(sandbox_marker_path, 256);
  if (!marker) return;
  const auto limit = read_file("/proc/sys/user/max_user_namespaces", 32);
  if (limit && *limit != "0\n") return;
  facts.inside_snug = true;
  facts.inside_profile = marker->substr(0, marker->find('\n'));
}

}  // namespace

Clocks read_clocks() {
  const auto now = [](clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  return {.monotonic = now(CLOCK_MONOTONIC), .boottime = now(CLOCK_BOOTTIME)};
}

int landlock_abi() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

// Only the first user namespace maps every id; one with all of them mapped has the same rights for our purposes.
bool in_initial_user_namespace() {
  const auto map = read_file("/proc/self/uid_map", 128);
  return !map || map->find(" 4294967295\n") != std::string::npos;
}

HostFacts probe_facts() {
  HostFacts facts;
  add_kernel(facts);
  facts.landlock_abi = landlock_abi();
  facts.overlay = at_least(facts, 5, 11);
  facts.cgroup2 = has_cgroup2();
  // For an ordinary user it makes no difference.
  if (getuid() == 0) facts.initial_user_namespace = in_initial_user_namespace();
  add_outer_sandbox(facts);
  return facts;
}

}  // namespace snug
