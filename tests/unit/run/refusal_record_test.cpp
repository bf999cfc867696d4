#include "run/refusal_record.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "support/catch.h"

using namespace snug;

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/snug-record-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

RefusalRecord sample() {
  RefusalRecord record{.when = 1795331091, .command = {"sh", "-c", "a\nb \xff"}, .timeout = "timed out after 30m"};
  record.calls = {{"unshare", 3}, {"bpf", 1}};
  record.add({.host = "x.test", .port = 443, .when = 1795331092, .reason = "a \"reason\"", .rule = "x.test"});
  record.add({.host = "::1", .when = 1795331093});
  record.add(Watch{.loss = Watch::Loss::writable, .path = "/p/.git/\"config\""});
  record.add(GitReport{.found = {{.path = "/p/sub", .kind = GitFinding::Kind::entered}}});
  return record;
}

}  // namespace

TEST_CASE("a record of refusals comes back as it was") {
  const RefusalRecord record = sample();
  const auto back = record_from_toml(to_toml(record));
  REQUIRE(back);
  CHECK(back->when == record.when);
  CHECK(back->command == record.command);
  CHECK(back->timeout == record.timeout);
  CHECK(back->hosts == record.hosts);
  CHECK(back->came_loose == record.came_loose);
  CHECK(back->git == record.git);
  REQUIRE(back->calls.size() == 2);
  CHECK(back->calls[0].name == "unshare");
  CHECK(back->calls[0].count == 3);
}

TEST_CASE("what the sandboxed side names is bounded, and each thing is kept once") {
  RefusalRecord record;
  record.command.assign(1000, std::string(100000, 'x'));
  for (int i = 0; i < 1000; ++i) {
    const std::string path = std::string(10000, 'y') + std::to_string(i % 500);
    record.add(GitReport{.found = {{.path = std::to_string(i % 500) + path}}});
  }
  for (int i = 0; i < 64; ++i) CHECK(record.add({.host = std::to_string(i), .reason = std::string(100000, 'z')}));
  CHECK_FALSE(record.add({.host = "one more"}));
  CHECK(record.git.size() == 64);
  CHECK(to_toml(record).size() < (1 << 20));
  CHECK(record_from_toml(to_toml(record)));
  RefusalRecord twice;
  for (int i = 0; i < 2; ++i) twice.add(Watch{.path = "/p/.env"});
  CHECK(twice.came_loose.size() == 1);
}

TEST_CASE("what is no record is none") {
  for (const char* text : {"", "version = 2", "version = ", "version = \"1\"", "\xff"})
    CHECK_FALSE(record_from_toml(text));
  CHECK(record_from_toml("version = 1\ncall = 3\ngit = [1, \"x\"]\nhost = [{port = 99999}]\ncommand = [1]"));
}

TEST_CASE("the file of a project is written, replaced and removed") {
  const Folder folder;
  const RefusalFile file(folder.path + "/state", "web-1.toml");
  CHECK_FALSE(file.read());
  REQUIRE(file.write(RefusalRecord{}));  // nothing to remove
  REQUIRE(file.write(sample()));
  CHECK(file.read()->calls.size() == 2);
  RefusalRecord other = sample();
  other.set({{"keyctl", 7}});
  REQUIRE(file.write(other));
  CHECK(file.read()->calls.at(0).name == "keyctl");
  REQUIRE(file.write(RefusalRecord{}));
  CHECK_FALSE(file.read());
  CHECK(std::filesystem::is_empty(folder.path + "/state/refused"));
}
