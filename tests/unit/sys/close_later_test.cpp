#include "sys/close_later.h"

#include <fcntl.h>
#include <poll.h>

#include "support/catch.h"

TEST_CASE("what is closed later is closed soon, and nothing else is") {
  int ends[2], kept[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  REQUIRE(pipe2(kept, O_CLOEXEC) == 0);
  const snug::Fd read_end(ends[0]), other_read_end(kept[0]), other_write_end(kept[1]);
  std::vector<snug::Fd> fds;
  fds.emplace_back(ends[1]);
  snug::close_later(std::move(fds));
  CHECK(fcntl(ends[1], F_GETFD) == -1);
  pollfd closed{read_end.get(), POLLIN, 0}, open{other_read_end.get(), POLLIN, 0};
  CHECK(poll(&closed, 1, 20000) == 1);
  CHECK((closed.revents & POLLHUP) != 0);
  CHECK(poll(&open, 1, 0) == 0);
}

TEST_CASE("there may be nothing to close later") { snug::close_later({}); }
