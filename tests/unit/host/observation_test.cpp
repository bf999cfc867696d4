#include "host/observation.h"

#include "support/catch.h"

using namespace snug;

TEST_CASE("containers are told apart by their traces") {
  CHECK(container_of({}) == Container::none);
  CHECK(container_of({.dockerenv = true, .etc_mounts = true}) == Container::docker);
  CHECK(container_of({.containerenv = true, .container = "podman", .etc_mounts = true}) == Container::podman);
  CHECK(container_of({.dockerenv = true, .kubernetes = true, .etc_mounts = true}) == Container::kubernetes);
  CHECK(container_of({.container = "lxc"}) == Container::lxc);
  CHECK(container_of({.container = "systemd-nspawn"}) == Container::other);
  CHECK(container_of({.container = "snug"}) == Container::none);
}

TEST_CASE("a virtual machine made from a container's image is no container") {
  CHECK(container_of({.dockerenv = true}) == Container::none);
  CHECK(container_of({.kubernetes = true}) == Container::none);
}

TEST_CASE("mountinfo tells what covers /proc") {
  const auto facts = read_mountinfo(
      "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "23 22 0:30 / /proc/sys/fs/binfmt_misc rw - binfmt_misc none rw\n"
      "24 22 0:31 /null /proc/kcore ro - tmpfs tmpfs rw\n"
      "25 22 0:31 /null /proc/keys ro - tmpfs tmpfs rw\n"
      "27 1 8:1 / / rw - ext4 /dev/root rw\n");
  CHECK(facts.root);
  CHECK(facts.proc);
  CHECK_FALSE(facts.etc);
  CHECK(facts.below_proc == "/proc/kcore");
}

TEST_CASE("mountinfo of a docker container and of a chroot") {
  CHECK(read_mountinfo("9 1 0:5 / /etc/resolv.conf rw - ext4 /dev/sda rw\n").etc);
  const auto chroot = read_mountinfo("22 27 0:21 / /processes rw - proc proc rw\n");
  CHECK_FALSE(chroot.root);
  CHECK_FALSE(chroot.proc);
  CHECK(chroot.below_proc.empty());
  CHECK_FALSE(read_mountinfo("").root);
  CHECK_FALSE(read_mountinfo("broken\n\n").root);
}

TEST_CASE("surroundings name the container and who runs it") {
  CHECK(surroundings_of({}).empty());
  CHECK(surroundings_of({.container = Container::docker}) == "docker");
  CHECK(surroundings_of({.inside_snug = true}) == "snug");
  CHECK(surroundings_of({.ci = Ci::github}) == "GitHub Actions");
  CHECK(surroundings_of({.container = Container::docker, .ci = Ci::gitlab}) == "docker, GitLab CI");
}

TEST_CASE("this machine can be observed") {
  const auto seen = observe();
  CHECK(seen.kernel_major > 0);
  CHECK(seen.executable.find("unit_tests") != std::string::npos);
  CHECK(seen.limits.count("user") == 1);
}
