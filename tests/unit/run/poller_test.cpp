#include "run/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "support/catch.h"

using namespace snug;

TEST_CASE("a descriptor is hung up only once there is nothing left to read") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  Fd reading(ends[0]), writing(ends[1]);
  auto poller = Poller::make();
  REQUIRE(poller);
  poller->want(0, reading.get(), EPOLLIN);
  poller->wait(0);
  CHECK_FALSE(poller->readable(0));
  CHECK_FALSE(poller->hung_up(0));

  REQUIRE(write(writing.get(), "x", 1) == 1);
  writing.reset();
  poller->wait(-1);
  CHECK(poller->readable(0));
  CHECK_FALSE(poller->hung_up(0));

  char byte;
  REQUIRE(read(reading.get(), &byte, 1) == 1);
  poller->wait(-1);
  CHECK(poller->readable(0));
  CHECK(poller->hung_up(0));
}
