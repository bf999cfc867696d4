#include "cli/what.h"

#include "support/catch.h"

using namespace snug;

namespace {

What meant(const std::string& word, const KnownNames& known = {}, std::optional<WhatKind> forced = {}) {
  const auto what = understand(word, forced, known, "/work/here", "/home/ann");
  if (!what) FAIL(to_text(what.error()));
  return *what;
}

bool refused(const std::string& word, std::optional<WhatKind> forced = {}) {
  return !understand(word, forced, {}, "/work/here", "/home/ann");
}

}  // namespace

TEST_CASE("what has a slash, a tilde or dots alone is a path") {
  CHECK(meant("/usr/").text == "/usr");
  CHECK(meant("./x").text == "/work/here/x");
  CHECK(meant("..").text == "/work");
  CHECK(meant("~/x").text == "/home/ann/x");
  CHECK(meant("~").text == "/home/ann");
  CHECK(meant("**/x").text == "/work/here/**/x");
  CHECK(meant("/").text == "/");
  CHECK(meant("a/b", {.call = true}).kind == WhatKind::path);
}

TEST_CASE("variables come before calls, calls before files, files before hosts") {
  CHECK(meant("FOO_1").kind == WhatKind::variable);
  CHECK(meant("http_proxy", {.variable = true}).kind == WhatKind::variable);
  CHECK(meant("1A").kind == WhatKind::path);
  const auto mount = meant("mount", {.file = true, .call = true});
  CHECK(mount.kind == WhatKind::call);
  CHECK(mount.also == std::vector<WhatKind>{WhatKind::path});
  CHECK(meant("main.c", {.file = true}).kind == WhatKind::path);
  CHECK(meant("main.c", {.file = true}).also == std::vector<WhatKind>{WhatKind::host});
  CHECK(meant("example.org").kind == WhatKind::host);
  CHECK(meant("Makefile").kind == WhatKind::path);
}

TEST_CASE("a forced kind decides") {
  CHECK(meant("mount", {.call = true}, WhatKind::path).text == "/work/here/mount");
  CHECK(meant("lower", {}, WhatKind::variable).text == "lower");
  CHECK(meant("localhost", {}, WhatKind::path).kind == WhatKind::path);
  CHECK(refused("A=B", WhatKind::variable));
  CHECK(refused(""));
}

TEST_CASE("several hosts are a rule, and ranges of addresses no paths") {
  for (const char* several :
       {"*.example.org:22,443", "10.0.0.0/8:5432", "fc00::/7", "@npm", "*", "example.org:80-90", "example.org:*"}) {
    INFO(several);
    const What what = meant(several);
    CHECK(what.kind == WhatKind::host);
    CHECK_FALSE(is_one_host(what));
    CHECK(what.text == several);
    CHECK(what.text == to_text(what.rule));
  }
  CHECK(meant("10.0.0.0/x").kind == WhatKind::path);
}

TEST_CASE("a URL without a port means its scheme's") {
  CHECK(meant("https://example.org/x").port == 443);
  CHECK(meant("ssh://git@example.org/x").port == 22);
  CHECK(meant("other://example.org").port == 0);
  CHECK(meant("https://[::1]/x").port == 443);
  CHECK(meant("https://[::1]:8443/x").port == 8443);
}

TEST_CASE("hosts with ports, in brackets and in URLs") {
  const auto plain = meant("example.org:8080");
  CHECK(plain.text == "example.org");
  CHECK(plain.port == 8080);
  CHECK(meant("https://ann@example.org:444/a?b#c").text == "example.org");
  CHECK(meant("https://ann@example.org:444/a?b#c").port == 444);
  CHECK(meant("[::1]:53").text == "::1");
  CHECK(meant("[::1]:53").port == 53);
  CHECK(meant("::1").text == "::1");
  CHECK(meant("127.0.0.1").port == 0);
  CHECK(meant("localhost").kind == WhatKind::host);
  for (const char* bad :
       {"example.org:0", "example.org:99999", "example.org:x", "udp://example.org", "http://", "a..b:1", "@no-such"}) {
    INFO(bad);
    CHECK(refused(bad));
  }
}
