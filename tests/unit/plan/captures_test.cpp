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
