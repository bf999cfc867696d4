// Sockets of programs on the host that lie in directories the view shows.
#include "support/planning.h"

using namespace snug;

namespace {

/// A host where a program listens on `path`, which it called `name`.
Planning listening_on(const std::string& path, const std::string& name) {
  Planning planning;
  planning.host.add("d /home/ann/web/run uid=1000\ns " + path + " uid=1000");
  planning.host.sockets.list.push_back({.name = name, .inode = planning.host.status(path).inode});
  return planning;
}

}  // namespace

TEST_CASE("a socket that a program on the host listens on is covered in what is shown") {
  const std::string path = "/home/ann/web/run/service.sock";
  for (const std::string& name :
       {path, std::string("run/service.sock"), std::string("/home/ann//web/./run/service.sock")}) {
    INFO(name);
    Planning planning = listening_on(path, name);
    const Plan plan = planning.plan();
    REQUIRE(what_at<Mask>(plan, path));
    CHECK(entry_at(plan, path)->why == "a program on the host listens there");
    REQUIRE(what_at<Bind>(plan, "/home/ann/web/run"));  // held in place
    CHECK(what_at<Bind>(plan, "/home/ann/web/run")->access == Access::write);
  }
}

TEST_CASE("a socket is covered wherever its directory is shown, also read-only") {
  Planning planning = listening_on("/srv/data/s", "/srv/data/s");
  planning.toml =
      "[[filesystem.mount]]\ntype = \"bind\"\nsource = \"/srv/data\"\ntarget = \"/data\"\n"
      "[filesystem]\nread = [\"/srv\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Mask>(plan, "/data/s"));
  CHECK(what_at<Mask>(plan, "/srv/data/s"));
}

TEST_CASE("sockets elsewhere, files that were replaced, and those asked for by name are left alone") {
  Planning elsewhere = listening_on("/run/service.sock", "/run/service.sock");
  CHECK_FALSE(entry_at(elsewhere.plan(), "/run/service.sock"));

  Planning replaced = listening_on("/home/ann/web/s", "/home/ann/web/s");
  replaced.host.sockets.list.front().inode += 1;
  CHECK_FALSE(entry_at(replaced.plan(), "/home/ann/web/s"));

  Planning named = listening_on("/home/ann/web/s", "/home/ann/web/s");
  named.toml = "network.sockets = [\"/home/ann/web/s\"]";
  CHECK(what_at<Bind>(named.plan(), "/home/ann/web/s"));
}

TEST_CASE("Landlock 9 holds sockets by itself, but not for a sandbox that may hold others") {
  const std::string path = "/home/ann/web/run/service.sock";
  Planning planning = listening_on(path, path);
  planning.facts.landlock_abi = 9;
  CHECK_FALSE(entry_at(planning.plan(), path));
  planning.toml = "nested = true";
  CHECK(what_at<Mask>(planning.plan(), path));
}

TEST_CASE("a kernel that does not list sockets is said") {
  Planning planning;
  planning.host.sockets.complete = false;
  CHECK(has_note(planning.plan(), "does not list the sockets"));
}
