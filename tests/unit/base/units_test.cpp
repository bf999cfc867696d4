#include "base/units.h"

#include <cstdint>
#include <limits>

#include "support/catch.h"

using namespace snug;
using namespace std::chrono_literals;

TEST_CASE("sizes count in 1024") {
  CHECK(parse_size("0").value() == 0);
  CHECK(parse_size("4096").value() == 4096);
  CHECK(parse_size("64K").value() == 64 * 1024);
  CHECK(parse_size("64k").value() == 64 * 1024);
  CHECK(parse_size("512M").value() == 512ull << 20);
  CHECK(parse_size("2G").value() == 2ull << 30);
  CHECK(parse_size("1T").value() == 1ull << 40);
  CHECK(parse_size("18446744073709551615").value() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("what is not a size says how to write one") {
  for (const char* text : {"", "G", "-1", "+1", "1.5G", "2GB", "2GiB", "2 G", " 2G", "2G ", "0x10", "2P"}) {
    INFO(text);
    REQUIRE_FALSE(parse_size(text).ok());
  }
  CHECK(parse_size("2GB").error().what ==
        "\"2GB\" is not a size; write a whole number and K, M, G or T, such as \"512M\"");
  CHECK(parse_size("16777216T").error().what == "\"16777216T\" is too large");
  CHECK_FALSE(parse_size("18446744073709551616").ok());
}

TEST_CASE("durations need a unit and may be negative") {
  CHECK(parse_duration("250ms").value() == 250ms);
  CHECK(parse_duration("30s").value() == 30s);
  CHECK(parse_duration("10m").value() == 10min);
  CHECK(parse_duration("2h").value() == 2h);
  CHECK(parse_duration("-3d").value() == -72h);
  CHECK(parse_duration("0s").value() == 0s);
}

TEST_CASE("what is not a duration says how to write one") {
  for (const char* text : {"", "-", "s", "30", "1.5h", "30 s", "--3d", "3D", "1h30m", "5y"}) {
    INFO(text);
    REQUIRE_FALSE(parse_duration(text).ok());
  }
  CHECK(parse_duration("30").error().what ==
        "\"30\" is not a duration; write a whole number and ms, s, m, h or d, such as \"30s\"");
  CHECK(parse_duration("106752d").error().what == "\"106752d\" is too long");
  CHECK(parse_duration("106751d").ok());
}

TEST_CASE("sizes and durations are written so that they read back") {
  for (const std::uint64_t size : {0ull, 1ull, 1000ull, 1024ull, 1536ull << 20, 2ull << 30, 1ull << 50}) {
    CHECK(parse_size(size_to_text(size)).value() == size);
  }
  CHECK(size_to_text(0) == "0");
  CHECK(size_to_text(1536ull << 20) == "1536M");
  CHECK(size_to_text(2ull << 30) == "2G");
  CHECK(duration_to_text(30min) == "30m");
  CHECK(duration_to_text(90s) == "90s");
  CHECK(duration_to_text(-72h) == "-3d");
  CHECK(duration_to_text(1500ms) == "1500ms");
  CHECK(duration_to_text(0s) == "0s");
  CHECK(duration_to_text(1'500'000ns) == "1ms");
}
