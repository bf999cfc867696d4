// What is told of limits that were reached, from what a control group's files say.
#include "run/limit_watch.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "support/catch.h"

using namespace snug;

namespace {

struct Group {
  std::string directory;
  Group() {
    std::string name = std::filesystem::temp_directory_path() / "snug-limits-XXXXXX";
    directory = mkdtemp(name.data());
    put("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
    put("pids.events", "max 0\n");
  }
  ~Group() { std::filesystem::remove_all(directory); }
  void put(const char* file, const char* text) const { std::ofstream(directory + "/" + file) << text; }
};

LimitsPlan limits(bool by_group) {
  const Origin origin{.kind = OriginKind::file, .source = "snug.toml", .line = 12, .column = 1, .key = "limits.memory"};
  LimitsPlan plan;
  plan.memory = {.limit = {std::uint64_t{4} << 30, origin}, .by_group = by_group, .full = by_group};
  plan.processes = {.limit = {512, origin}, .by_group = by_group};
  if (by_group) plan.group = ControlGroups{.from = ControlGroups::From::systemd};
  return plan;
}

}  // namespace

TEST_CASE("numbers of a group's files") {
  CHECK(number_of("max 3\noom 2\noom_kill 1\n", "oom_kill") == 1);
  CHECK(number_of("max 3\n", "oom_kill") == 0);
  CHECK(number_of("", "max") == 0);
  CHECK(number_of("max x\nmax 4\n", "max") == 0);
}

TEST_CASE("each limit is told once, with its line and what to write for more") {
  const Group group;
  LimitWatch watch(limits(true), group.directory, 1);
  CHECK(watch.take().empty());
  CHECK_FALSE(watch.killed_for_memory());
  CHECK_FALSE(watch.pause());
  group.put("memory.events", "low 0\nmax 9\noom 1\noom_kill 1\n");
  group.put("pids.events", "max 5\n");
  CHECK(watch.take() ==
        std::vector<std::string>{
            "memory limit 4G, snug.toml:12 (limits.memory), reached: the kernel has killed a process; to allow more: "
            "--memory 8G",
            "processes limit 512, snug.toml:12 (limits.memory), reached: no more can be started; to allow more: "
            "--processes 1024"});
  CHECK(watch.take().empty());
  CHECK(watch.killed_for_memory());
  CHECK(watch.death_text() == "killed: memory limit 4G, snug.toml:12 (limits.memory); to allow more: --memory 8G");
}

TEST_CASE("a group that is gone takes back nothing that was seen") {
  const Group group;
  LimitWatch watch(limits(true), group.directory, 1);
  group.put("memory.events", "oom_kill 2\n");
  watch.take();
  group.put("memory.events", "");
  watch.take();
  CHECK(watch.killed_for_memory());
}

TEST_CASE("without a group processes are counted, and a peak near the limit is a hint") {
  LimitWatch watch(limits(false), "", 1);
  CHECK(watch.fd() == -1);
  REQUIRE(watch.pause());
  watch.look();
  CHECK(watch.take().empty());
  CHECK_FALSE(watch.hint());
  watch.look_at_end(std::uint64_t{1} << 30, 510);
  CHECK_FALSE(watch.hint());
  CHECK(watch.take().empty());
  watch.look_at_end(std::uint64_t{7} << 29, 511);
  REQUIRE(watch.hint());
  CHECK(watch.hint()->find("a process had 3584M and may have been refused more") != std::string::npos);
  REQUIRE(watch.take().size() == 1);
  CHECK(watch.take().empty());
}

TEST_CASE("what a group holds it tells itself") {
  const Group group;
  LimitWatch watch(limits(true), group.directory, 1);
  watch.look_at_end(std::uint64_t{7} << 29, 600);
  CHECK_FALSE(watch.hint());
  CHECK(watch.take().empty());
}
