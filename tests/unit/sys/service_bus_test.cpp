// Asking a service manager: invented ones that do what they should, refuse, or do not answer. (A real one is asked in
// tests/vm.)
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
  Fd take() { return Fd(accept(socket_.get(), nullptr, nullptr)); }
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

/// D-Bus messages as they lie on the wire, little-endian, as far as a manager's answers need it.
class Wire {
 public:
  Wire& byte(unsigned char value) { return bytes_ += static_cast<char>(value), *this; }
  Wire& pad(std::size_t to) {
    while (bytes_.size() % to != 0) byte(0);
    return *this;
  }
  Wire& number(std::uint32_t value) {
    pad(4);
    for (int shift = 0; shift < 32; shift += 8) byte(static_cast<unsigned char>(value >> shift));
    return *this;
  }
  Wire& text(const std::string& value) {
    number(static_cast<std::uint32_t>(value.size()));
    return bytes_ += value, byte(0);
  }
  Wire& signature(const std::string& value) {
    byte(static_cast<unsigned char>(value.size()));
    return bytes_ += value, byte(0);
  }
  /// A field of a header, "s", "o", "g" or "u".
  Wire& field(unsigned char code, const std::string& type, const std::string& value) {
    pad(8).byte(code).signature(type);
    return type == "g" ? signature(value) : text(value);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

struct Body {
  std::string signature, bytes;
};

std::string message(unsigned char type, Wire fields, const Body& body) {
  static std::uint32_t serial = 100;
  fields.field(7, "s", "org.freedesktop.systemd1");
  if (!body.signature.empty()) fields.field(8, "g", body.signature);
  Wire head;
  head.byte('l').byte(type).byte(0).byte(1).number(static_cast<std::uint32_t>(body.bytes.size())).number(++serial);
  head.number(static_cast<std::uint32_t>(fields.bytes().size()));
  std::string all = head.bytes() + fields.bytes();  // the head's 16 bytes keep what follows in step
  all.resize((all.size() + 7) / 8 * 8);
  return all + body.bytes;
}

std::string answer_to(std::uint32_t serial, const Body& body, const std::string& error = "") {
  Wire fields;
  fields.pad(8).byte(5).signature("u").number(serial);
  if (!error.empty()) fields.field(4, "s", error);
  return message(error.empty() ? 2 : 3, fields, body);
}

std::string job_removed(const std::string& unit, const std::string& result) {
  Wire fields, body;
  fields.field(1, "o", "/org/freedesktop/systemd1").field(2, "s", "org.freedesktop.systemd1.Manager");
  fields.field(3, "s", "JobRemoved");
  body.number(7).text("/org/freedesktop/systemd1/job/7").text(unit).text(result);
  return message(4, fields, {"uoss", body.bytes()});
}

/// A bus and a manager in one, for one conversation.
class Manager {
 public:
  enum class Kind { willing, refusing, failing };
  explicit Manager(Kind kind, bool delegates = true) : kind_(kind), delegates_(delegates) {
    thread_ = std::thread([this] { serve(); });
  }
  ~Manager() { thread_.join(); }
  std::string path() const { return listener_.path(); }
  /// What it was sent. To be asked for once the conversation is over.
  std::string heard() {
    thread_.join();
    thread_ = std::thread([] {});
    return heard_;
  }

 private:
  std::uint32_t number_at(std::size_t at) const {
    std::uint32_t value = 0;
    std::memcpy(&value, heard_.data() + at, sizeof value);
    return value;
  }
  bool hear(int peer, std::size_t size) {
    while (heard_.size() < size) {
      char some[4096];
      const ssize_t got = read(peer, some, sizeof some);
      if (got <= 0) return false;
      heard_.append(some, static_cast<std::size_t>(got));
    }
    return true;
  }
  static void say(int peer, const std::string& text) { (void)!write(peer, text.data(), text.size()); }

  void serve() {
    const Fd peer = listener_.take();
    const std::string guid(32, 'a');
    while (heard_.find("BEGIN\r\n") == heard_.npos) {
      const std::size_t before = heard_.size();
      if (!hear(peer.get(), before + 1)) return;
      for (std::size_t at = before; (at = heard_.find("\r\n", at)) != heard_.npos; at += 2) {
        const std::string line = heard_.substr(heard_.rfind('\n', at) + 1, at - heard_.rfind('\n', at) - 1);
        if (line.ends_with("AUTH EXTERNAL")) say(peer.get(), "DATA\r\n");
        if (line.starts_with("DATA")) say(peer.get(), "OK " + guid + "\r\n");
        if (line.starts_with("NEGOTIATE")) say(peer.get(), "AGREE_UNIX_FD\r\n");
      }
    }
    for (std::size_t at = heard_.find("BEGIN\r\n") + 7; hear(peer.get(), at + 16);) {
      const std::size_t head = 16 + (number_at(at + 12) + 7) / 8 * 8, whole = head + number_at(at + 4);
      if (!hear(peer.get(), at + whole)) return;
      answer(peer.get(), number_at(at + 8), heard_.substr(at, head));
      at += whole;
    }
  }

  void answer(int peer, std::uint32_t serial, const std::string& head) {
    const auto is = [&](const char* member) { return head.find(member) != head.npos; };
    if (is("Hello")) return say(peer, answer_to(serial, {"s", Wire().text(":1.7").bytes()}));
    if (is("GetUnitByControlGroup")) return say(peer, answer_to(serial, {"o", Wire().text("/unit").bytes()}));
    if (is("Properties")) {
      return say(peer, answer_to(serial, {"v", Wire().signature("b").number(delegates_ ? 1 : 0).bytes()}));
    }
    if (!is("StartTransientUnit")) return say(peer, answer_to(serial, {}));
    if (kind_ == Kind::refusing) {
      return say(peer, answer_to(serial, {"s", Wire().text("not today").bytes()}, "org.example.Refused"));
    }
    say(peer, job_removed("other.scope", "failed"));
    say(peer, answer_to(serial, {"o", Wire().text("/org/freedesktop/systemd1/job/7").bytes()}));
    say(peer, job_removed("snug-test.scope", kind_ == Kind::failing ? "failed" : "done"));
  }

  Kind kind_;
  bool delegates_;
  Listener listener_;
  std::string heard_;
  std::thread thread_;
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
  CHECK(asked.error().what == "interrupted while systemd was asked");
}

TEST_CASE("a peer that speaks nonsense is an error") {
  if (!has_library()) return;
  Listener listener;
  std::thread peer([&] { listener.answer("REJECTED\r\nnonsense\r\n"); });
  const auto asked = start_scope(listener.path(), kScope, 10s, never);
  peer.join();
  CHECK_FALSE(asked);
}

TEST_CASE("a manager makes a scope") {
  if (!has_library()) return;
  Manager manager(Manager::Kind::willing);
  const auto asked = start_scope(manager.path(), kScope, 10s, never);
  if (!asked) FAIL(to_text(asked.error()));
  const std::string heard = manager.heard();
  for (const char* word : {"snug-test.scope", "MemoryMax", "MemorySwapMax", "Delegate", "PIDs", "CollectMode"}) {
    INFO(word);
    CHECK(heard.find(word) != heard.npos);
  }
  CHECK(heard.find("TasksMax") == heard.npos);  // nobody asked for it
}

TEST_CASE("a manager that refuses, or whose job fails, is quoted") {
  if (!has_library()) return;
  const Manager refusing(Manager::Kind::refusing);
  const auto refused = start_scope(refusing.path(), kScope, 10s, never);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().why == "not today");
  const Manager failing(Manager::Kind::failing);
  const auto failed = start_scope(failing.path(), kScope, 10s, never);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().why == "its job ended: failed");
}

TEST_CASE("a group is given away if its unit says so") {
  if (!has_library()) return;
  const Manager yes(Manager::Kind::willing), no(Manager::Kind::willing, false);
  CHECK(is_delegated_unit(yes.path(), "/user.slice/x.scope", 10s));
  CHECK_FALSE(is_delegated_unit(no.path(), "/user.slice/x.scope", 10s));
  const Listener silent;
  CHECK_FALSE(is_delegated_unit(silent.path(), "/user.slice/x.scope", 300ms));
  CHECK_FALSE(is_delegated_unit("/nowhere/bus", "/user.slice/x.scope", 5s));
}

TEST_CASE("the bus of a user is in the runtime directory") {
  setenv("XDG_RUNTIME_DIR", "/somewhere", 1);
  CHECK(service_bus_socket(1000) == "/somewhere/bus");
  unsetenv("XDG_RUNTIME_DIR");
  CHECK(service_bus_socket(1000) == "/run/user/1000/bus");
  CHECK(service_bus_socket(0) == "/run/dbus/system_bus_socket");
}
