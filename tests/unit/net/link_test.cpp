#include "net/link.h"

#include <cstring>

#include "support/catch.h"

namespace {

using namespace snug;

std::string text_of(const std::vector<Route>& routes) {
  std::string text;
  for (const Route& route : routes) {
    text += to_text(route.to) + (route.kind == Route::Kind::gateway ? " gateway\n" : " prohibited\n");
  }
  return text;
}

std::vector<Route> routes(const std::vector<std::string>& allow) {
  NetworkPolicy::Rules rules;
  for (const std::string& text : allow) rules.push_back({parse_network_rule(text).value(), {}});
  return routes_of(NetworkPolicy(rules, {}));
}

}  // namespace

TEST_CASE("names alone need no address but their own") {
  CHECK(text_of(routes({"a.example", "*.b.example:22"})) == "0.0.0.0/0 prohibited\n198.18.0.0/15 gateway\n");
  CHECK_FALSE(needs_ipv6(routes({"a.example"})));
}

TEST_CASE("ranges lead to the gateway, one route each") {
  CHECK(text_of(routes({"10.0.0.0/8:5432", "10.0.0.0/8:80", "fd00::1"})) ==
        "::/0 prohibited\n0.0.0.0/0 prohibited\n10.0.0.0/8 gateway\n198.18.0.0/15 gateway\nfd00::1 gateway\n");
  CHECK(needs_ipv6(routes({"fd00::1"})));
}

TEST_CASE("any public address leads to the gateway, special ones only if named") {
  const std::string text = text_of(routes({"*", "192.168.0.0/16"}));
  CHECK(text.find("\n0.0.0.0/0 gateway\n") != std::string::npos);
  CHECK(text.find("::/0 gateway\n") == 0);
  CHECK(text.find("\n10.0.0.0/8 prohibited\n") != std::string::npos);
  CHECK(text.find("\n169.254.0.0/16 prohibited\n") != std::string::npos);
  CHECK(text.find("\nfc00::/7 prohibited\n") != std::string::npos);
  CHECK(text.find("\n192.168.0.0/16 gateway\n") != std::string::npos);
  CHECK(text.find("127.0.0.0/8") == std::string::npos);
  CHECK(text_of(routes({"8.0.0.0/5"})).find("\n10.0.0.0/8 prohibited\n") != std::string::npos);
}

TEST_CASE("the messages are whole and the last asks for an answer") {
  for (const auto& allow : {std::vector<std::string>{"a.example"}, {"*", "fd00::/8"}}) {
    const LinkMessages messages = link_messages(routes(allow));
    CHECK(messages.place_of_sandbox % 4 == 0);
    CHECK(messages.place_of_sandbox < messages.gateway.size());
    for (const auto* batch : {&messages.gateway, &messages.sandbox}) {
      std::size_t at = 0;
      unsigned flags = 0;
      while (at < batch->size()) {
        std::uint32_t size = 0;
        std::memcpy(&size, batch->data() + at, 4);
        REQUIRE(size >= 16);
        flags = (*batch)[at + 6] | (*batch)[at + 7] << 8;
        at += (size + 3) & ~3U;
      }
      CHECK(at == batch->size());
      CHECK((flags & 4) != 0);  // NLM_F_ACK
    }
  }
}
