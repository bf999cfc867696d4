// The planner's questions: what is asked of the host, how often, and where paths lead.
#include "plan/host_files.h"

#include "plan/words.h"
#include "support/catch.h"
#include "support/fake_host.h"
#include "support/planning.h"

using namespace snug;

namespace {

constexpr const char* tree = R"(
f /a/b/one
f /a/b/two mode=0600
l /a/b/link -> /c
l /a/way -> b
f /c/deep
)";

}  // namespace

TEST_CASE("a neighbour of what was resolved last takes one question") {
  FakeHost host(tree);
  HostFiles files(host);
  CHECK(files.resolve("/a/b/one").path == "/a/b/one");
  CHECK(host.questions == 3);
  const Resolved two = files.resolve("/a/b/two");
  CHECK(two.path == "/a/b/two");
  CHECK(two.status.mode == 0600);
  CHECK(two.links.empty());
  CHECK(host.questions == 4);
}

TEST_CASE("neighbours that are links, missing or no names are walked as ever") {
  FakeHost host(tree);
  HostFiles files(host);
  files.resolve("/a/b/one");
  const Resolved link = files.resolve("/a/b/link");
  CHECK(link.path == "/c");
  REQUIRE(link.links.size() == 1);
  CHECK(link.links[0].at == "/a/b/link");
  files.resolve("/a/b/one");
  CHECK_FALSE(files.resolve("/a/b/absent").exists());
  CHECK(files.resolve("/a/b/absent").path == "/a/b/absent");
  CHECK(files.resolve("/a/b/..").path == "/a");
  CHECK(files.resolve("/a/b/.").path == "/a/b");
  CHECK(files.resolve("/a/b/").path == "/a/b");
}

TEST_CASE("a path that led through a link says nothing about its neighbours") {
  FakeHost host(tree);
  HostFiles files(host);
  CHECK(files.resolve("/a/way/one").path == "/a/b/one");
  const Resolved two = files.resolve("/a/way/two");
  CHECK(two.path == "/a/b/two");
  CHECK(two.links.size() == 1);
}

TEST_CASE("answers are kept once each, in the order asked, and can be worded") {
  FakeHost host(tree);
  HostFiles files(host);
  files.status("/a/b/two");
  files.status("/a/b/two");
  files.read_link("/a/way");
  files.list("/a/b");
  files.read_small("/nowhere", 10);
  const auto answers = files.take_answers();
  REQUIRE(answers.size() == 4);
  CHECK(question_words(answers[0]) == "status /a/b/two");
  CHECK(answer_words(answers[0]) == "file 0600 uid 0 gid 0");
  CHECK(question_words(answers[1]) == "readlink /a/way");
  CHECK(answer_words(answers[1]) == "b");
  CHECK(question_words(answers[2]) == "list /a/b");
  CHECK(answer_words(answers[2]) == "3 entries");
  CHECK(question_words(answers[3]) == "read /nowhere");
  CHECK(answer_words(answers[3]) == "nothing");
  files.status("/a/b/two");
  CHECK(files.take_answers().size() == 1);
}

TEST_CASE("no plan rests on a host that could not be looked at") {
  Planning planning;
  REQUIRE(planning.outcome().errors.empty());
  planning.host.short_of = Error{.what = "cannot look at /home/ann/web/.env", .code = 24};
  CHECK(planning.errors() ==
        "cannot look at /home/ann/web/.env: Too many open files\n"
        "  fix: raise the limit of open files: ulimit -n 1024\n");
}
