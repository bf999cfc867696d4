// Asking a service manager that does not do what it should. (One that does is asked in tests/vm.)
#include "sys/service_bus.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <thread>

#include "base/fd.h"
#include "support/catch.h"

using namespace snug;
using namespace std::chrono_literals;

namespace {

/// A socket on which somebody listens.
class Listener {
 public:
  Listener() {
    std::string name = std::filesystem::temp_directory_path() / "snug-bus-XXXXXX";
    directory_ = mkdtemp(name.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(socket_.get(), 4) == 0);
  }
  ~Listener() { std::filesystem::remove_all(directory_); }

  std::string path() const { return directory_ + "/a bus,with=odd;characters"; }
  /// Takes one connection and answers with `text`, then no more.
  void answer(const char* text) {
    const Fd peer(accept(socket_.get(), nullptr, nullptr));
    char heard[256];
    (void)!read(peer.get(), heard, sizeof heard);
    (void)!write(peer.get(), text, std::strlen(text));
  }

 private:
  std::string directory_;
  Fd socket_;
};

const Scope kScope{
    .name = "snug-test.scope", .description = "test", .process = 1, .memory = 1, .tasks = {}, .cpu_usec = {}};
bool never() { return false; }

bool has_library() {
  const Listener listener;
  return can_reach_service_bus(listener.path()).ok();
}

}  // namespace

TEST_CASE("nobody listens") {
  CHECK(can_reach_service_bus("").error().what == "no systemd runs for this user");
  CHECK(can_reach_service_bus("/nowhere/bus").error().what == "no systemd answers at /nowhere/bus");
  CHECK(can_reach_service_bus(std::string(300, 'x')).error().what == "no systemd runs for this user");
  CHECK_FALSE(start_scope("/nowhere/bus", kScope, 5s, never));
}

TEST_CASE("a manager that does not answer is not waited for beyond the limit") {
  if (!has_library()) return;
  const Listener listener;
  const auto asked = start_scope(listener.path(), kScope, 300ms, never);
  REQUIRE_FALSE(asked);
  CHECK(asked.error().what == "systemd does not answer");
}

TEST_CASE("whoever has lost patience interrupts") {
  if (!has_library()) return;
  const Listener listener;
  const auto asked = start_scope(listener.path(), kScope, 1h, [] { return true; });
  REQUIRE_FALSE(asked);
  CHECK(asked.error().what == "interrupted while systemd made a cgroup");
}

TEST_CASE("a peer that speaks nonsense is an error") {
  if (!has_library()) return;
  Listener listener;
  std::thread peer([&] { listener.answer("REJECTED\r\nnonsense\r\n"); });
  const auto asked = start_scope(listener.path(), kScope, 10s, never);
  peer.join();
  CHECK_FALSE(asked);
}

TEST_CASE("the bus of a user is in the runtime directory") {
  setenv("XDG_RUNTIME_DIR", "/somewhere", 1);
  CHECK(service_bus_socket(1000) == "/somewhere/bus");
  unsetenv("XDG_RUNTIME_DIR");
  CHECK(service_bus_socket(1000) == "/run/user/1000/bus");
  CHECK(service_bus_socket(0) == "/run/dbus/system_bus_socket");
}
