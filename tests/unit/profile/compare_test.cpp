#include "profile/compare.h"

#include "profile/load.h"
#include "support/catch.h"

using namespace snug;

namespace {

Profile loaded(const std::string& text) {
  const LoadOutcome outcome = load_profile({{"/etc/p.toml", "version = 1\n" + text}}, {});
  for (const Diagnostic& mistake : outcome.diagnostics) FAIL(to_text(mistake));
  return outcome.profile;
}

std::string differences(const std::string& first, const std::string& second) {
  std::string text;
  for (const Difference& one : compare_profiles(loaded(first), loaded(second), "/home/ann")) {
    constexpr const char* words[] = {"wider", "narrower", "other"};
    text += std::string(words[static_cast<int>(one.direction)]) + ": " + one.what + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a profile does not differ from itself") {
  const std::string text = "[filesystem]\nread = [\"/a\"]\n[environment]\nset = { A = \"1\" }\n";
  CHECK(differences(text, text).empty());
  CHECK(differences("", "").empty());
}

TEST_CASE("a word further up its scale is wider, one further down narrower") {
  CHECK(differences("", "network.mode = \"host\"") == "wider: network.mode is \"host\", was \"none\"\n");
  CHECK(differences("network.mode = \"host\"", "") == "narrower: network.mode is \"none\", was \"host\"\n");
  CHECK(differences("", "filesystem.project = \"overlay\"") ==
        "narrower: filesystem.project is \"overlay\", was \"write\"\n");
  CHECK(differences("", "nested = true") == "wider: nested is true, was false\n");
  CHECK(differences("", "hostname = \"a\"") == "other: hostname is \"a\", which it was not\n");
}

TEST_CASE("one more entry of a list is wider or narrower as the list goes") {
  CHECK(differences("filesystem.read = [\"/a\"]", "filesystem.read = [\"/b\"]") ==
        "wider: filesystem.read has \"/b\" besides\nnarrower: filesystem.read has no \"/a\"\n");
  CHECK(differences("filesystem.hide = [\"/a\"]", "") == "wider: filesystem.hide has no \"/a\"\n");
  CHECK(differences("", "environment.pass = [\"A\"]") == "wider: environment.pass has \"A\" besides\n");
  CHECK(differences("", "environment.pass.replace = [\"TERM\", \"LANG\", \"LC_*\", \"COLORTERM\", \"TZ\"]") ==
        "narrower: environment.pass has no \"NO_COLOR\"\n");
}

TEST_CASE("a limit that comes or goes narrows or widens") {
  CHECK(differences("", "limits.timeout = \"1m\"") == "narrower: limits.timeout is \"1m\", which it was not\n");
  CHECK(differences("limits.rlimit.nofile = 9", "") == "wider: limits.rlimit.nofile is no longer 9\n");
}

TEST_CASE("what one says and the other does not is told from the other side, too") {
  const std::string a = "network.mode = \"host\"\n[filesystem]\nwrite = [\"/w\"]\nprotect = [\"p\"]\n";
  std::size_t wider = 0, narrower = 0;
  for (const Difference& one : compare_profiles(loaded(""), loaded(a), "/")) {
    (one.direction == Difference::Direction::wider ? wider : narrower) += 1;
  }
  CHECK(wider == 2);
  CHECK(narrower == 1);
  for (const Difference& one : compare_profiles(loaded(a), loaded(""), "/")) {
    (one.direction == Difference::Direction::wider ? wider : narrower) += 1;
  }
  CHECK(wider == 3);
  CHECK(narrower == 3);
}
