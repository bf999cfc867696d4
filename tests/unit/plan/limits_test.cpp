// What bounds a run as a whole: a control group where the host has one to give, else what each process can be held to.
#include "support/planning.h"

using namespace snug;

namespace {

const char* kThree = "[limits]\nmemory = \"1G\"\nprocesses = 64\ncpus = 1.5\n";

ControlGroups systemd_groups() {
  return {.from = ControlGroups::From::systemd, .memory = true, .processes = true, .cpus = true};
}

const RlimitPlan* rlimit_named(const Plan& plan, const std::string& name) {
  const auto found = std::ranges::find(plan.rlimits, name, &RlimitPlan::name);
  return found == plan.rlimits.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("a control group holds what it can, and no process is bounded besides") {
  Planning planning;
  planning.toml = kThree;
  planning.facts.control_groups = systemd_groups();
  const Plan plan = planning.plan();
  REQUIRE(plan.limits.group);
  CHECK(plan.limits.memory->by_group);
  CHECK(plan.limits.processes->by_group);
  CHECK(plan.limits.cpus->by_group);
  CHECK_FALSE(rlimit_named(plan, "data"));
  CHECK_FALSE(rlimit_named(plan, "nproc"));
  CHECK(plan_to_text(plan, Colour::never).find("memory 1G: all together, by a cgroup that the user's systemd makes") !=
        std::string::npos);
}

TEST_CASE("without a group the plan says which weaker bounds there are, and why") {
  Planning planning;
  planning.toml = kThree;
  planning.facts.control_groups.why = "no cgroup v2 is mounted";
  const Plan plan = planning.plan();
  CHECK_FALSE(plan.limits.group);
  REQUIRE(rlimit_named(plan, "data"));
  CHECK(rlimit_named(plan, "data")->hard == 1 << 30);
  CHECK(rlimit_named(plan, "data")->at_most);
  CHECK(rlimit_named(plan, "nproc")->hard == 65);  // the sandbox's first process counts
  CHECK_FALSE(rlimit_named(plan, "as"));
  CHECK(has_note(plan,
                 "limits.memory = 1G bounds the memory of each process, not of all together; no cgroup can hold "
                 "it here: no cgroup v2 is mounted"));
  CHECK(has_note(plan, "limits.cpus lets the command run on 2 processors"));
  const std::string text = plan_to_text(plan, Colour::never);
  CHECK(text.find("memory 1G: each process by itself (RLIMIT_DATA)") != std::string::npos);
  CHECK(text.find("processes 64: all together (RLIMIT_NPROC)") != std::string::npos);
  CHECK(text.find("cpus 1.5: starts on 2 processors") != std::string::npos);
}

TEST_CASE("each limit is held by the group only if the group has its controller") {
  Planning planning;
  planning.toml = kThree;
  planning.facts.control_groups = systemd_groups();
  planning.facts.control_groups.cpus = false;
  planning.facts.control_groups.why = "the user's systemd may not divide cpu";
  const Plan plan = planning.plan();
  CHECK(plan.limits.memory->by_group);
  CHECK_FALSE(plan.limits.cpus->by_group);
  CHECK(has_note(plan, "the user's systemd may not divide cpu"));
}

TEST_CASE("a lower bound of the profile's own stays") {
  Planning planning;
  planning.toml = "[limits]\nmemory = \"1G\"\nprocesses = 64\nrlimit = { data = \"1M\", nproc = 1000 }\n";
  const Plan plan = planning.plan();
  CHECK(rlimit_named(plan, "data")->hard == 1 << 20);
  CHECK(rlimit_named(plan, "nproc")->hard == 65);
}

TEST_CASE("a promised limit is never replaced by a weaker bound") {
  Planning planning;
  const std::string limits = kThree;
  planning.toml = "require = [\"limits.memory\"]\n" + limits;
  CHECK(planning.errors().find("cannot promise limits.memory for all processes together") != std::string::npos);
  planning.toml = "require = [\"limits.cpus\"]\n" + limits;
  CHECK(planning.errors().find("cannot promise limits.cpus") != std::string::npos);
  planning.toml = "require = [\"limits.processes\"]\n" + limits;
  CHECK(planning.errors().empty());  // RLIMIT_NPROC counts the sandbox by itself
  planning.toml = "require = [\"limits.memory\", \"limits.processes\", \"limits.cpus\"]\n" + limits;
  planning.facts.control_groups = systemd_groups();
  CHECK(planning.errors().empty());
}

TEST_CASE("limits.disk is promised only where everything written counts") {
  Planning planning;
  planning.toml = "require = [\"limits.disk\"]\nlimits.disk = \"1G\"\n";
  CHECK(planning.errors().find("cannot promise limits.disk") != std::string::npos);
  planning.toml += "[filesystem]\nproject = \"overlay\"\nhome = \"tmpfs\"\n";
  CHECK(planning.errors().empty());
}

TEST_CASE("every tmpfs holds half of the memory at most") {
  Planning planning;
  planning.toml = "[limits]\nmemory = \"64M\"\n";
  const Plan plan = planning.plan();
  CHECK(what_at<Tmpfs>(plan, "/tmp")->size == 32 << 20);
  CHECK(what_at<Tmpfs>(plan, "/dev/shm")->size == 32 << 20);
  CHECK_FALSE(entry_at(plan, "/tmp")->usual);
}

TEST_CASE("a plan without limits says nothing of them") {
  Planning planning;
  const Plan plan = planning.plan();
  CHECK_FALSE(plan.limits.any());
  CHECK(plan_to_json(plan).find("\"limits\"") == std::string::npos);
}

TEST_CASE("the processes of the host's root cannot be counted") {
  Planning planning;
  planning.caller().uid = planning.caller().gid = 0;
  planning.caller().sudo_uid = 1000;
  planning.toml = "user = \"host-root\"\n[limits]\nprocesses = 64\n";
  CHECK(planning.errors().find("cannot bound the number of processes of the host's root") != std::string::npos);
}

TEST_CASE("a limit that only the machine's root could raise is refused with its line") {
  Planning planning;
  planning.toml = "[limits]\nrlimit = { nofile = 99999999, nice = 5, fsize = \"1G\" }\n";
  planning.facts.hard_limits = {{"nofile", 524288}, {"nice", 0}, {"fsize", UINT64_MAX}};
  const std::string errors = planning.errors();
  CHECK(errors.find("cannot raise limits.rlimit.nofile: here it is 524288 at most") != std::string::npos);
  CHECK(errors.find("needed by: /home/ann/web/snug.toml:3") != std::string::npos);
  CHECK(errors.find("fix: write 524288 or less") != std::string::npos);
  CHECK(errors.find("cannot raise limits.rlimit.nice") != std::string::npos);
  CHECK(errors.find("fsize") == std::string::npos);
}

TEST_CASE("a limit that leaves a sandbox no room is refused with its line") {
  for (const char* text : {"rlimit.nofile = 23", "rlimit.nproc = 1", "memory = \"8K\"", "disk = \"1K\""}) {
    Planning planning;
    planning.toml = "[limits]\n" + std::string(text) + "\n";
    const std::string errors = planning.errors();
    CHECK(errors.find("limits." + std::string(text).substr(0, 4)) != std::string::npos);
    CHECK(errors.find("is too little for a sandbox") != std::string::npos);
    CHECK(errors.find("snug.toml:3") != std::string::npos);
    CHECK(errors.find("or more") != std::string::npos);
  }
  Planning planning;
  planning.toml = "[limits]\nrlimit = { nofile = 24, nproc = 2 }\nmemory = \"64K\"\ndisk = \"64K\"\n";
  CHECK(planning.errors().empty());
}

TEST_CASE("a limit that nothing sets cannot be promised") {
  for (const char* name : {"memory", "processes", "cpus", "disk", "timeout"}) {
    Planning planning;
    planning.toml = "require = [\"limits." + std::string(name) + "\"]\n";
    const std::string errors = planning.errors();
    CHECK(errors.find("cannot promise limits." + std::string(name) + ": nothing sets that limit") != std::string::npos);
    CHECK(errors.find("snug.toml:2") != std::string::npos);
  }
}

TEST_CASE("a bound that limits.disk brings gives way to a lower one outside") {
  Planning planning;
  planning.toml = "[limits]\ndisk = \"1G\"\n";
  CHECK(rlimit_named(planning.plan(), "fsize")->at_most);
}

TEST_CASE("a clock cannot be put back to before its start") {
  using namespace std::chrono_literals;
  Planning planning;
  planning.toml = "[namespaces]\ntime = { monotonic = \"-3d\", boottime = \"-1h\" }\n";
  planning.facts.clocks = Clocks{.monotonic = 16h + 90s, .boottime = 16h};
  const std::string errors = planning.errors();
  CHECK(errors.find("cannot put the clock \"monotonic\" back by 3d") != std::string::npos);
  CHECK(errors.find("has come to 961m only") != std::string::npos);
  CHECK(errors.find("snug.toml:3") != std::string::npos);
  CHECK(errors.find("boottime") == std::string::npos);
  planning.facts.clocks->monotonic = 72h;
  CHECK(planning.errors().empty());
}
