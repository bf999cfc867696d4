// Where a control group can be made, on invented trees of them.
#include "host/control_groups.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "support/catch.h"

using namespace snug;
using From = ControlGroups::From;

namespace {

namespace fs = std::filesystem;

/// A directory that looks like a file system of control groups. (Everything in it can be written.)
class Tree {
 public:
  Tree() {
    std::string name = fs::temp_directory_path() / "snug-groups-XXXXXX";
    root_ = mkdtemp(name.data());
    places.root = root_;
    places.self = 77;
    places.uid = 1000;
    places.reach_systemd = [this]() -> Result<void> {
      if (systemd) return {};
      return Error{.what = "no systemd runs for this user"};
    };
    places.is_child = [this](pid_t process) { return children.count(process) == 1; };
    places.is_delegated = [this](const std::string& directory) { return delegated.count(directory) == 1; };
  }
  ~Tree() { fs::remove_all(root_); }

  void file(const std::string& path, const std::string& text) { std::ofstream(root_ + path) << text; }
  /// A group with these controllers, its groups with `given`, and these processes.
  void group(const std::string& path, const std::string& controllers, const std::string& given = "",
             const std::string& processes = "") {
    fs::create_directories(root_ + path);
    file(path + "/cgroup.type", "domain\n");
    file(path + "/cgroup.controllers", controllers + "\n");
    file(path + "/cgroup.subtree_control", given + "\n");
    file(path + "/cgroup.procs", processes);
  }
  ControlGroups find(const std::string& own) {
    places.own_text = "1:name=x:/\n0::" + own + "\n";
    return find_control_groups(places);
  }
  const std::string& root() const { return root_; }

  GroupPlaces places;
  bool systemd = false;
  std::set<std::string> delegated;
  std::set<pid_t> children;

 private:
  std::string root_;
};

constexpr const char* kUsers = "/user.slice/user-1000.slice/user@1000.service";

}  // namespace

TEST_CASE("the group of version 2 is the one without a name") {
  CHECK(group_in("4:memory:/a\n0::/user.slice/b c\n") == "/user.slice/b c");
  CHECK(group_in("4:memory:/a\n").empty());
  CHECK(group_in("0::/gone (deleted)\n").empty());
}

TEST_CASE("without systemd and without a group of one's own there is none, and it says why") {
  Tree tree;
  const ControlGroups none = tree.find("/");
  CHECK(none.from == From::nowhere);
  CHECK_FALSE((none.memory || none.processes || none.cpus));
  CHECK(none.why == "no systemd runs for this user");
  CHECK(none.missing == ControlGroups::Missing::manager);
}

TEST_CASE("systemd gives what the user's manager has") {
  Tree tree;
  tree.systemd = true;
  tree.group(kUsers, "memory pids");
  tree.group("/user.slice/user-1000.slice/session-3.scope", "memory pids cpu", "", "77\n78\n");
  const ControlGroups found = tree.find("/user.slice/user-1000.slice/session-3.scope");
  CHECK(found.from == From::systemd);
  CHECK(found.directory.empty());
  CHECK((found.memory && found.processes && !found.cpus));
  CHECK(found.why == "cgroups of this user lack the controllers cpu");
}

TEST_CASE("a manager without controllers gives nothing") {
  Tree tree;
  tree.systemd = true;
  tree.group(kUsers, "");
  CHECK(tree.find("/").from == From::nowhere);
  CHECK(tree.find("/").missing == ControlGroups::Missing::controllers);
  CHECK(tree.find("/").why == "cgroups of this user lack the controllers memory, pids, cpu");
}

TEST_CASE("a group that was given away holds another one beside the caller's") {
  Tree tree;
  tree.systemd = true;
  tree.group(kUsers, "memory pids cpu");
  tree.group("/d.scope", "memory pids cpu", "cpu memory pids");
  tree.group("/d.scope/mine", "memory pids cpu", "", "77\n78\n");
  CHECK(tree.find("/d.scope/mine").from == From::systemd);  // it is systemd's
  tree.delegated.insert(tree.root() + "/d.scope");
  const ControlGroups found = tree.find("/d.scope/mine");
  CHECK(found.from == From::beside);
  CHECK(found.directory == tree.root() + "/d.scope");
  CHECK((found.memory && found.processes && found.cpus));
  CHECK(found.why.empty());
}

TEST_CASE("what nobody wants is no reason to ask systemd") {
  Tree tree;
  tree.systemd = true;
  tree.group(kUsers, "memory pids cpu");
  tree.group("/d.scope", "memory pids", "", "77\n");
  tree.delegated.insert(tree.root() + "/d.scope");
  CHECK(tree.find("/d.scope").from == From::systemd);
  tree.places.wanted.cpus = false;
  CHECK(tree.find("/d.scope").from == From::below);
  CHECK(tree.find("/d.scope").why.empty());
}

TEST_CASE("a group that was given away is divided only by the one process in it") {
  Tree tree;
  tree.systemd = true;
  tree.group(kUsers, "");
  tree.group("/d.scope", "memory pids cpu", "", "77\n");
  tree.delegated.insert(tree.root() + "/d.scope");
  CHECK(tree.find("/d.scope").from == From::below);
  tree.file("/d.scope/cgroup.procs", "12\n77\n");
  CHECK(tree.find("/d.scope").from == From::nowhere);
  tree.children = {12};  // the sandbox's first process, which leaves it
  CHECK(tree.find("/d.scope").from == From::below);
  tree.file("/d.scope/cgroup.procs", "12\n");
  CHECK(tree.find("/d.scope").from == From::nowhere);
}

TEST_CASE("a group without processes that was given away gives its groups what it has") {
  Tree tree;
  tree.group("/d.scope", "memory pids cpu");
  tree.group("/d.scope/mine", "", "", "77\n78\n");
  const ControlGroups found = tree.find("/d.scope/mine");
  CHECK(found.from == From::beside);
  CHECK((found.memory && found.processes && found.cpus));
  tree.file("/d.scope/cgroup.procs", "5\n");
  CHECK_FALSE(tree.find("/d.scope/mine").memory);
}

TEST_CASE("root asks the machine's systemd") {
  Tree tree;
  tree.systemd = true;
  tree.places.uid = 0;
  tree.group("", "memory pids cpu");
  tree.group("/system.slice/cron.service", "memory pids cpu", "", "77\n78\n");
  const ControlGroups found = tree.find("/system.slice/cron.service");
  CHECK(found.from == From::systemd);
  CHECK((found.memory && found.processes && found.cpus));
}

TEST_CASE("the top of a container's groups is the container's, the top of the machine's is not") {
  Tree tree;
  tree.group("", "memory pids cpu", "", "77\n");
  CHECK(tree.find("/").from == From::below);
  CHECK(tree.find("/").directory == tree.root());
  fs::remove(tree.root() + "/cgroup.type");
  CHECK(tree.find("/").from == From::nowhere);
}
