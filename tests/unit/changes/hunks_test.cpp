#include "changes/hunks.h"

#include <random>

#include "support/catch.h"
#include "sys/programs.h"
#include "sys/write.h"

#include <sys/mman.h>

using namespace snug;

namespace {

constexpr const char* two_changes = "--- a\n+++ b\n@@ -1,5 +1,5 @@\n one\n-two\n+TWO\n three\n-four\n+FOUR\n five\n";

std::vector<Hunk> hunks_of(std::string_view patch) {
  auto hunks = parse_hunks(patch);
  REQUIRE(hunks);
  return std::move(*hunks);
}

Fd file_with(const std::string& text) {
  Fd file(memfd_create("text", MFD_CLOEXEC));
  REQUIRE(write_all(file.get(), text));
  return file;
}

std::string patch_between(const std::string& before, const std::string& after) {
  const Fd a = file_with(before), b = file_with(after);
  const auto text =
      output_of({"diff", "-a", "-u", "/dev/fd/" + std::to_string(a.get()), "/dev/fd/" + std::to_string(b.get())},
                1 << 20, {a.get(), b.get()});
  REQUIRE(text);
  return *text;
}

std::string random_text(std::mt19937& random) {
  std::string text;
  for (unsigned lines = random() % 30; lines > 0; --lines)
    text += std::string(1, static_cast<char>('a' + random() % 4)) + "\n";
  if (!text.empty() && random() % 4 == 0) text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("a hunk is cut between its changes, and each piece can be taken by itself") {
  const auto hunks = hunks_of(two_changes);
  REQUIRE(hunks.size() == 1);
  const auto pieces = split_hunk(hunks[0]);
  REQUIRE(pieces.size() == 2);
  CHECK(to_text(pieces[0]) == "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n");
  CHECK(to_text(pieces[1]) == "@@ -3,3 +3,3 @@\n three\n-four\n+FOUR\n five\n");
  const std::string before = "one\ntwo\nthree\nfour\nfive\n";
  CHECK(with_hunks(before, {pieces[0]}) == "one\nTWO\nthree\nfour\nfive\n");
  CHECK(with_hunks(before, {pieces[1]}) == "one\ntwo\nthree\nFOUR\nfive\n");
  CHECK(with_hunks(before, pieces) == "one\nTWO\nthree\nFOUR\nfive\n");
  CHECK(with_hunks(before, {}) == before);
  CHECK(split_hunk(pieces[0]).size() == 1);
}

TEST_CASE("a hunk that does not fit is not forced") {
  const auto hunks = hunks_of(two_changes);
  CHECK_FALSE(with_hunks("one\nother\nthree\nfour\nfive\n", hunks));
  CHECK_FALSE(with_hunks("one\n", hunks));
}

TEST_CASE("an edited hunk has to keep what it stands on") {
  const auto hunk = hunks_of(two_changes)[0];
  const auto edited = edited_hunk(hunk, "# a remark\n@@ -1 +1 @@\n one\n two\n three\n-four\n+IV\n five\n");
  REQUIRE(edited);
  CHECK(with_hunks("one\ntwo\nthree\nfour\nfive\n", {*edited}) == "one\ntwo\nthree\nIV\nfive\n");
  CHECK_FALSE(edited_hunk(hunk, " one\n-2\n+TWO\n three\n-four\n+FOUR\n five\n"));
  CHECK_FALSE(edited_hunk(hunk, "no hunk at all\n"));
}

TEST_CASE("all hunks, cut as far as they can be, make one text of the other") {
  std::mt19937 random(5);  // NOLINT: the same every time
  for (int round = 0; round < 300; ++round) {
    const std::string before = random_text(random), after = random_text(random);
    std::vector<Hunk> pieces;
    for (const Hunk& hunk : hunks_of(patch_between(before, after))) {
      for (Hunk& piece : split_hunk(hunk)) pieces.push_back(std::move(piece));
    }
    INFO(before << "---\n" << after);
    CHECK(with_hunks(before, pieces) == after);
    CHECK(with_hunks(before, {}) == before);
    // Some now and some later comes to the same.
    std::vector<Hunk> some;
    for (const Hunk& piece : pieces) {
      if (random() % 2 == 0) some.push_back(piece);
    }
    const auto middle = with_hunks(before, some);
    REQUIRE(middle);
    CHECK(with_hunks(*middle, hunks_of(patch_between(*middle, after))) == after);
  }
}
