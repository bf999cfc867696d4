#include "host/refusals.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace snug {
namespace {

constexpr std::array step_names{
    StepName{"clone", "make a user namespace"},
    StepName{"setgroups", "give up setgroups in the user namespace"},
    StepName{"uid_map", "write the user id map"},
    StepName{"gid_map", "write the group id map"},
    StepName{"mnt", "make a mount namespace"},
    StepName{"net", "make a network namespace"},
    StepName{"pid", "make a process namespace"},
    StepName{"ipc", "make an IPC namespace"},
    StepName{"uts", "make a host name namespace"},
    StepName{"cgroup", "make a cgroup namespace"},
    StepName{"hostname", "set the host name in a namespace of one's own"},
    StepName{"time", "make a time namespace"},
    StepName{"loopback", "bring up the loopback interface"},
    StepName{"mount", "mount in a namespace of one's own"},
    StepName{"open_tree", "clone a directory tree (open_tree)"},
    StepName{"mount_setattr", "make a tree read-only at once (mount_setattr)"},
    StepName{"move_mount", "attach a tree (move_mount)"},
    StepName{"read-only", "see a read-only tree refuse a write"},
    StepName{"fsopen", "make a file system"},
    StepName{"fsconfig", "set an option of a file system"},
    StepName{"tmpfs", "mount a tmpfs"},
    StepName{"special", "mount a file system of the kernel's"},
    StepName{"proc", "mount a /proc of one's own"},
    StepName{"overlay", "mount an overlay"},
    StepName{"overlay-rmdir", "remove a merged directory of an overlay"},
    StepName{"devpts", "mount a devpts of one's own"},
    StepName{"ptmx", "open a terminal of that devpts"},
    StepName{"landlock", "ask for Landlock's version"},
    StepName{"no_new_privs", "give up gaining privileges"},
    StepName{"seccomp", "install a seccomp filter"},
    StepName{"memfd", "make an executable memory file"},
    StepName{"memfd-exec", "execute a memory file"},
    StepName{"idmap", "map the owner of a mounted tree"},
    StepName{"close_range", "have inherited descriptors closed"},
};

// Groups of steps that one cause refuses together.
constexpr std::string_view any_namespace = "clone mnt net pid ipc uts cgroup time";
constexpr std::string_view rights_inside =
    "clone setgroups uid_map gid_map mnt net pid ipc uts cgroup time hostname loopback mount open_tree mount_setattr "
    "move_mount "
    "fsopen fsconfig tmpfs special proc overlay devpts";

/// One cause. The first row that fits wins. `codes` ends at 0; none: any.
struct Refusal {
  std::string_view steps;
  std::array<int, 3> codes;
  bool (*applies)(const Observation&);
  std::string_view why, fix;  ///< with {placeholders}, see value_of()
};

bool in_container(const Observation& seen) { return seen.container != Container::none; }
bool is_confined(const Observation& seen) {
  return !seen.apparmor_profile.empty() && seen.apparmor_profile != "unconfined" &&
         seen.apparmor_profile != "unprivileged_userns";
}
bool is_restricted(const Observation& seen) {
  return seen.apparmor_restrict_userns.value_or(0) != 0 && !is_confined(seen) && !in_container(seen);
}
bool is_too_old(const Observation& seen) {
  return seen.kernel_major < 5 || (seen.kernel_major == 5 && seen.kernel_minor < 14);
}
bool is_before_landlock(const Observation& seen) {
  return seen.kernel_major < 5 || (seen.kernel_major == 5 && seen.kernel_minor < 13);
}
bool always(const Observation&) { return true; }

std::string_view zero_limit(const Observation& seen) {
  for (const auto& [name, limit] : seen.limits) {
    if (limit == 0) return name;
  }
  return {};
}

constexpr std::array refusals{
    Refusal{any_namespace,
            {},
            [](const Observation& seen) { return seen.inside_snug; },
            "this is the inside of a snug sandbox that allows no other",
            "`nested = true` in the outer sandbox's profile, or start it with --set nested=true"},
    Refusal{any_namespace,
            {EINVAL, ENOSYS},
            [](const Observation& seen) { return !seen.user_namespaces_built; },
            "this kernel was built without user namespaces (CONFIG_USER_NS)",
            "boot a kernel of a current distribution"},
    Refusal{"overlay",
            {EPERM, EINVAL},
            [](const Observation& seen) { return is_too_old(seen); },
            "Linux {release} cannot mount overlays for ordinary users",
            "upgrade to Linux 5.14 or later"},
    Refusal{"clone",
            {EPERM},
            [](const Observation& seen) { return seen.unprivileged_userns_clone == 0; },
            "kernel.unprivileged_userns_clone is 0",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1\n"
            "to keep it: echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/60-snug.conf"},
    Refusal{any_namespace,
            {ENOSPC, EUSERS, EPERM},
            [](const Observation& seen) { return !zero_limit(seen).empty(); },
            "user.max_{limit}_namespaces is 0",
            "sudo sysctl -w user.max_{limit}_namespaces=15000\n"
            "to keep it: echo user.max_{limit}_namespaces=15000 | sudo tee /etc/sysctl.d/60-snug.conf"},
    // The limits of all namespaces around count, and only the innermost can be read.
    Refusal{any_namespace,
            {ENOSPC, EUSERS},
            [](const Observation& seen) { return !seen.initial_user_namespace; },
            "this process is already in a user namespace, of another sandbox or container, that may hold no more",
            "start snug outside of it, or let it hold more (bwrap: without --disable-userns)"},
    Refusal{
        any_namespace,
        {ENOSPC, EUSERS},
        always,
        "the number of namespaces this user may have (user.max_*_namespaces), or 32 levels of nesting, is used up",
        "end what holds them (`lsns` lists them), or raise the limit: sudo sysctl -w user.max_user_namespaces=60000"},
    Refusal{"clone",
            {EPERM},
            [](const Observation& seen) { return seen.chrooted; },
            "this process runs in a chroot, where the kernel makes no user namespaces",
            "start it outside of the chroot, or enter the tree by pivot_root (systemd-nspawn, bwrap --bind TREE /)"},
    Refusal{rights_inside,
            {EACCES, EPERM},
            [](const Observation& seen) { return is_restricted(seen) && seen.ci == Ci::github; },
            "kernel.apparmor_restrict_unprivileged_userns is 1: a user namespace may be made, but gives no rights",
            "a step before the one that runs snug:\n"
            "- run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
    Refusal{rights_inside,
            {EACCES, EPERM},
            [](const Observation& seen) { return is_restricted(seen) && seen.own_apparmor_profile; },
            "kernel.apparmor_restrict_unprivileged_userns is 1, and the profile in /etc/apparmor.d/snug does not cover "
            "{executable}",
            "name that path in the profile: profile snug {executable} flags=(unconfined) {{ userns, }\n"
            "then: sudo apparmor_parser -r /etc/apparmor.d/snug"},
    Refusal{rights_inside,
            {EACCES, EPERM},
            is_restricted,
            "kernel.apparmor_restrict_unprivileged_userns is 1: a user namespace may be made, but gives no rights",
            "let snug alone have them:\n"
            "printf '%s\\n' 'abi <abi/4.0>,' 'include <tunables/global>' \\\n"
            "  'profile snug {executable} flags=(unconfined) {{ userns, }' | sudo tee /etc/apparmor.d/snug\n"
            "sudo apparmor_parser -r /etc/apparmor.d/snug\n"
            "or every program: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
    Refusal{"proc",
            {EPERM},
            [](const Observation& seen) { return !seen.proc_mounted; },
            "no /proc is mounted here, and the kernel shows an ordinary user no more than is already visible",
            "sudo mount -t proc proc /proc"},
    Refusal{"proc",
            {EPERM},
            [](const Observation& seen) { return !seen.proc_covered.empty() && in_container(seen); },
            "parts of /proc are masked ({proc_covered}), and the kernel shows an ordinary user no more than is "
            "already visible",
            "{container}"},
    Refusal{
        "proc",
        {EPERM},
        [](const Observation& seen) { return !seen.proc_covered.empty(); },
        "parts of /proc are covered by other mounts ({proc_covered}), and the kernel shows an ordinary user no more "
        "than is already visible",
        "sudo umount {proc_covered}     (`findmnt -R /proc` lists them all)"},
    Refusal{rights_inside,
            {EACCES, EPERM, ENOSYS},
            in_container,
            "the container does not allow it: its seccomp filter or AppArmor profile refuses namespaces and mounts",
            "{container}"},
    Refusal{
        rights_inside,
        {EACCES, EPERM},
        is_confined,
        "the AppArmor profile of this process, {apparmor_profile}, does not allow it",
        "add the line `userns, capability, mount, umount, pivot_root,` and flags=(attach_disconnected,mediate_deleted) "
        "to that profile below /etc/apparmor.d and load it: sudo apparmor_parser -r FILE\n"
        "or start snug from an unconfined shell"},
    Refusal{rights_inside,
            {EACCES},
            [](const Observation& seen) { return seen.selinux_enforcing; },
            "SELinux's policy refuses it (class user_namespace, or the mount)",
            "sudo ausearch -m avc -ts recent | audit2allow -M snug && sudo semodule -i snug.pp"},
    Refusal{rights_inside,
            {EPERM, ENOSYS},
            [](const Observation& seen) { return seen.seccomp_filtered && !is_too_old(seen); },
            "a seccomp filter is already on this process: a service manager, a packaged application or another sandbox "
            "refuses it",
            "start snug outside of it; in a systemd unit: RestrictNamespaces=no and no SystemCallFilter="},
    // The kernel's check for a chroot cannot be repeated from here: one that begins at a mount point looks like a root.
    Refusal{"clone",
            {EPERM},
            always,
            "the kernel gives no reason; inside a chroot (schroot, pbuilder) it refuses always",
            "start snug outside of any chroot; on a managed machine ask who manages it for user namespaces"},
    Refusal{"open_tree mount_setattr move_mount fsopen fsconfig",
            {ENOSYS, EINVAL},
            is_too_old,
            "Linux {release} lacks the mount calls snug needs",
            "upgrade to Linux 5.14 or later"},
    Refusal{"overlay",
            {ENODEV},
            always,
            "the kernel has no overlay file system, or its module is not loaded",
            "sudo modprobe overlay\nto keep it: echo overlay | sudo tee /etc/modules-load.d/snug.conf"},
    Refusal{"fsopen special",
            {ENODEV},
            always,
            "the kernel does not have that file system, or its module is not loaded",
            "sudo modprobe overlay, if it is an overlay; for mqueue boot a kernel with CONFIG_POSIX_MQUEUE"},
    Refusal{"overlay-rmdir overlay",
            {EIO},
            always,
            "Linux {release} mounts an overlay whose upper directory is on tmpfs, but cannot remove directories in it",
            "keep snug's state on a disk: XDG_STATE_HOME=/a/directory/on/a/disk, or upgrade to Linux 6.6 or later"},
    Refusal{
        "overlay",
        {EINVAL, EOPNOTSUPP, EPERM},
        always,
        "the file system that holds snug's state cannot carry an overlay's upper directory (overlay, NFS and FUSE "
        "cannot)",
        "keep snug's state on ext4, xfs, btrfs or tmpfs: XDG_STATE_HOME=/a/directory/there; for one capture: --changes "
        "DIR"},
    Refusal{"landlock",
            {EOPNOTSUPP},
            always,
            "Landlock is built into this kernel but not switched on at boot",
            "add it to the kernel's command line: lsm=landlock,{lsm}"},
    Refusal{"landlock",
            {ENOSYS},
            is_before_landlock,
            "Linux {release}: the kernel is older than Landlock (5.13)",
            "upgrade to Linux 5.14 or later"},
    Refusal{"landlock",
            {ENOSYS},
            in_container,
            "the kernel lacks Landlock, or the container's seccomp filter refuses it",
            "{container}"},
    Refusal{"landlock",
            {ENOSYS},
            always,
            "this kernel was built without Landlock (CONFIG_SECURITY_LANDLOCK, Linux 5.13)",
            "boot a kernel that has it; Debian 12 and Ubuntu 22.04 do"},
    Refusal{"seccomp",
            {EBUSY},
            always,
            "a filter with a notification descriptor is already on this process, and there can be one only",
            "start snug outside of the sandbox that installed it"},
    Refusal{"seccomp",
            {EINVAL, ENOSYS},
            always,
            "this kernel was built without seccomp filters (CONFIG_SECCOMP_FILTER)",
            "boot a kernel of a current distribution"},
    Refusal{"memfd memfd-exec",
            {EACCES},
            [](const Observation& seen) { return seen.memfd_noexec.value_or(0) >= 2; },
            "vm.memfd_noexec is 2, which forbids executable memory files",
            "sudo sysctl -w vm.memfd_noexec=1"},
    Refusal{"idmap",
            {EINVAL, EPERM},
            always,
            "the file system cannot show its files under another owner (overlay, NFS and FUSE cannot)",
            "start snug as an ordinary user, or with --user host-root"},
    // What an older kernel does not know at all, and what it knows without a flag (close_range on 5.10).
    Refusal{"",
            {ENOSYS, EINVAL},
            is_too_old,
            "Linux {release} is older than 5.14",
            "upgrade to Linux 5.14 or later (Debian 12, Ubuntu 22.04, RHEL 9)"},
};

/// How to start the container, by who starts it. The first row that fits wins.
struct ContainerAdvice {
  Container container;
  Ci ci;
  std::string_view fix;
};

constexpr std::array container_advice{
    ContainerAdvice{Container::docker, Ci::github,
                    "in the workflow:\n"
                    "container:\n"
                    "  options: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt "
                    "systempaths=unconfined"},
    ContainerAdvice{Container::docker, Ci::gitlab,
                    "in the runner's config.toml, below [runners.docker]: privileged = true\n"
                    "(security_opt can lift seccomp and AppArmor, but leaves /proc masked)"},
    ContainerAdvice{Container::docker, Ci::none,
                    "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \\\n"
                    "  --security-opt systempaths=unconfined ...\n"
                    "or, which opens far more: docker run --privileged ..."},
    ContainerAdvice{
        Container::podman, Ci::none,
        "podman run --security-opt seccomp=unconfined --security-opt unmask=ALL --security-opt label=disable ...\n"
        "or, which opens more: podman run --privileged ..."},
    ContainerAdvice{Container::kubernetes, Ci::none,
                    "in the pod: hostUsers: false, and in the container's securityContext:\n"
                    "seccompProfile: {{ type: Unconfined }\n"
                    "appArmorProfile: {{ type: Unconfined }\n"
                    "procMount: Unmasked\n"
                    "or, which opens far more: privileged: true"},
    ContainerAdvice{
        Container::lxc, Ci::none,
        "on the host: incus config set NAME security.nesting true (LXD: lxc config set ...), then restart it"},
    ContainerAdvice{Container::other, Ci::none,
                    "start the container without a seccomp filter and with an unmasked /proc"},
};

std::string_view advice_for(const Observation& seen) {
  for (const auto& row : container_advice) {
    if (row.container == seen.container && (row.ci == seen.ci || row.ci == Ci::none)) return row.fix;
  }
  return {};
}

std::string value_of(std::string_view name, const Observation& seen) {
  if (name == "release") return seen.kernel_release;
  if (name == "executable") return seen.executable;
  if (name == "limit") return std::string(zero_limit(seen));
  if (name == "proc_covered") return seen.proc_covered;
  if (name == "apparmor_profile") return seen.apparmor_profile;
  if (name == "lsm") return seen.lsm.empty() ? "lockdown,yama,integrity,apparmor,bpf" : seen.lsm;
  return {};
}

// "{name}" is replaced, "{{" stands for "{".
std::string filled(std::string_view text, const Observation& seen);

// Ubuntu's restriction is the host's and reaches into its containers.
std::string container_fix(const Observation& seen) {
  std::string fix = filled(advice_for(seen), seen);
  if (seen.apparmor_restrict_userns.value_or(0) == 0) return fix;
  return std::move(fix) + "\nand on the host: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
}

std::string filled(std::string_view text, const Observation& seen) {
  std::string out;
  while (!text.empty()) {
    const auto open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    if (text.starts_with("{{")) {
      out += '{';
      text.remove_prefix(2);
      continue;
    }
    const auto close = text.find('}');
    const auto name = text.substr(1, close - 1);
    out += name == "container" ? container_fix(seen) : value_of(name, seen);
    text.remove_prefix(close + 1);
  }
  return out;
}

bool holds_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(words.size(), end + 1));
  }
  return false;
}

bool holds_code(const std::array<int, 3>& codes, int code) {
  return codes[0] == 0 || std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

std::span<const StepName> known_steps() { return step_names; }

Diagnosis explain(const Observation& seen, std::string_view step, int code) {
  for (const auto& row : refusals) {
    const bool fits = (row.steps.empty() || holds_word(row.steps, step)) && holds_code(row.codes, code);
    if (fits && row.applies(seen)) return {.why = filled(row.why, seen), .fix = filled(row.fix, seen)};
  }
  return {};
}

}  // namespace snug
