#include "profile/bytes.h"

#include <random>

#include "profile/load.h"
#include "support/catch.h"

using namespace snug;

namespace {

// What comes back after `bytes` was given as an option's value.
std::string through_loading(const std::string& bytes) {
  const LoadOutcome outcome =
      load_profile({}, {{.key = "environment.set.X", .value = toml_quote(bytes), .option = "--env"}});
  REQUIRE(outcome.diagnostics.empty());
  return outcome.profile.environment.set.at("X").value;
}

}  // namespace

TEST_CASE("quoting keeps plain text readable") {
  CHECK(toml_quote("/home/ana/été") == "\"/home/ana/été\"");
  CHECK(toml_quote("a\"b\\c\nd\x7f") == "\"a\\\"b\\\\c\\u000Ad\\u007F\"");
}

TEST_CASE("any bytes but NUL survive quoting and loading") {
  const std::string samples[] = {"",
                                 " ",
                                 "a b",
                                 "line\nbreak\r\n",
                                 "quo\"te'",
                                 "back\\slash\\n",
                                 "\xff",
                                 "\xc3",
                                 "a\x80z",
                                 "\xed\xa0\x80",
                                 "\xf4\x8f\xba\x80",
                                 "\U0010FEFF",
                                 "été",
                                 "\x1b[31m",
                                 "\x7f",
                                 "\U0010FE7F",
                                 "]]]'''\"\"\"#",
                                 "\xef\xbb\xbf",
                                 "${home}/$${x}$",
                                 "\U0010FE00"};
  for (const std::string& sample : samples) CHECK(through_loading(sample) == sample);
}

TEST_CASE("every single byte and many random strings survive loading") {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(through_loading(all) == all);

  std::mt19937 random(20240501);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    const std::size_t length = random() % 40;
    while (bytes.size() < length) {
      const char byte = static_cast<char>(random() % 2 ? random() % 255 + 1 : 0xf0 + random() % 16);
      bytes += byte;
    }
    CHECK(through_loading(bytes) == bytes);
  }
}

TEST_CASE("an invalid byte can be written in a file as a private character") {
  const LoadOutcome outcome =
      load_profile({{"p.toml", "version = 1\n[filesystem]\nread = [\"/srv/caf\\U0010FEE9\"]\n"}}, {});
  REQUIRE(outcome.diagnostics.empty());
  CHECK(outcome.profile.filesystem.read.at(0).path == "/srv/caf\xe9");
}

TEST_CASE("a private character cannot smuggle a NUL in") {
  const LoadOutcome outcome = load_profile({{"p.toml", "version = 1\nhostname = \"a\\U0010FE00\"\n"}}, {});
  REQUIRE(outcome.diagnostics.size() == 1);
  CHECK(to_text(outcome.diagnostics[0]) == "p.toml:2:12: hostname: text cannot hold a NUL character");
}

TEST_CASE("a path with odd bytes keeps them in messages as escapes") {
  const LoadOutcome outcome = load_profile(
      {},
      {{.key = "filesystem.read", .value = toml_quote("b\xff\nd"), .how = Override::How::append, .option = "--read"}});
  REQUIRE(outcome.diagnostics.size() == 1);
  CHECK(to_text(outcome.diagnostics[0]) ==
        "option --read: filesystem.read: \"b\\xFF\\nd\" is not absolute; did you mean \"./b\\xFF\\nd\"?");
}
