#include "run/stdio.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/fd.h"
#include "support/catch.h"

using snug::Fd;
using snug::StdioMode;

namespace {

struct File {
  std::string path = "/tmp/snug-stdio-XXXXXX";
  File() { ::close(::mkstemp(path.data())); }
  ~File() { ::unlink(path.c_str()); }
  Fd open(int flags) const { return Fd(::open(path.c_str(), flags | O_CLOEXEC)); }
};

StdioMode mode(const Fd& fd) {
  const auto result = snug::stdio_mode(fd.get(), 1);
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_CASE("pipes, sockets and plain devices are handed over") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd reader(ends[0]), writer(ends[1]);
  CHECK(mode(reader) == StdioMode::pass);
  CHECK(mode(writer) == StdioMode::pass);
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd left(ends[0]), right(ends[1]);
  CHECK(mode(left) == StdioMode::pass);
  CHECK(mode(Fd(::open("/dev/null", O_RDWR | O_CLOEXEC))) == StdioMode::pass);
}

TEST_CASE("sockets that can be connected anew are handed over only to who has that network") {
  using snug::CommandNetwork;
  const auto make = [](int family, int type) { return Fd(::socket(family, type | SOCK_CLOEXEC, 0)); };
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd left(ends[0]), right(ends[1]);
  const Fd tcp = make(AF_INET, SOCK_STREAM), udp = make(AF_INET6, SOCK_DGRAM), alone = make(AF_UNIX, SOCK_STREAM);
  for (const Fd* fd : {&left, &tcp, &udp, &alone}) {
    if (fd->get() < 0) continue;  // a machine without IPv6
    CHECK_FALSE(snug::stdio_mode(fd->get(), 0));
    CHECK(*snug::stdio_mode(fd->get(), 0, CommandNetwork::hosts) == StdioMode::pass);
  }
  const Fd routes = make(AF_NETLINK, SOCK_RAW);
  CHECK_FALSE(snug::stdio_mode(routes.get(), 0, CommandNetwork::hosts));
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd near(ends[0]);
  Fd far(ends[1]);
  far.reset();
  CHECK(mode(near) == StdioMode::pass);  // to a peer that is gone leads no other way either
}

TEST_CASE("a terminal is replaced") {
  int master = -1, slave = -1;
  REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
  Fd outer(master);
  const Fd terminal(slave);
  CHECK(mode(terminal) == StdioMode::pty);
  outer.reset();
  const auto gone = snug::stdio_mode(terminal.get(), 0);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().why == "its terminal is gone");
}

TEST_CASE("a file that could be truncated through the descriptor is relayed") {
  const File file;
  CHECK(mode(file.open(O_WRONLY)) == StdioMode::relay);
  CHECK(mode(file.open(O_WRONLY | O_APPEND)) == StdioMode::relay);
  CHECK(mode(file.open(O_RDWR)) == StdioMode::relay);
  CHECK(mode(file.open(O_RDONLY)) == StdioMode::relay);
  REQUIRE(::chmod(file.path.c_str(), 0400) == 0);  // its owner could change that again
  CHECK(mode(file.open(O_RDONLY)) == StdioMode::relay);
}

TEST_CASE("a file the user cannot write is handed over") {
  if (::geteuid() == 0) {
    // Root can write every file but those of a read-only mount.
    CHECK(mode(Fd(::open("/etc/passwd", O_RDONLY | O_CLOEXEC))) == StdioMode::relay);
  } else {
    CHECK(mode(Fd(::open("/etc/passwd", O_RDONLY | O_CLOEXEC))) == StdioMode::pass);
  }
}

TEST_CASE("descriptors that lead out of the sandbox are refused by name") {
  const Fd held(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto refused = snug::stdio_mode(held.get(), 0);
  REQUIRE_FALSE(refused);
  CHECK(snug::to_text(refused.error()) ==
        "cannot give the command its standard input (descriptor 0): it is a directory, and a command can walk from "
        "one to every file you can reach\n"
        "  fix: redirect from a file, a pipe or /dev/null instead");
  const Fd path(::open("/etc/passwd", O_PATH | O_CLOEXEC));
  CHECK_FALSE(snug::stdio_mode(path.get(), 2));
  const Fd poller(::epoll_create1(EPOLL_CLOEXEC));
  CHECK_FALSE(snug::stdio_mode(poller.get(), 2));
}

TEST_CASE("a closed descriptor stays closed") {
  const auto result = snug::stdio_mode(987, 0);
  REQUIRE(result);
  CHECK(*result == StdioMode::closed);
}

TEST_CASE("a place held for a closed descriptor is a closed descriptor") {
  const int before = ::fcntl(0, F_GETFD);
  if (before < 0) REQUIRE(::open("/dev/null", O_RDWR) == 0);
  REQUIRE(::fcntl(0, F_SETFD, FD_CLOEXEC) == 0);
  const auto result = snug::stdio_mode(0, 0);
  REQUIRE(::fcntl(0, F_SETFD, std::max(before, 0)) == 0);
  REQUIRE(result);
  CHECK(*result == StdioMode::closed);
}

TEST_CASE("standard output and error that are one open file share a relay") {
  const File file, other;
  const Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd log = file.open(O_WRONLY), again = file.open(O_WRONLY | O_APPEND), elsewhere = other.open(O_WRONLY);
  const Fd same(::fcntl(log.get(), F_DUPFD_CLOEXEC, 0));
  const auto shared = snug::plan_stdio(snug::CommandNetwork::own, {input.get(), log.get(), same.get()});
  REQUIRE(shared);
  CHECK(*shared == snug::StdioPlan{StdioMode::pass, StdioMode::relay, StdioMode::as_stdout});
  for (const int fd : {again.get(), elsewhere.get()}) {
    const auto apart = snug::plan_stdio(snug::CommandNetwork::own, {input.get(), log.get(), fd});
    REQUIRE(apart);
    CHECK((*apart)[2] == StdioMode::relay);
  }
}
