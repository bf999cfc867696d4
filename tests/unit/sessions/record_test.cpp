#include "sessions/record.h"

#include <unistd.h>

#include "support/catch.h"

namespace snug {
namespace {

SessionRecord example() {
  return {.id = "0badcafe",
          .name = "web",
          .snug = {4711, 123456789},
          .init = {4713, 123456791},
          .pid_namespace = 4026531836,
          .time_namespace = 4026531834,
          .started = 1700000000,
          .profile = "default",
          .project = "/home/u/a project\nwith lines",
          .network = "none",
          .detached = true,
          .command = {"sh", "-c", "", "echo a\nid 00000000"}};
}

TEST_CASE("a record comes back as it was written") {
  const SessionRecord written = example();
  const auto record = session_from_text(to_text(written));
  REQUIRE(record);
  CHECK(record->id == written.id);
  CHECK(record->name == written.name);
  CHECK(record->snug == written.snug);
  CHECK(record->init == written.init);
  CHECK(record->pid_namespace == written.pid_namespace);
  CHECK(record->time_namespace == written.time_namespace);
  CHECK(record->started == written.started);
  CHECK(record->profile == written.profile);
  CHECK(record->project == written.project);
  CHECK(record->network == written.network);
  CHECK(record->detached);
  CHECK(record->command == written.command);
}

TEST_CASE("a record that is cut off anywhere is none") {
  const std::string text = to_text(example());
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(session_from_text(text.substr(0, size)));
}

TEST_CASE("a text that is no record of a running sandbox is none") {
  CHECK_FALSE(session_from_text(""));
  CHECK_FALSE(session_from_text("snug session 2"));
  std::string text = to_text(example());
  text.replace(text.find("4711"), 4, "47x1");
  CHECK_FALSE(session_from_text(text));
}

TEST_CASE("a process is known by its number and its start") {
  const auto self = identify_process(getpid());
  REQUIRE(self);
  CHECK(self->pid == getpid());
  CHECK(self->start_time > 0);
  CHECK(identify_process(getpid()) == self);
}

TEST_CASE("a process may have any name") {
  const std::string rest = " S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99 1000 10";
  CHECK(identity_from_stat("7 (sh)" + rest) == ProcessIdentity{7, 99});
  CHECK(identity_from_stat("7 (a) Z 1 (b)" + rest) == ProcessIdentity{7, 99});
  CHECK(identity_from_stat("7 ()))" + rest) == ProcessIdentity{7, 99});
}

TEST_CASE("a process that has ended is none, and so is a text that is cut off") {
  CHECK_FALSE(identity_from_stat("7 (sh) Z 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99 1000 10"));
  CHECK_FALSE(identity_from_stat("7 (sh) S 1 1 1 0"));
  CHECK_FALSE(identity_from_stat("7 (sh"));
  CHECK_FALSE(identity_from_stat(""));
}

TEST_CASE("names are words that need no quoting") {
  CHECK(is_session_name("web"));
  CHECK(is_session_name("2nd_try.of-mine"));
  CHECK(is_session_name(std::string(63, 'a')));
  for (const char* word : {"", "-web", ".web", "a b", "a/b", "a:b", "\xc3\xa4"}) CHECK_FALSE(is_session_name(word));
  CHECK_FALSE(is_session_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace snug
