// What whoever asks for another command makes of the leader's reports, and of their end.
#include "launch/enter.h"

#include <sys/socket.h>

#include "launch/protocol.h"
#include "support/catch.h"

using namespace snug;
using protocol::Report;

namespace {

/// The leader sends these, and is gone.
LaunchOutcome after(const std::vector<Report>& reports) {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  Fd ours(ends[0]);
  {
    const Fd leader(ends[1]);
    for (const Report& report : reports) REQUIRE(send(leader.get(), &report, sizeof report, 0) == sizeof report);
  }
  return wait_until_entered(std::move(ours), {"ls"}, "/nowhere", {.kind = OriginKind::option, .source = "--workdir"});
}

}  // namespace

TEST_CASE("a command that was let in and ended with its sandbox was killed") {
  const LaunchOutcome outcome = after({{Report::entering, 0, 0}});
  REQUIRE(outcome.error);
  CHECK(outcome.error->exit_status == 137);
  CHECK(outcome.error->error.what == "the sandbox ended, and the command with it");
}

TEST_CASE("of a command that nobody let in nothing ran") {
  const LaunchOutcome outcome = after({});
  REQUIRE(outcome.error);
  CHECK(outcome.error->exit_status == 125);
}

TEST_CASE("a command that entered is there, and one that could not says who wanted what") {
  CHECK(after({{Report::entering, 0, 0}, {Report::started, 3, 0}}).sandbox);
  const LaunchOutcome lost = after({{Report::entering, 0, 0}, {Report::exec_failed, 1, ENOENT}});
  REQUIRE(lost.error);
  CHECK(lost.error->exit_status == 125);
  CHECK(lost.error->error.needed_by == "option --workdir");
}
