#include "sessions/kept.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "sessions/directory.h"
#include "support/catch.h"

namespace snug {
namespace {

struct StateFolder {
  std::string path = (std::filesystem::temp_directory_path() / "snug-kept-XXXXXX").string();
  StateFolder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~StateFolder() { std::filesystem::remove_all(path); }
};

SessionRecord record_of(std::string id, std::int64_t started = 5) {
  return {.id = std::move(id), .snug = {}, .init = {}, .pid_namespace = 1, .started = started, .command = {"true"}};
}

KeptPlace keep(const std::string& place, const SessionRecord& record) {
  auto kept = keep_run(place, record);
  REQUIRE(kept);
  return std::move(kept).value();
}

TEST_CASE("the end of a run as text") {
  const RunEnd end{.status = 137, .signal = 9, .timed_out = true, .when = 1'795'352'182};
  CHECK(end_from_text(to_text(end)) == end);
  for (const char* text : {"", "\n\n\n", "3", "3 0 0 5", "3 0 0 5 en", "x 0 0 5 end", "3 0 2 5 end"}) {
    CHECK_FALSE(end_from_text(text));
  }
}

TEST_CASE("a run is known while it lasts, and how it ended afterwards") {
  const StateFolder state;
  const std::string place = place_of_kept(state.path);
  CHECK(kept_runs(place).empty());
  {
    const KeptPlace kept = keep(place, record_of("00000001"));
    REQUIRE(kept_runs(place).size() == 1);
    CHECK(kept_runs(place)[0].runs);
    CHECK_FALSE(kept_runs(place)[0].end);
    CHECK_FALSE(remove_kept(kept_runs(place)[0]));
    REQUIRE(keep_end(kept, {.status = 3, .when = 77}));
  }
  const KeptRun over = kept_runs(place).at(0);
  CHECK_FALSE(over.runs);
  CHECK(over.end == RunEnd{.status = 3, .when = 77});
  CHECK(remove_kept(over));
  CHECK(kept_runs(place).empty());
}

TEST_CASE("what a run left that was killed before it was known goes with the old ones") {
  const StateFolder state;
  const std::string place = place_of_kept(state.path);
  const KeptPlace running = keep(place, record_of("00000001"));
  for (const char* name : {"/00000002", "/00000003", "/00000004"}) std::filesystem::create_directory(place + name);
  for (const char* name : {"/00000002", "/00000003", "/00000004"}) chmod((place + name).c_str(), 0700);
  std::ofstream(place + "/00000003/record").flush();
  std::ofstream(place + "/00000004/record") << "of a later version";
  const std::int64_t now = std::time(nullptr);
  CHECK(never_begun(place, now).empty());  // they may be about to begin
  CHECK(never_begun(place, now + 120).size() == 2);
  drop_old_runs(place, now + 120);
  CHECK_FALSE(std::filesystem::exists(place + "/00000002"));
  CHECK_FALSE(std::filesystem::exists(place + "/00000003"));
  CHECK(std::filesystem::exists(place + "/00000004"));
  CHECK(kept_runs(place).size() == 1);
}

TEST_CASE("whoever looks at a run that is over at the same time takes it for none that runs") {
  const StateFolder state;
  const std::string place = place_of_kept(state.path);
  keep(place, record_of("00000001"));
  const Fd looking(open((place + "/00000001/lock").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(flock(looking.get(), LOCK_SH) == 0);
  CHECK_FALSE(kept_runs(place).at(0).runs);
}

TEST_CASE("of a run that was killed no end is known") {
  const StateFolder state;
  const std::string place = place_of_kept(state.path);
  keep(place, record_of("00000001"));
  REQUIRE(kept_runs(place).size() == 1);
  CHECK_FALSE(kept_runs(place)[0].runs);
  CHECK_FALSE(kept_runs(place)[0].end);
}

TEST_CASE("nobody else can look at what is kept") {
  const StateFolder state;
  const std::string place = place_of_kept(state.path);
  umask(0);
  keep(place, record_of("00000001"));
  struct stat status {};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(place)) {
    REQUIRE(lstat(entry.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 077) == 0);
  }
}

TEST_CASE("old runs go, and the oldest of too many; one that lasts stays") {
  const StateFolder state;
  const std::string place = place_of_kept(state.path);
  constexpr std::int64_t kNow = 2'000'000'000;
  const KeptPlace lasting = keep(place, record_of("10000000", 1));
  for (int i = 0; i < 30; ++i) {
    const KeptPlace kept = keep(place, record_of("000000" + std::to_string(10 + i), i));
    REQUIRE(keep_end(kept, {.when = kNow - (i < 5 ? kKeptSeconds + 1 : 100 - i)}));
  }
  drop_old_runs(place, kNow);
  const std::vector<KeptRun> left = kept_runs(place);
  CHECK(left.size() == kMostKept + 1);
  CHECK(left.front().record.id == "10000000");
  CHECK(left.at(1).record.id == "00000039");
}

TEST_CASE("what is no run of that name does not count") {
  const StateFolder state;
  const std::string place = place_of_kept(state.path);
  keep(place, record_of("00000001"));
  std::filesystem::rename(place + "/00000001", place + "/00000002");
  std::filesystem::create_directory(place + "/00000003");
  std::filesystem::create_symlink("00000002", place + "/00000004");
  std::ofstream(place + "/00000005") << "x";
  CHECK(kept_runs(place).empty());
}

}  // namespace
}  // namespace snug
