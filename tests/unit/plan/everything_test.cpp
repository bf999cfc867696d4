// Captures of everything, over other layers, and over directories that hold mounts.
#include "support/planning.h"

namespace {

using namespace snug;

Planning everything() {
  Planning planning;
  planning.request.everything = true;
  planning.host.add("d /srv uid=0\nd /srv/data uid=1000\nd /srv/theirs uid=0\nf /vmlinuz.txt uid=0\n");
  return planning;
}

const Overlay* overlay_at(const Plan& plan, const std::string& path) { return what_at<Overlay>(plan, path); }

TEST_CASE("a capture of everything lies over the home and what else the user owns") {
  Planning planning = everything();
  const Plan plan = planning.plan();
  REQUIRE(plan.capture);
  CHECK(plan.capture->project == "/");
  CHECK(plan.capture->place == plan.project);
  const Overlay* home = overlay_at(plan, "/home/ann");
  REQUIRE(home);
  CHECK(home->unsynced);
  CHECK(home->upper == plan.capture->directory + "/upper/home/ann");
  CHECK(overlay_at(plan, "/srv/data"));
  CHECK_FALSE(plan.stored_home);
  CHECK_FALSE(overlay_at(plan, "/srv"));
  REQUIRE(what_at<Bind>(plan, "/vmlinuz.txt"));
  CHECK(what_at<Bind>(plan, "/vmlinuz.txt")->access == Access::read);
  CHECK_FALSE(what_at<Bind>(plan, "/tmp"));
}

TEST_CASE("what the user owns below somebody else's directory has a layer of its own, also within another") {
  Planning planning = everything();
  planning.host.add(
      "d /home/ann/theirs uid=0\nd /home/ann/theirs/mine uid=1000\nd /home/ann/theirs/mine/deeper uid=1000\n"
      "d /home/ann/own uid=1000\nd /home/ann/own/deeper uid=1000\nd /srv/theirs/mine uid=1000\n");
  const bool root = GENERATE(false, true);
  planning.toml = root ? "user = \"root\"" : "";
  const Plan plan = planning.plan();
  REQUIRE(plan.capture);
  const Overlay* mine = overlay_at(plan, "/home/ann/theirs/mine");
  REQUIRE(mine);
  CHECK(mine->lowers == std::vector<std::string>{"/home/ann/theirs/mine"});
  CHECK(mine->upper.starts_with(plan.capture->directory + "/inner/"));
  for (const char* path : {"/home/ann/theirs/mine/deeper", "/home/ann/own", "/home/ann/theirs", "/srv/theirs"}) {
    CHECK_FALSE(overlay_at(plan, path));
  }
  const Overlay* service = overlay_at(plan, "/srv/theirs/mine");
  REQUIRE(service);
  CHECK(service->upper.starts_with(plan.capture->directory + (root ? "/inner/" : "/upper/srv/theirs/mine")));
  for (const ViewEntry& a : plan.view) {
    for (const ViewEntry& b : plan.view) {
      const auto *one = std::get_if<Overlay>(&a.what), *other = std::get_if<Overlay>(&b.what);
      if (one && other && one != other) CHECK_FALSE(is_below(one->upper, other->upper));
    }
  }
}

TEST_CASE("a capture of everything has gaps where state and keys are") {
  Planning planning = everything();
  planning.host.add(
      "d /home/ann/.local uid=1000\nd /home/ann/.local/state uid=1000\nd /home/ann/.local/state/snug uid=1000\n"
      "d /home/ann/.ssh uid=1000\nf /home/ann/.netrc uid=1000\n");
  const auto gap = [](const Plan& plan, const std::string& path) {
    const auto& gaps = overlay_at(plan, "/home/ann")->gaps;
    return std::ranges::any_of(gaps, [&](const Gap& one) { return one.path == path && !one.on_the_way; });
  };
  const Plan plan = planning.plan();
  CHECK(gap(plan, ".local/state/snug"));
  CHECK(gap(plan, ".ssh"));
  CHECK(gap(plan, ".netrc"));
  CHECK(std::ranges::find(plan.capture->protect, "home/ann/.ssh") != plan.capture->protect.end());
  planning.toml = "filesystem.read = [\"~/.ssh\"]";
  CHECK_FALSE(gap(planning.plan(), ".ssh"));
  CHECK(gap(planning.plan(), ".netrc"));
}

TEST_CASE("a capture over a directory with mounts in it is made of pieces") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  planning.host.add("d /home/ann/web/data uid=1000\nd /home/ann/web/src uid=1000\n");
  planning.host.add(
      R"(f /proc/self/mountinfo "1 0 8:1 / / rw - ext4 x rw\n2 1 8:2 / /home/ann/web/data rw - ext4 y rw\n")");
  const Plan plan = planning.plan();
  REQUIRE(plan.capture);
  CHECK(plan.capture->parts.size() >= 3);
  const Overlay* top = overlay_at(plan, "/home/ann/web");
  REQUIRE(top);
  CHECK(top->lowers.front() == plan.capture->directory + "/copies/0");
  CHECK(prepares(plan, Preparation::Kind::shallow_copy, "/copies/0"));
  REQUIRE(overlay_at(plan, "/home/ann/web/data"));
  CHECK(overlay_at(plan, "/home/ann/web/data")->lowers.front() == "/home/ann/web/data");
}

TEST_CASE("a directory of the system with mounts in it is made of pieces around them") {
  Planning planning = everything();
  planning.toml = "user = \"root\"";
  planning.host.add("d /usr/lib/wsl uid=0\nd /usr/lib/apt uid=0\n");
  planning.host.add(R"(f /proc/self/mountinfo "1 0 8:1 / / rw - ext4 x rw\n2 1 8:2 / /usr/lib/wsl rw - 9p y rw\n")");
  const Plan plan = planning.plan();
  REQUIRE(plan.capture);
  for (const char* path : {"/usr", "/usr/lib", "/usr/lib/apt", "/usr/bin"}) {
    INFO(path);
    CHECK(overlay_at(plan, path));
  }
  CHECK(overlay_at(plan, "/usr/lib")->lowers.front().starts_with(plan.capture->directory + "/copies/"));
  REQUIRE(what_at<Bind>(plan, "/usr/lib/wsl"));
  CHECK(what_at<Bind>(plan, "/usr/lib/wsl")->access == Access::read);
}

TEST_CASE("layers lie between a capture and the project, and not too many of them") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  planning.request.between = {"/a", "/b"};
  CHECK(overlay_at(planning.plan(), "/home/ann/web")->lowers == std::vector<std::string>{"/a", "/b", "/home/ann/web"});
  planning.request.between.resize(7, "/c");
  CHECK(planning.errors().find("there may be 6") != std::string::npos);
}

TEST_CASE("the user's directory for a capture is theirs alone and holds nothing else") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  planning.request.changes_dir = "/home/ann/changes";
  CHECK(planning.errors().find("there is nothing") != std::string::npos);
  planning.host.add("d /home/ann/changes uid=1000 mode=0700\nd /home/ann/changes/upper uid=1000\n");
  CHECK(overlay_at(planning.plan(), "/home/ann/web")->upper == "/home/ann/changes/upper");
  planning.host.add("f /home/ann/changes/mine uid=1000\n");
  CHECK(planning.errors().find("\"mine\"") != std::string::npos);
}

TEST_CASE("limits.disk bounds each tmpfs and each file") {
  Planning planning;
  planning.toml = "limits.disk = \"64M\"";
  const Plan plan = planning.plan();
  CHECK(what_at<Tmpfs>(plan, "/tmp")->size == 64 << 20);
  CHECK(std::ranges::any_of(plan.rlimits,
                            [](const RlimitPlan& limit) { return limit.name == "fsize" && limit.hard == 64 << 20; }));
  CHECK(has_note(plan, "not what is written to the host's directories"));
}

}  // namespace
