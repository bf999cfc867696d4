#include "host/refusals.h"

#include <cerrno>
#include <set>

#include "support/catch.h"

using namespace snug;

namespace {

// A desktop where nothing is refused.
Observation desktop() {
  return {.kernel_major = 6,
          .kernel_minor = 12,
          .kernel_release = "6.12.9",
          .executable = "/home/ada/.local/bin/snug",
          .limits = {{"user", 1000}, {"net", 1000}, {"mnt", 1000}}};
}

Observation in(Container container, Ci ci = Ci::none) {
  auto seen = desktop();
  seen.container = container;
  seen.ci = ci;
  seen.seccomp_filtered = true;
  return seen;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("nothing is invented where nothing is known") {
  CHECK(explain(desktop(), "clone", EIO).why.empty());
  CHECK(explain(desktop(), "clone", EIO).fix.empty());
  CHECK(explain(desktop(), "no such step", EPERM).why.empty());
  CHECK(explain(desktop(), "uid_map", EACCES).why.empty());
}

TEST_CASE("user.max_user_namespaces = 0 gives ENOSPC") {
  auto seen = desktop();
  seen.limits["user"] = 0;
  const auto found = explain(seen, "clone", ENOSPC);
  CHECK(found.why == "user.max_user_namespaces is 0");
  CHECK(has(found.fix, "sudo sysctl -w user.max_user_namespaces=15000"));
  CHECK(has(found.fix, "/etc/sysctl.d/"));
}

TEST_CASE("another namespace's limit is named") {
  auto seen = desktop();
  seen.limits["net"] = 0;
  CHECK(explain(seen, "net", ENOSPC).why == "user.max_net_namespaces is 0");
  CHECK(has(explain(seen, "clone", ENOSPC).fix, "user.max_net_namespaces=15000"));
}

TEST_CASE("a limit used up is not one at zero") {
  CHECK(has(explain(desktop(), "clone", ENOSPC).why, "used up"));
  CHECK(has(explain(desktop(), "clone", EUSERS).why, "32 levels"));
}

TEST_CASE("a limit of a namespace around this one cannot be raised from here") {
  auto seen = desktop();
  seen.initial_user_namespace = false;
  const auto found = explain(seen, "clone", ENOSPC);
  CHECK(has(found.why, "already in a user namespace"));
  CHECK(has(found.fix, "--disable-userns"));
  CHECK_FALSE(has(found.fix, "sysctl"));
  seen.limits["user"] = 0;
  CHECK(found.why != explain(seen, "clone", ENOSPC).why);
}

TEST_CASE("a container's filter that refuses a host name is named") {
  auto seen = desktop();
  seen.container = Container::podman;
  CHECK(has(explain(seen, "hostname", EPERM).why, "seccomp filter"));
  CHECK(has(explain(seen, "hostname", EPERM).fix, "--security-opt seccomp=unconfined"));
}

TEST_CASE("kernel.unprivileged_userns_clone = 0 gives EPERM") {
  auto seen = desktop();
  seen.unprivileged_userns_clone = 0;
  const auto found = explain(seen, "clone", EPERM);
  CHECK(found.why == "kernel.unprivileged_userns_clone is 0");
  CHECK(has(found.fix, "sudo sysctl -w kernel.unprivileged_userns_clone=1"));
  seen.unprivileged_userns_clone = 1;
  CHECK(has(explain(seen, "clone", EPERM).why, "no reason"));
}

TEST_CASE("Ubuntu's AppArmor makes the namespace and refuses what is done in it") {
  auto seen = desktop();
  seen.apparmor_restrict_userns = 1;
  seen.apparmor_profile = "unconfined";
  for (const char* step : {"clone", "setgroups", "uid_map", "gid_map", "loopback", "mount", "net"}) {
    for (const int code : {EACCES, EPERM}) {
      INFO(step);
      const auto found = explain(seen, step, code);
      CHECK(has(found.why, "kernel.apparmor_restrict_unprivileged_userns is 1"));
      CHECK(has(found.fix, "profile snug /home/ada/.local/bin/snug flags=(unconfined) { userns, }"));
      CHECK(has(found.fix, "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"));
    }
  }
  seen.apparmor_restrict_userns = 0;
  CHECK(explain(seen, "uid_map", EACCES).why.empty());
}

TEST_CASE("an AppArmor profile for another path does not cover this binary") {
  auto seen = desktop();
  seen.apparmor_restrict_userns = 1;
  seen.own_apparmor_profile = true;
  const auto found = explain(seen, "uid_map", EACCES);
  CHECK(has(found.why, "does not cover /home/ada/.local/bin/snug"));
  CHECK(has(found.fix, "apparmor_parser -r /etc/apparmor.d/snug"));
}

TEST_CASE("an AppArmor profile without userns is named") {
  auto seen = desktop();
  seen.apparmor_restrict_userns = 1;
  seen.apparmor_profile = "snap.code.code";
  const auto found = explain(seen, "clone", EACCES);
  CHECK(has(found.why, "snap.code.code"));
  CHECK(has(found.fix, "`userns, capability, "));
}

TEST_CASE("GitHub Actions without a container needs a step before") {
  auto seen = desktop();
  seen.ci = Ci::github;
  seen.apparmor_restrict_userns = 1;
  CHECK(
      has(explain(seen, "uid_map", EPERM).fix, "- run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"));
}

TEST_CASE("each container is told its own flags") {
  const auto fix = [](const Observation& seen) { return explain(seen, "clone", EPERM).fix; };
  CHECK(has(fix(in(Container::docker)), "docker run --security-opt seccomp=unconfined"));
  CHECK(has(fix(in(Container::docker)), "systempaths=unconfined"));
  CHECK(has(fix(in(Container::docker)), "--privileged"));
  CHECK(has(fix(in(Container::podman)), "--security-opt unmask=ALL"));
  CHECK(has(fix(in(Container::kubernetes)), "procMount: Unmasked"));
  CHECK(has(fix(in(Container::kubernetes)), "seccompProfile: { type: Unconfined }"));
  CHECK(has(fix(in(Container::lxc)), "security.nesting true"));
  CHECK(has(fix(in(Container::other)), "unmasked /proc"));
  CHECK(has(fix(in(Container::docker, Ci::github)), "options: --security-opt seccomp=unconfined"));
  CHECK(has(fix(in(Container::docker, Ci::gitlab)), "config.toml"));
  CHECK(has(fix(in(Container::kubernetes, Ci::gitlab)), "procMount: Unmasked"));
}

TEST_CASE("a container's clone3, refused as unknown, is the container's doing") {
  CHECK(has(explain(in(Container::docker), "clone", ENOSYS).why, "the container does not allow it"));
  CHECK(has(explain(in(Container::docker), "mount", EACCES).why, "the container does not allow it"));
}

TEST_CASE("Ubuntu's restriction on the host of a container is told besides the flags") {
  auto seen = in(Container::docker);
  seen.apparmor_restrict_userns = 1;
  const auto fix = explain(seen, "uid_map", EACCES).fix;
  CHECK(has(fix, "docker run"));
  CHECK(has(fix, "\nand on the host: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"));
}

TEST_CASE("a masked /proc names what masks it") {
  auto seen = in(Container::podman);
  seen.proc_covered = "/proc/kcore";
  CHECK(has(explain(seen, "proc", EPERM).why, "/proc/kcore"));
  CHECK(has(explain(seen, "proc", EPERM).fix, "unmask=ALL"));
  seen.container = Container::none;
  CHECK(has(explain(seen, "proc", EPERM).fix, "sudo umount /proc/kcore"));
}

TEST_CASE("without any /proc none can be mounted") {
  auto seen = desktop();
  seen.proc_mounted = false;
  CHECK(has(explain(seen, "proc", EPERM).fix, "mount -t proc"));
}

TEST_CASE("chroot, SELinux and a filter of somebody else") {
  auto chrooted = desktop();
  chrooted.chrooted = true;
  CHECK(has(explain(chrooted, "clone", EPERM).why, "chroot"));
  auto selinux = desktop();
  selinux.selinux_enforcing = true;
  CHECK(has(explain(selinux, "clone", EACCES).fix, "audit2allow"));
  auto filtered = desktop();
  filtered.seccomp_filtered = true;
  CHECK(has(explain(filtered, "clone", EPERM).fix, "RestrictNamespaces=no"));
}

TEST_CASE("inside snug the outer profile decides") {
  auto seen = desktop();
  seen.inside_snug = true;
  seen.limits["user"] = 0;
  CHECK(has(explain(seen, "clone", ENOSPC).why, "inside of a snug sandbox"));
  CHECK(has(explain(seen, "clone", ENOSPC).fix, "nested = true"));
}

TEST_CASE("kernels that lack something") {
  auto old = desktop();
  old.kernel_major = 5;
  old.kernel_minor = 10;
  old.kernel_release = "5.10.0-32";
  CHECK(has(explain(old, "mount_setattr", ENOSYS).why, "5.10.0-32"));
  CHECK(has(explain(old, "overlay", EPERM).why, "cannot mount overlays"));
  CHECK(has(explain(old, "landlock", ENOSYS).why, "older than Landlock"));
  CHECK(has(explain(old, "close_range", EINVAL).why, "older than 5.14"));
  CHECK(has(explain(old, "anything", ENOSYS).why, "older than 5.14"));
  auto bare = desktop();
  bare.user_namespaces_built = false;
  CHECK(has(explain(bare, "clone", EINVAL).why, "CONFIG_USER_NS"));
  CHECK(has(explain(desktop(), "overlay", ENODEV).fix, "modprobe overlay"));
  CHECK(has(explain(desktop(), "landlock", ENOSYS).why, "CONFIG_SECURITY_LANDLOCK"));
  CHECK(has(explain(desktop(), "seccomp", EINVAL).why, "CONFIG_SECCOMP_FILTER"));
}

TEST_CASE("overlay's upper directory on the wrong file system") {
  CHECK(has(explain(desktop(), "overlay", EINVAL).fix, "XDG_STATE_HOME"));
  CHECK(has(explain(desktop(), "overlay-rmdir", EIO).why, "tmpfs"));
}

TEST_CASE("Landlock switched off at boot keeps the other modules in the line to add") {
  auto seen = desktop();
  seen.lsm = "lockdown,capability,yama";
  CHECK(explain(seen, "landlock", EOPNOTSUPP).fix.ends_with("lsm=landlock,lockdown,capability,yama"));
}

TEST_CASE("memory files forbidden, and a listener already there") {
  auto seen = desktop();
  seen.memfd_noexec = 2;
  CHECK(has(explain(seen, "memfd", EACCES).fix, "vm.memfd_noexec=1"));
  CHECK(has(explain(desktop(), "seccomp", EBUSY).why, "already"));
}

TEST_CASE("every step has words, once") {
  std::set<std::string_view> seen;
  for (const auto& known : known_steps()) {
    CHECK_FALSE(known.words.empty());
    CHECK(seen.insert(known.step).second);
  }
}
