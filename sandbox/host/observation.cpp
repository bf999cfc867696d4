#include "host/observation.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "host/probe.h"
#include "host/read.h"

namespace snug {
namespace {

constexpr std::array namespaces{"user", "mnt", "net", "pid", "ipc", "uts", "cgroup", "time"};

bool exists(const char* path) { return access(path, F_OK) == 0; }

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string first_line(const char* path) {
  auto text = read_file(path, 4096).value_or("");
  text.resize(std::min(text.size(), text.find('\n')));
  return text;
}

std::optional<long> number_in(const std::string& path) {
  const auto text = first_line(path.c_str());
  long number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

std::string executable_path() {
  std::array<char, PATH_MAX> buffer;
  const auto length = readlink("/proc/self/exe", buffer.data(), buffer.size());
  return length > 0 ? std::string(buffer.data(), static_cast<std::size_t>(length)) : "";
}

std::map<std::string, long> read_limits() {
  std::map<std::string, long> limits;
  for (const char* name : namespaces) {
    const auto limit = number_in(std::string("/proc/sys/user/max_") + name + "_namespaces");
    if (limit) limits[name] = *limit;
  }
  return limits;
}

// "docker-default (enforce)" without the mode.
std::string read_apparmor_profile() {
  auto text = first_line("/proc/self/attr/apparmor/current");
  if (text.empty() && exists("/sys/module/apparmor")) text = first_line("/proc/self/attr/current");
  const auto mode = text.rfind(" (");
  return mode == std::string::npos ? text : text.substr(0, mode);
}

bool is_filtered() {
  const auto status = read_file("/proc/self/status", 1 << 16).value_or("");
  return status.find("\nSeccomp:\t2") != std::string::npos;
}

ContainerTraces read_traces(const MountFacts& mounts) {
  return {.dockerenv = exists("/.dockerenv"),
          .containerenv = exists("/run/.containerenv"),
          .kubernetes = !variable("KUBERNETES_SERVICE_HOST").empty() || exists("/run/secrets/kubernetes.io"),
          .container = variable("container"),
          .etc_mounts = mounts.etc};
}

Ci read_ci() {
  if (variable("GITHUB_ACTIONS") == "true") return Ci::github;
  if (variable("GITLAB_CI") == "true") return Ci::gitlab;
  return Ci::none;
}

void add_security(Observation& seen) {
  seen.unprivileged_userns_clone = number_in("/proc/sys/kernel/unprivileged_userns_clone");
  seen.apparmor_restrict_userns = number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  seen.memfd_noexec = number_in("/proc/sys/vm/memfd_noexec");
  seen.apparmor_profile = read_apparmor_profile();
  seen.own_apparmor_profile = exists("/etc/apparmor.d/snug");
  seen.selinux_enforcing = number_in("/sys/fs/selinux/enforce") == 1;
  seen.lsm = first_line("/sys/kernel/security/lsm");
  seen.initial_user_namespace = in_initial_user_namespace();
  seen.seccomp_filtered = is_filtered();
}

void add_mounts(Observation& seen, const MountFacts& mounts) {
  seen.proc_mounted = mounts.proc;
  seen.proc_covered = mounts.below_proc;
  seen.chrooted = !mounts.root;
}

std::string_view field(std::string_view line, int index) {
  for (; index > 0; --index) line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
  return line.substr(0, line.find(' '));
}

const char* name_of(Container container) {
  switch (container) {
    case Container::docker:
      return "docker";
    case Container::podman:
      return "podman";
    case Container::kubernetes:
      return "kubernetes";
    case Container::lxc:
      return "lxc";
    case Container::other:
      return "a container";
    case Container::none:
      break;
  }
  return "";
}

const char* name_of(Ci ci) {
  switch (ci) {
    case Ci::github:
      return "GitHub Actions";
    case Ci::gitlab:
      return "GitLab CI";
    case Ci::none:
      break;
  }
  return "";
}

}  // namespace

// A virtual machine's root made from an image keeps /.dockerenv: only together with the engine's mounts in /etc
// does it mean a container.
Container container_of(const ContainerTraces& traces) {
  if (traces.kubernetes && traces.etc_mounts) return Container::kubernetes;
  if (traces.containerenv || traces.container == "podman") return Container::podman;
  if (traces.dockerenv && traces.etc_mounts) return Container::docker;
  if (traces.container.starts_with("lxc")) return Container::lxc;
  // What snug itself sets inside a sandbox.
  if (traces.container == "snug") return Container::none;
  return traces.container.empty() ? Container::none : Container::other;
}

MountFacts read_mountinfo(std::string_view text) {
  MountFacts facts;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto point = field(text.substr(0, end), 4);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (point == "/") facts.root = true;
    if (point == "/proc") facts.proc = true;
    if (point == "/etc/hosts" || point == "/etc/resolv.conf" || point == "/etc/hostname") facts.etc = true;
    // A mount on an empty directory of /proc hides nothing.
    const bool covers = point.starts_with("/proc/") && point != "/proc/sys/fs/binfmt_misc";
    if (covers && facts.below_proc.empty()) facts.below_proc = point;
  }
  return facts;
}

Observation observe() {
  const auto kernel = probe_facts();
  const auto mounts = read_mountinfo(read_file("/proc/self/mountinfo", 4 << 20).value_or(""));
  Observation seen{.kernel_major = kernel.kernel_major,
                   .kernel_minor = kernel.kernel_minor,
                   .kernel_release = kernel.kernel_release,
                   .executable = executable_path(),
                   .user_namespaces_built = !exists("/proc/self") || exists("/proc/self/ns/user"),
                   .limits = read_limits(),
                   .inside_snug = kernel.inside_snug,
                   .container = container_of(read_traces(mounts)),
                   .ci = read_ci()};
  add_security(seen);
  add_mounts(seen, mounts);
  return seen;
}

std::string surroundings_of(const Observation& seen) {
  const std::string container = seen.inside_snug ? "snug" : name_of(seen.container);
  const std::string ci = name_of(seen.ci);
  return container.empty() || ci.empty() ? container + ci : container + ", " + ci;
}

}  // namespace snug
