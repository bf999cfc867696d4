// Names of captures, and the plan under another one.
#include "plan/captures.h"

#include "support/planning.h"

namespace {

using namespace snug;

const std::string mounts =
    "d /home/ann/web/data uid=1000\nd /home/ann/web/src uid=1000\n"
    R"(f /proc/self/mountinfo "1 0 8:1 / / rw - ext4 x rw\n2 1 8:2 / /home/ann/web/data rw - ext4 y rw\n")";

/// A plan whose capture is the first that moves to the second's name, and one made where there is a first already.
void check_renamed(Planning planning) {
  planning.host.add("d /home/ann/.local uid=1000\nd /home/ann/.local/state uid=1000\n");
  const std::string first_name = planning.plan().capture->directory;
  const std::string place = first_name.substr(0, first_name.rfind('/'));
  planning.host.add("d /home/ann/.local/state/snug uid=1000\nd " + place + " uid=1000\n");
  Plan first = planning.plan();
  CHECK(first.capture->is_new);
  planning.host.add("d " + first_name + " uid=1000\n");
  Plan second = planning.plan();
  REQUIRE(second.capture->directory == place + "/2");
  rename_capture(first, next_capture_name({"1"}));
  first.host_answers.clear();
  second.host_answers.clear();
  CHECK(plan_to_json(first) == plan_to_json(second));
}

TEST_CASE("a plan whose capture takes another name is what it would have been with that name") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  check_renamed(planning);
}

TEST_CASE("the same with a capture in pieces") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  planning.host.add(mounts);
  check_renamed(planning);
}

TEST_CASE("the same with a capture of everything") {
  Planning planning;
  planning.request.everything = true;
  check_renamed(planning);
}

TEST_CASE("a layer on a tmpfs is refused where directories could not be removed in it") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  planning.host.add(
      R"(f /proc/self/mountinfo "1 0 8:1 / / rw - ext4 x rw\n2 1 0:9 / /home/ann/.local rw - tmpfs t rw\n")");
  planning.facts.kernel_major = 6;
  planning.facts.kernel_minor = 1;
  const std::string why = "it is on a tmpfs, where directories cannot be removed in an overlay before Linux 6.6";
  CHECK(planning.errors().find(why) != std::string::npos);
  planning.facts.kernel_minor = 6;
  CHECK(planning.errors().empty());
  planning.facts.kernel_minor = 1;
  planning.host.add("d /home/ann/changes uid=1000 mode=0700\n");
  planning.request.changes_dir = "/home/ann/changes";
  CHECK(planning.errors().empty());
}

TEST_CASE("a capture that is named is refused where nothing is captured") {
  Planning planning;
  planning.host.add("d /home/ann/changes uid=1000 mode=0700\n");
  planning.request.changes_dir = "/home/ann/changes";
  CHECK(planning.errors().find("nothing is captured with this profile") != std::string::npos);
  planning.toml = "filesystem.project = \"overlay\"";
  CHECK(planning.errors().empty());
}

TEST_CASE("what could be changed outside and cannot be copied up is named, with what mends it") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  planning.host.add(
      "d /home/ann/web/shared uid=0 gid=1000 mode=0777\nf /home/ann/web/groups uid=1000 gid=44\n"
      "d /home/ann/web/roots uid=0 gid=0 mode=0755\nd /home/ann/web/own uid=1000 gid=1000\n");
  std::string text;
  for (const Note& note : planning.plan().notes) text += note.text + "\n";
  CHECK(text.find("\"/home/ann/web/groups\", \"/home/ann/web/shared\": another user or group owns it") !=
        std::string::npos);
  CHECK(text.find("sudo chown -R 1000:1000") != std::string::npos);
  CHECK(text.find("web/roots") == std::string::npos);
  CHECK(text.find("web/own") == std::string::npos);
}

TEST_CASE("a capture that is gone on with, or in the user's own directory, is not new") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  planning.host.add("d /home/ann/mine uid=1000 mode=0700\n");
  planning.request.changes_dir = "/home/ann/mine";
  const Plan plan = planning.plan();
  REQUIRE(plan.capture);
  CHECK_FALSE(plan.capture->is_new);
}

}  // namespace
