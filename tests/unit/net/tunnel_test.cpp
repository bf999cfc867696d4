// What is asked of a proxy and how its answers are read.
#include "net/tunnel.h"

#include <sys/socket.h>
#include <unistd.h>

#include "net/special.h"
#include "support/catch.h"

namespace {

using namespace snug;
using State = ProxyAnswer::State;

/// Of an answer that comes in pieces of `piece` bytes; returns what is behind it.
std::string read_in_pieces(ProxyAnswer& answer, std::string_view bytes, std::size_t piece) {
  while (!bytes.empty() && answer.state() == State::more) {
    const auto some = bytes.substr(0, piece);
    bytes.remove_prefix(answer.take({some.data(), some.size()}));
  }
  return std::string(bytes);
}

ProxyAnswer answer_of(std::string_view bytes) {
  ProxyAnswer answer;
  read_in_pieces(answer, bytes, bytes.size());
  return answer;
}

/// A tunnel whose proxy is the other end of a socket pair.
struct Talk {
  Talk() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    proxy = Fd(ends[1]);
    tunnel.emplace(*queue, Fd(ends[0]), connect_request("a.example:22", ""),
                   [this](Tunnel::Outcome got) { outcome = std::move(got); });
    tunnel->start();
    queue->turn();
  }
  void says(std::string_view text) {
    REQUIRE(write(proxy.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    queue->turn();
  }
  std::string heard() const {
    char text[4096];
    const ssize_t got = read(proxy.get(), text, sizeof text);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

  Result<EventQueue> queue = EventQueue::make();
  Fd proxy;
  std::optional<Tunnel::Outcome> outcome;
  std::optional<Tunnel> tunnel;
};

}  // namespace

TEST_CASE("a request to a proxy") {
  CHECK(connect_request("a.example:443", "") == "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
  // RFC 7617's own example.
  CHECK(connect_request("[::1]:1", "Aladdin:open sesame") ==
        "CONNECT [::1]:1 HTTP/1.1\r\nHost: [::1]:1\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
  const std::string evil = connect_request("a:1", "x\r\nHost: evil\r\n\r\n:y");
  CHECK(evil.find("evil") == std::string::npos);
  CHECK(evil.find("\r\n\r\n") == evil.size() - 4);
}

TEST_CASE("an answer that opens the way, however it is cut, and what is behind it") {
  const std::string_view whole =
      "HTTP/1.1 100 Go on\r\nX: y\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nSSH-2.0-x\r\n\r\n";
  for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
    ProxyAnswer answer;
    CHECK(read_in_pieces(answer, whole, piece) == "SSH-2.0-x\r\n\r\n");
    CHECK(answer.opened());
  }
  CHECK(answer_of("HTTP/1.1 204\n\n").opened());
  CHECK(answer_of("HTTP/1.1 299 \r\n\r\n").opened());
}

TEST_CASE("an answer that opens nothing") {
  for (const auto& [text, status] : {std::pair("HTTP/1.1 407 Proxy Authentication Required\r\nA: b\r\n\r\n", 407),
                                     std::pair("HTTP/1.1 101 Switching\r\n\r\n", 101),
                                     std::pair("HTTP/1.1 302 Found\r\nLocation: http://x\r\n\r\n<html>", 302)}) {
    const ProxyAnswer answer = answer_of(text);
    CHECK(answer.state() == State::whole);
    CHECK_FALSE(answer.opened());
    CHECK(answer.status() == status);
  }
  for (const int status : {400, 401, 403, 404, 405, 407, 418, 500, 502, 503, 504, 999}) {
    CHECK(proxy_refusal(status).ends_with(" (" + std::to_string(status) + ")"));
  }
}

TEST_CASE("what is no answer of HTTP") {
  for (const char* const text :
       {"SSH-2.0-OpenSSH\r\n", "\r\n", "HTTP/1.1\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/2 200 OK\r\n",
        "HTTP/1.1 -20 OK\r\n", "HTTP/1.1  200 OK\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 2x0 OK\r\n", "HTTP/1.x 200 OK\r\n", "\x05\xff\n"}) {
    INFO(text);
    CHECK(answer_of(text).state() == State::broken);
  }
}

TEST_CASE("an answer without end is broken off") {
  const std::string header = "HTTP/1.1 200 OK\r\n";
  CHECK(answer_of(header + std::string(1 << 20, 'x')).state() == State::broken);
  std::string lines = header, before;
  for (int i = 0; i < 5000; ++i) lines += "A: b\r\n", before += "HTTP/1.1 100 Wait\r\n\r\n";
  CHECK(answer_of(lines).state() == State::broken);
  CHECK(answer_of(before).state() == State::broken);
  CHECK(answer_of(std::string(1 << 20, 'x')).state() == State::broken);
  ProxyAnswer answer;
  CHECK(read_in_pieces(answer, std::string(1 << 20, 'x'), 1 << 20).size() == (1 << 20) - ProxyAnswer::kMost - 1);
}

TEST_CASE("what the destination says first stays in the socket") {
  Talk talk;
  CHECK(talk.heard() == "CONNECT a.example:22 HTTP/1.1\r\nHost: a.example:22\r\n\r\n");
  talk.says("HTTP/1.1 200 ");
  CHECK_FALSE(talk.outcome);
  talk.says("OK\r\n\r\nSSH-2.0-server\r\n");
  REQUIRE(talk.outcome);
  REQUIRE(talk.outcome->socket);
  char text[64];
  CHECK(read(talk.outcome->socket.get(), text, sizeof text) == 16);
  CHECK(std::string_view(text, 14) == "SSH-2.0-server");
}

TEST_CASE("a proxy that refuses, breaks off or talks of something else") {
  Talk refuses;
  refuses.says("HTTP/1.1 403 No\r\n\r\n");
  CHECK((refuses.outcome && refuses.outcome->refused && !refuses.outcome->socket));
  CHECK(refuses.outcome->problem == "does not lead there (403)");
  Talk fails;
  fails.says("HTTP/1.1 502 No\r\n\r\n");
  CHECK((fails.outcome && !fails.outcome->refused && fails.outcome->problem == "cannot reach it (502)"));
  Talk ends;
  ends.heard();
  ends.says("HTTP/1.1 2");
  ends.proxy.reset();
  ends.queue->turn();
  CHECK((ends.outcome && ends.outcome->problem == "ends the connection instead of answering"));
  Talk mumbles;
  mumbles.says("220 mail.example ESMTP\r\n");
  CHECK((mumbles.outcome && mumbles.outcome->problem == "does not speak HTTP"));
}

TEST_CASE("names that are none of the public internet") {
  for (const char* const name :
       {"intranet", "metadata.google.internal", "printer.local", "x.localhost", "nas.home.arpa"}) {
    INFO(name);
    CHECK(is_private_name(name));
  }
  CHECK_FALSE(is_private_name("internal.example"));
  CHECK_FALSE(is_private_name("local.org"));
  for (const char* const name : {"0x7f000001", "0x", "127.0.0.0x1", "0xa9fea9fe"}) CHECK(reads_as_address(name));
  for (const char* const name : {"0x7f.example", "0xg", "x0x1", "web.x0"}) CHECK_FALSE(reads_as_address(name));
}
