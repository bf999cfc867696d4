// What can be read of this machine that explains a refusal. Plain data: filled by observe(), invented by tests.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace snug {

enum class Container { none, docker, podman, kubernetes, lxc, other };
enum class Ci { none, github, gitlab };

struct Observation {
  int kernel_major = 0, kernel_minor = 0;
  std::string kernel_release;
  std::string executable;                         ///< path of the running snug
  bool user_namespaces_built = true;              ///< the kernel knows them at all
  std::map<std::string, long> limits;             ///< user.max_NAME_namespaces by NAME: "user", "net", "mnt", ...
  std::optional<long> unprivileged_userns_clone;  ///< kernel.*, Debian's and Arch's switch
  std::optional<long> apparmor_restrict_userns;   ///< kernel.apparmor_restrict_unprivileged_userns, Ubuntu's
  std::optional<long> memfd_noexec;               ///< vm.memfd_noexec
  std::string apparmor_profile;                   ///< of this process; "unconfined" or empty: none
  bool own_apparmor_profile = false;              ///< /etc/apparmor.d/snug is there
  bool selinux_enforcing = false;
  std::string lsm;                     ///< /sys/kernel/security/lsm
  bool initial_user_namespace = true;  ///< this process is in no namespace of a container or sandbox
  bool seccomp_filtered = false;       ///< a filter is already on this process
  bool proc_mounted = true;            ///< /proc is a mount point
  std::string proc_covered;            ///< the first mount point below /proc, or empty
  bool chrooted = false;               ///< the root is no mount point
  bool inside_snug = false;
  Container container = Container::none;
  Ci ci = Ci::none;
};

/// Reads files and the environment; some tens of system calls.
Observation observe();

/// The traces a container leaves, as text, so that tests can invent them.
struct ContainerTraces {
  bool dockerenv = false;     ///< /.dockerenv
  bool containerenv = false;  ///< /run/.containerenv
  bool kubernetes = false;    ///< KUBERNETES_SERVICE_HOST or a service account
  std::string container;      ///< $container, as podman, lxc and systemd-nspawn set it
  bool etc_mounts = false;    ///< /etc/hosts or /etc/resolv.conf is a mount point
};
Container container_of(const ContainerTraces& traces);

/// What mountinfo(5) text says, for an Observation.
struct MountFacts {
  bool root = false, proc = false, etc = false;  ///< /, /proc, one of /etc's files are mount points
  std::string below_proc;                        ///< the first mount point below /proc but binfmt_misc's
};
MountFacts read_mountinfo(std::string_view text);

/// "docker", "podman, GitLab CI", or empty.
std::string surroundings_of(const Observation& seen);

}  // namespace snug
