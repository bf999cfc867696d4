#include "sessions/directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/catch.h"

namespace snug {
namespace {

/// An empty directory that goes away with its content.
struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / "snug-sessions-XXXXXX").string();
  Folder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
};

SessionRecord of_this_process(std::string id) {
  return {.id = std::move(id),
          .snug = identify_process(getpid()).value_or(ProcessIdentity{}),
          .init = {},
          .pid_namespace = own_pid_namespace(),
          .time_namespace = own_time_namespace(),
          .started = 5,
          .command = {"true"}};
}

TEST_CASE("the record of a process that lives is listed until it is removed") {
  const Folder folder;
  auto directory = SessionDirectory::make(folder.path + "/run/snug");
  REQUIRE(directory);
  REQUIRE(directory->write(of_this_process("00000001")));
  REQUIRE(directory->list().size() == 1);
  CHECK(directory->list()[0].id == "00000001");
  directory->remove("00000001");
  CHECK(directory->list().empty());
}

TEST_CASE("the record of another process under the same number is no record, and is removed") {
  const Folder folder;
  auto directory = SessionDirectory::make(folder.path);
  REQUIRE(directory);
  SessionRecord record = of_this_process("00000002");
  record.snug.start_time -= 1;
  REQUIRE(directory->write(record));
  CHECK(directory->list().empty());
  CHECK_FALSE(std::filesystem::exists(folder.path + "/00000002"));
}

TEST_CASE("a record of another namespace is left alone") {
  const Folder folder;
  auto directory = SessionDirectory::make(folder.path);
  REQUIRE(directory);
  SessionRecord record = of_this_process("00000003");
  SECTION("of numbers") { record.pid_namespace = 1; }
  SECTION("of times") { record.time_namespace = 1; }
  REQUIRE(directory->write(record));
  CHECK(directory->list().empty());
  CHECK(std::filesystem::exists(folder.path + "/00000003"));
}

TEST_CASE("what is no record of its name does not count") {
  const Folder folder;
  auto directory = SessionDirectory::make(folder.path);
  REQUIRE(directory);
  REQUIRE(directory->write(of_this_process("00000004")));
  std::filesystem::rename(folder.path + "/00000004", folder.path + "/00000005");
  std::filesystem::create_symlink("00000005", folder.path + "/00000006");
  std::filesystem::create_directory(folder.path + "/00000007");
  REQUIRE(mkfifo((folder.path + "/00000008").c_str(), 0600) == 0);
  CHECK(directory->list().empty());
}

TEST_CASE("a directory that others may write is not used") {
  const Folder folder;
  REQUIRE(chmod(folder.path.c_str(), 0777) == 0);
  CHECK_FALSE(SessionDirectory::make(folder.path));
  CHECK_FALSE(SessionDirectory::open(folder.path));
  CHECK(session_places(folder.path, "/state") == std::vector<std::string>{"/state/running"});
}

TEST_CASE("a symbolic link in place of the directory is not followed") {
  const Folder folder;
  std::filesystem::create_directory_symlink(folder.path, folder.path + "/link");
  CHECK_FALSE(SessionDirectory::make(folder.path + "/link"));
  CHECK_FALSE(SessionDirectory::open(folder.path + "/link"));
}

TEST_CASE("the runtime directory comes first, where there is one") {
  const Folder folder;
  CHECK(session_places(folder.path, "/state") == std::vector<std::string>{folder.path + "/snug", "/state/running"});
  CHECK(session_places("", "/state") == std::vector<std::string>{"/state/running"});
}

TEST_CASE("ids are made anew each time") {
  CHECK(new_session_id().size() == 8);
  CHECK(new_session_id() != new_session_id());
}

}  // namespace
}  // namespace snug
