#include "sessions/processes.h"

#include <unistd.h>

#include <algorithm>

#include "support/catch.h"

namespace snug {
namespace {

TEST_CASE("TCP sockets are read from the kernel's tables") {
  Sockets sockets;
  add_tcp_sockets(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1\n"
      "   1: 0100007F:1F90 0100007F:A112 01 00000000:00000000 00:00000000 00000000  1000        0 2 1\n"
      "   2: 0100007F:1F91 0100007F:A113 06 00000000:00000000 00:00000000 00000000  1000        0 3 1\n",
      sockets);
  add_tcp_sockets("head\n 0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0\n",
                  sockets);
  CHECK(sockets.listening == std::vector<std::string>{"127.0.0.1:8080", "[::1]:80"});
  CHECK(sockets.connections == std::vector<std::string>{"127.0.0.1:8080 127.0.0.1:41234"});
}

TEST_CASE("UDP sockets that anybody may send to are read from the kernel's tables") {
  Sockets sockets;
  add_udp_sockets(
      "  sl  local_address rem_address   st\n"
      "  9: 0100007F:1F90 00000000:0000 07 00000000:00000000\n"
      "  9: 0100007F:1F91 0100007F:A112 01 00000000:00000000\n",
      sockets);
  CHECK(sockets.listening_udp == std::vector<std::string>{"127.0.0.1:8080"});
  CHECK(sockets.connections.empty());
}

TEST_CASE("a table of sockets that is none holds none") {
  Sockets sockets;
  for (const char* text :
       {"", "\n\n", "h\n 0: x:y z:w 0A\n", "h\n 0: 0100007F:1F9G 0100007F:1 0A\n", "h\n 0: 0100007F 1 0A"}) {
    add_tcp_sockets(text, sockets);
  }
  CHECK(sockets.listening.empty());
  CHECK(sockets.connections.empty());
}

TEST_CASE("a process is found below its parent, with what it is") {
  const auto parent = identify_process(getppid());
  REQUIRE(parent);
  const auto below = ProcessTable::read().below(*parent);
  CHECK(std::find(below.begin(), below.end(), getpid()) != below.end());
  const Process self = look_at(getpid());
  CHECK(self.parent == getppid());
  CHECK(self.inside_pid == getpid());
  CHECK(self.memory > 0);
  CHECK_FALSE(self.command.empty());
  CHECK(namespaces_of(getpid()).contains("user"));
  CHECK(ProcessTable::read().below({parent->pid, parent->start_time + 1}).empty());
}

}  // namespace
}  // namespace snug
