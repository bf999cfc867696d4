// Whose ranges of other user numbers are whose, and the maps made of them.
#include "host/subids.h"

#include "support/catch.h"

using namespace snug;

namespace {

const SubidOwner ann{.name = "ann", .id = 1000, .own = 1000};

using Ranges = std::vector<SubidRange>;
using Map = std::vector<IdRange>;

}  // namespace

TEST_CASE("ranges count by name and by number, in the order of their lines") {
  CHECK(ranges_of("bob:100000:65536\nann:200000:65536\n1000:400000:10\n", ann) ==
        Ranges{{200000, 65536}, {400000, 10}});
}

TEST_CASE("a line that is none, and a range of nothing, does not count") {
  const char* const text =
      "\n#ann:1:1\nann\nann:5\nann:5:6:7\nann:x:1\nann:100000:-1\nann: 100000:1\nann:100000:0\nann:4294967295:1\n"
      "ann:4294967290:10\nann:99999999999:1\nann:300000:1";
  CHECK(ranges_of(text, ann) == Ranges{{300000, 1}});
}

TEST_CASE("no range may hold the host's root, the caller or numbers of an earlier one") {
  CHECK(ranges_of("ann:0:65536\nann:1:5\nann:999:2\nann:100000:10\nann:100009:10\nann:100000:10\nann:100010:1\n",
                  ann) == Ranges{{1, 5}, {100000, 10}, {100010, 1}});
}

TEST_CASE("no more ranges are taken than a command line can hold") {
  std::string text;
  for (int i = 1; i < 1000; ++i) text += "ann:" + std::to_string(100000 + i * 10) + ":5\n";
  CHECK(ranges_of(text, ann).size() == 64);
}

TEST_CASE("whoever else answers for ranges is named") {
  CHECK_FALSE(other_subid_source(""));
  CHECK_FALSE(other_subid_source("passwd: files sss\nsubid: files\n"));
  CHECK_FALSE(other_subid_source("# subid: sss\nsubid:\n"));
  CHECK(other_subid_source("passwd: files\nsubid:\t sss\n") == "sss");
}

TEST_CASE("a map goes around the command's own number") {
  CHECK(map_around(0, 1000, {{100000, 65536}}) == Map{{0, 1000, 1}, {1, 100000, 65536}});
  CHECK(map_around(1000, 1000, {{100000, 65536}}) == Map{{0, 100000, 1000}, {1000, 1000, 1}, {1001, 101000, 64536}});
  CHECK(map_around(5, 1000, {{100, 3}, {200, 4}}) == Map{{0, 100, 3}, {3, 200, 2}, {5, 1000, 1}, {6, 202, 2}});
  CHECK(map_around(3, 1000, {{100, 3}}) == Map{{0, 100, 3}, {3, 1000, 1}});
  CHECK(map_around(70000, 1000, {{100, 10}}) == Map{{0, 100, 10}, {70000, 1000, 1}});
  CHECK(map_around(0, 1000, {}) == Map{{0, 1000, 1}});
}

TEST_CASE("a map never reaches the number that is nobody's") {
  const auto map = map_around(0, 1000, {{1, 0xfffffffe}});
  CHECK(map.back().inside + std::uint64_t{map.back().count} <= 0xffffffff);
}

TEST_CASE("where a map has its first gap") {
  CHECK(first_unmapped(map_around(0, 1000, {{100000, 65536}})) == 65537);
  CHECK(first_unmapped(map_around(70000, 1000, {{100000, 65536}})) == 65536);
  CHECK(first_unmapped({}) == 0);
}
