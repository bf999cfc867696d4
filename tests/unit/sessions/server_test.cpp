#include "sessions/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "sessions/wire.h"
#include "support/catch.h"

namespace snug {
namespace {

struct Served {
  std::string path = (std::filesystem::temp_directory_path() / "snug-control-XXXXXX").string();
  Fd directory;
  std::optional<ControlServer> server;
  std::vector<std::string> asked;  // the words of the requests that were answered

  Served() {
    REQUIRE(mkdtemp(path.data()) != nullptr);
    directory = Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    auto listening = ControlServer::listen(directory.get(), path, "a.sock");
    REQUIRE(listening);
    server = std::move(listening).value();
  }
  ~Served() { std::filesystem::remove_all(path); }

  void turn() {
    server->turn([&](ControlRequest& request) {
      for (const std::string& word : request.words) asked.push_back(word);
      return ControlAnswer{
          .done = request.words != std::vector<std::string>{"refuse"},
          .text = std::to_string(static_cast<int>(request.kind)) + " fds " + std::to_string(request.fds.size())};
    });
  }

  /// What ask() says while this serves.
  Result<std::string> answer_to(const ControlRequest& request) {
    Result<std::string> answer = std::string();
    std::thread asker([&] { answer = ask(directory.get(), "a.sock", "x", request); });
    for (int turns = 0; turns < 2; ++turns) {  // the connection, then the request; or both at once
      pollfd ready{server->fd(), POLLIN, 0};
      poll(&ready, 1, 500);
      turn();
    }
    asker.join();
    return answer;
  }

  Fd connection() {
    Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const UnixAddress address = unix_address(directory.get(), "a.sock");
    REQUIRE(connect(socket.get(), address.get(), address.size) == 0);
    return socket;
  }
};

Fd own_user_namespace() { return Fd(open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)); }

// The connection was closed without an answer.
bool is_turned_away(int connection) {
  char byte = 0;
  return recv(connection, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

TEST_CASE("a request is answered") {
  Served served;
  ControlRequest request{.kind = ControlRequest::Kind::signal, .words = {"15", ""}};
  request.fds.push_back(Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  const auto answer = served.answer_to(request);
  REQUIRE(answer);
  CHECK(*answer == "2 fds 1");
  CHECK(served.asked == std::vector<std::string>{"15", ""});
}

TEST_CASE("a refusal comes back as the error") {
  Served served;
  const auto answer = served.answer_to({.words = {"refuse"}});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().what == "1 fds 0");
}

TEST_CASE("who does not show the server's user namespace is turned away") {
  Served served;
  const std::string request = to_bytes({.words = {"x"}});
  SECTION("nothing shown") {
    const Fd connection = served.connection();
    REQUIRE(send(connection.get(), request.data(), request.size(), {}));
    served.turn();
    CHECK(is_turned_away(connection.get()));
  }
  SECTION("another namespace, another file, one named alike") {
    std::filesystem::create_directory(served.path + "/user:");
    for (const std::string& shown : {std::string("/proc/self/ns/mnt"), std::string("/dev/null"), served.path}) {
      const Fd connection = served.connection();
      const Fd proof(open(shown.c_str(), O_RDONLY | O_CLOEXEC));
      const int fds[] = {proof.get()};
      REQUIRE(send(connection.get(), request.data(), request.size(), fds));
      served.turn();
      CHECK(is_turned_away(connection.get()));
    }
  }
  CHECK(served.asked.empty());
}

TEST_CASE("what is no request, or of another version, is refused") {
  Served served;
  const Fd proof = own_user_namespace();
  const int fds[] = {proof.get()};
  std::string other_version = to_bytes({.words = {"x"}});
  other_version[0] = 99;
  std::string cut_off = to_bytes({.words = {"x"}});
  cut_off.pop_back();
  std::string too_few = to_bytes({.words = {"x"}});
  too_few += std::string("y\0", 2);
  for (const std::string& bytes : {std::string("snug"), other_version, cut_off, too_few}) {
    const Fd connection = served.connection();
    REQUIRE(send(connection.get(), bytes.data(), bytes.size(), fds));
    served.turn();
    AnswerHead head{1};
    CHECK(receive(connection.get(), &head, sizeof head).size == sizeof head);
    CHECK(head.done == 0);
  }
  CHECK(served.asked.empty());
}

TEST_CASE("connections that say nothing keep nobody away") {
  Served served;
  std::vector<Fd> silent;
  for (int i = 0; i < 40; ++i) {
    silent.push_back(served.connection());
    served.turn();
  }
  CHECK(served.answer_to({.words = {"x"}}));
}

TEST_CASE("too long a request is an error of who asks") {
  Served served;
  CHECK_FALSE(ask(served.directory.get(), "a.sock", "x", {.words = {std::string(kLargestRequest, 'x')}}));
}

TEST_CASE("an answer may be long") {
  Served served;
  std::string long_text(3 << 20, 'x');
  Result<std::string> answer = std::string();
  std::thread asker([&] { answer = ask(served.directory.get(), "a.sock", "x", {}); });
  bool answered = false;
  while (!answered) {
    pollfd ready{served.server->fd(), POLLIN, 0};
    REQUIRE(poll(&ready, 1, 5000) == 1);
    served.server->turn([&](ControlRequest&) { return answered = true, ControlAnswer{.text = long_text}; });
  }
  asker.join();
  REQUIRE(answer);
  CHECK(*answer == long_text);
}

TEST_CASE("a request that nobody has read is made again, at another connection") {
  const Served served;
  const Fd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const UnixAddress address = unix_address(served.directory.get(), "b.sock");
  REQUIRE(bind(listener.get(), address.get(), address.size) == 0);
  REQUIRE(listen(listener.get(), 4) == 0);
  Result<std::string> answer = std::string();
  std::thread asker([&] { answer = ask(served.directory.get(), "b.sock", "x", {}); });
  const auto take = [&] {
    Fd connection(accept(listener.get(), nullptr, nullptr));
    pollfd asked{connection.get(), POLLIN, 0};
    poll(&asked, 1, 5000);
    return connection;
  };
  take().reset();
  const Fd second = take();
  SECTION("and answered") {
    const AnswerHead head{1};
    send(second.get(), &head, sizeof head, {});
    asker.join();
    CHECK(answer);
  }
  SECTION("one that was read may have been carried out: it is not") {
    char byte = 0;
    recv(second.get(), &byte, 1, 0);
    shutdown(second.get(), SHUT_RDWR);
    asker.join();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().what == "x has ended");
  }
}

TEST_CASE("asking one that has ended says so") {
  Served served;
  served.server.reset();
  const auto answer = ask(served.directory.get(), "a.sock", "sandbox x", {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().what == "sandbox x has ended");
}

}  // namespace
}  // namespace snug
