#include "base/suggest.h"

#include <string>

#include "support/catch.h"

using snug::nearest_word;

namespace {
constexpr std::string_view words[] = {"filesystem", "network", "environment", "seccomp", "limits", "read", "write"};
}

TEST_CASE("a slip of the finger finds the word meant") {
  CHECK(nearest_word("netwrok", words) == "network");
  CHECK(nearest_word("file-system", words) == "filesystem");
  CHECK(nearest_word("Limits", words) == "limits");
  CHECK(nearest_word("limit", words) == "limits");
  CHECK(nearest_word("raed", words) == "read");
  CHECK(nearest_word("enviroment", words) == "environment");
}

TEST_CASE("a word far from all of them suggests nothing") {
  CHECK(nearest_word("colour", words).empty());
  CHECK(nearest_word("", words).empty());
  CHECK(nearest_word("x", words).empty());
  CHECK(nearest_word(std::string(100'000, 'n'), words).empty());
  CHECK(nearest_word("network", {}).empty());
}
