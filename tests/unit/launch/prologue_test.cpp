// What the child may do before there is a plan: only what the plan's first steps turn out to be.
#include "launch/prologue.h"

#include <linux/mount.h>

#include <algorithm>
#include <string>
#include <vector>

#include "plan/usual.h"
#include "support/catch.h"
#include "support/compiling.h"
#include "support/planning.h"

using namespace snug;
using spec::Op;

namespace {

constexpr std::uint32_t uid = 1000;

Plan plan_of(std::vector<ViewEntry> view) {
  Plan plan;
  plan.view = std::move(view);
  plan.command = {.argv = {"true"}, .candidates = {"/usr/bin/true"}, .workdir = "/"};
  return plan;
}

Plan usual_plan() { return plan_of(usual_view(uid)); }

ViewEntry& at(Plan& plan, const std::string& target) {
  const auto found =
      std::find_if(plan.view.begin(), plan.view.end(), [&](const ViewEntry& entry) { return entry.target == target; });
  REQUIRE(found != plan.view.end());
  return *found;
}

/// Where the planner would put it: in the order of the tree.
void insert(Plan& plan, ViewEntry entry) {
  const auto place = std::find_if(plan.view.begin(), plan.view.end(),
                                  [&](const ViewEntry& other) { return other.target > entry.target; });
  plan.view.insert(place, std::move(entry));
}

bool as_guessed(ViewEntry&) { return true; }

SpecMemory compiled(const Plan& plan, const std::vector<ViewEntry>& likely = {}) {
  auto memory = SpecMemory::create();
  REQUIRE(memory.ok());
  write_prologue(
      uid, {}, as_guessed, [] {}, *memory);
  if (!likely.empty())
    write_prologue(
        uid, likely, as_guessed, [] {}, *memory);
  const StdioPlan stdio{};
  REQUIRE(compile_all(plan, stdio, *memory).ok());
  return std::move(memory).value();
}

bool fits(const Plan& plan, const std::vector<ViewEntry>& likely = {}) {
  return begins_with_prologue(compiled(plan, likely));
}

struct Cleared {
  std::string target;
  std::uint64_t attributes;
};

std::vector<Cleared> cleared_after_seal(const Plan& plan) {
  const SpecMemory memory = compiled(plan);
  std::vector<Cleared> cleared;
  bool sealed = false;
  for (const spec::Step& step : memory.steps(memory.header()->plan)) {
    sealed = sealed || (step.op == Op::set_attributes && step.at == 0);
    if (step.op != Op::clear_attributes) continue;
    CHECK(sealed);
    cleared.push_back({memory.text(step.text), step.arg});
  }
  return cleared;
}

}  // namespace

TEST_CASE("a plan begins with the prologue whatever else the view holds") {
  CHECK(fits(usual_plan()));
  Plan plan = usual_plan();
  insert(plan, {.target = "/usr", .what = Bind{.source = "/usr"}});
  insert(plan, {.target = "/bin", .what = Symlink{"usr/bin"}});
  insert(plan, {.target = "/etc/passwd", .what = File{.content = "x"}});
  insert(plan, {.target = "/tmp/scratch", .what = Tmpfs{.size = 1, .inodes = 1}});
  CHECK(fits(plan));
  plan.hostname.value = "other";
  CHECK(fits(plan));
}

TEST_CASE("the default profile's plan begins with the prologue") {
  Planning planning;
  const Plan plan = planning.plan();
  CHECK(plan.identity.inside_uid == uid);
  CHECK(fits(plan));
}

TEST_CASE("a child that has done anything else than the plan says is not used") {
  Plan plan = usual_plan();
  SECTION("another size") { std::get<Tmpfs>(at(plan, "/tmp").what).size = 1 << 20; }
  SECTION("another user's runtime directory") { plan.view = usual_view(uid + 1); }
  SECTION("a place that a profile has taken") { at(plan, "/run").usual = false; }
  SECTION("a mask less") {
    std::erase_if(plan.view, [](const ViewEntry& entry) { return entry.target == "/proc/keys"; });
  }
  SECTION("a mask more") {
    insert(plan, {.target = "/proc/zoneinfo", .what = Mask{}, .optional = true, .usual = true});
  }
  SECTION("a mask that must be there") { at(plan, "/proc/keys").optional = false; }
  SECTION("a mask of the other kind") { at(plan, "/proc/keys").what = Mask{.directory = true}; }
  SECTION("a knob left open") { at(plan, "/proc/sys").what = Mask{.directory = true}; }
  SECTION("sandboxes inside") { plan.namespaces.nested = true; }
  SECTION("a link elsewhere") { at(plan, "/dev/ptmx").what = Symlink{"/dev/pts/ptmx"}; }
  SECTION("another device") { at(plan, "/dev/null").what = Device{.source = "/dev/zero"}; }
  SECTION("a root of another size") { plan.root.tmpfs.size *= 2; }
  SECTION("a stand-in user") { plan.identity.kind = Identity::Kind::stand_in; }
  SECTION("a bind around a usual place") { insert(plan, {.target = "/var", .what = Bind{.source = "/var"}}); }
  SECTION("a directory of its own mode around a usual place") {
    insert(plan, {.target = "/var", .what = Directory{.mode = 0700}});
  }
  CHECK_FALSE(fits(plan));
}

namespace {

/// As the planner and likely_binds() write them, in the order of the tree.
std::vector<ViewEntry> listed_binds(const std::string& place, int count) {
  std::vector<ViewEntry> binds;
  for (int i = 100; i < 100 + count; ++i) {
    const std::string path = place + "/d" + std::to_string(i);
    binds.push_back({.target = path, .what = Bind{.source = path, .directory = true}, .ahead = true});
  }
  return binds;
}

Plan plan_with(const std::vector<ViewEntry>& binds) {
  Plan plan = usual_plan();
  insert(plan, {.target = "/usr", .what = Bind{.source = "/usr"}});
  for (const ViewEntry& bind : binds) insert(plan, bind);
  return plan;
}

}  // namespace

TEST_CASE("a long list of binds is set up before there is a plan") {
  const std::string place = GENERATE(as<std::string>(), "/srv/many", "/tmp/many");
  const auto binds = listed_binds(place, 300);
  const Plan plan = plan_with(binds);
  CHECK(fits(plan, binds));
  const SpecMemory memory = compiled(plan, binds);
  const auto done = memory.steps(memory.header()->prologue);
  CHECK(std::count_if(done.begin(), done.end(), [](const auto& step) { return step.op == Op::open_source; }) >= 300);
}

TEST_CASE("a child that has set up another list than the plan's is not used") {
  auto binds = listed_binds("/srv/many", 100);
  Plan plan = plan_with(binds);
  SECTION("one more") {
    insert(plan, listed_binds("/srv/more", 1).front()), binds.push_back(listed_binds("/srw", 1)[0]);
  }
  SECTION("one less") {
    std::erase_if(plan.view, [](const auto& entry) { return entry.target == "/srv/many/d150"; });
  }
  SECTION("from elsewhere") { std::get<Bind>(at(plan, "/srv/many/d150").what).source = "/srv/other"; }
  SECTION("a file") { std::get<Bind>(at(plan, "/srv/many/d150").what).directory = false; }
  SECTION("without programs") { std::get<Bind>(at(plan, "/srv/many/d150").what).exec = false; }
  SECTION("one that may be absent") { at(plan, "/srv/many/d150").optional = true; }
  SECTION("a bind around them") { insert(plan, {.target = "/srv", .what = Bind{.source = "/srv"}}); }
  SECTION("a directory of its own mode around them") {
    insert(plan, {.target = "/srv", .what = Directory{.mode = 0700}});
  }
  CHECK_FALSE(fits(plan, binds));
}

TEST_CASE("usual entries are first only where nothing of a profile lies around them") {
  Plan plan = usual_plan();
  insert(plan, {.target = "/var", .what = Directory{.mode = 0700}});
  const SpecMemory memory = compiled(plan);
  const auto steps = memory.steps(memory.header()->plan);
  const auto made = std::find_if(steps.begin(), steps.end(), [&](const spec::Step& step) {
    return step.op == Op::make_dir && std::string(memory.text(step.text)) == "var";
  });
  REQUIRE(made != steps.end());
  CHECK(made->arg == 0700);
}

TEST_CASE("what lies on the root before it is sealed gets back what it needs, and nothing more") {
  for (const auto& [target, attributes] : cleared_after_seal(usual_plan())) {
    INFO(target);
    if (target == "dev/pts") {
      CHECK(attributes == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV));
    } else if (target.starts_with("dev/") && target != "dev/shm" && target != "dev/mqueue") {
      CHECK(attributes == MOUNT_ATTR_NODEV);
    } else {
      CHECK(attributes == MOUNT_ATTR_RDONLY);
    }
  }
  CHECK(cleared_after_seal(usual_plan()).size() == 6 + 4 + 3);  // devices, tmpfs, /proc, devpts and mqueue
}
