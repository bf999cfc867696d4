#include "profile/edit.h"

#include <random>

#include "profile/bytes.h"
#include "support/catch.h"

using namespace snug;

namespace {

std::string added(const std::string& text, const std::string& element = "x",
                  const std::string& key = "filesystem.read") {
  const auto changed = add_to_list(text, key, element);
  if (!changed) FAIL(to_text(changed.error()));
  return *changed;
}

std::string removed(const std::string& text, const std::string& element = "x",
                    const std::string& key = "filesystem.read") {
  const auto changed = remove_from_list(text, key, element);
  if (!changed) FAIL(to_text(changed.error()));
  return *changed;
}

}  // namespace

TEST_CASE("an element is added in the way its list is written") {
  const std::string top = "[filesystem]\n";
  CHECK(added(top + "read = []\n") == top + "read = [\"x\"]\n");
  CHECK(added(top + "read = [ ]  # none\n") == top + "read = [\"x\"]  # none\n");
  CHECK(added(top + "read = ['a', \"b\"] # two\n") == top + "read = ['a', \"b\", \"x\"] # two\n");
  CHECK(added(top + "read = [\"a\",]\n") == top + "read = [\"a\", \"x\",]\n");
  CHECK(added(top + "read = [\n  \"a\", # one\n  \"b\"  # two, [\n]\n") ==
        top + "read = [\n  \"a\", # one\n  \"b\",  # two, [\n  \"x\"\n]\n");
  CHECK(added(top + "read = [\n\t\"a\",\n]\n") == top + "read = [\n\t\"a\",\n\t\"x\",\n]\n");
  CHECK(added(top + "read = [\"a\",\n        \"b\"]\n") == top + "read = [\"a\",\n        \"b\",\n        \"x\"]\n");
  CHECK(added(top + "read = [\n  # nothing yet\n]\n") == top + "read = [\n  # nothing yet\n  \"x\",\n]\n");
  CHECK(added("filesystem.read = [\"a\"]") == "filesystem.read = [\"a\", \"x\"]");
}

TEST_CASE("a missing list is made in its table, a missing table at the end") {
  CHECK(added("version = 1\n") == "version = 1\n\n[filesystem]\nread = [\"x\"]\n");
  CHECK(added("") == "[filesystem]\nread = [\"x\"]\n");
  CHECK(added("version = 1") == "version = 1\n\n[filesystem]\nread = [\"x\"]\n");
  CHECK(added("[filesystem] # mine\n\n# next\n[network]\nmode = \"none\"\n") ==
        "[filesystem] # mine\nread = [\"x\"]\n\n# next\n[network]\nmode = \"none\"\n");
  CHECK(added("[filesystem]\nhide = [\n  \"a\",\n]  # end\n\n[network]\n") ==
        "[filesystem]\nhide = [\n  \"a\",\n]  # end\nread = [\"x\"]\n\n[network]\n");
  CHECK(added("filesystem.write = []\nuser = \"self\"\n[network]\n") ==
        "filesystem.write = []\nfilesystem.read = [\"x\"]\nuser = \"self\"\n[network]\n");
  CHECK(added("[[filesystem.mount]]\ntype = \"tmpfs\"\ntarget = \"/a\"") ==
        "[[filesystem.mount]]\ntype = \"tmpfs\"\ntarget = \"/a\"\n\n[filesystem]\nread = [\"x\"]\n");
}

TEST_CASE("line ends and strings that look like TOML stay as they are") {
  CHECK(added("version = 1\r\n[filesystem]\r\nread = [\r\n  \"a\"\r\n]\r\n") ==
        "version = 1\r\n[filesystem]\r\nread = [\r\n  \"a\",\r\n  \"x\"\r\n]\r\n");
  const std::string trap = "description = \"\"\"\n[filesystem]\nread = [\"no\"]\n\"\"\"\n";
  CHECK(added(trap) == trap + "\n[filesystem]\nread = [\"x\"]\n");
  const std::string odd = "[filesystem]\n\"hide\" = ['a]', \"#\\\"]\", '''b'''']\n";
  CHECK(added(odd) == odd + "read = [\"x\"]\n");
  CHECK(added("[ filesystem ]\n\"read\" = [\"a\"]\n") == "[ filesystem ]\n\"read\" = [\"a\", \"x\"]\n");
}

TEST_CASE("what is there already is not added again, and bytes are kept") {
  CHECK(added("[filesystem]\nread = [\"x\"]\n") == "[filesystem]\nread = [\"x\"]\n");
  const std::string bytes = "a\xff\"\\\n${x}";
  const auto text = added("", bytes);
  CHECK(added(text, bytes) == text);
  CHECK(removed(text, bytes).empty());
}

TEST_CASE("an element is taken out with its line or its comma") {
  const std::string top = "[filesystem]\n";
  CHECK(removed(top + "read = [\"x\", \"a\"]\n") == top + "read = [\"a\"]\n");
  CHECK(removed(top + "read = [\"a\", \"x\", \"b\"]\n") == top + "read = [\"a\", \"b\"]\n");
  CHECK(removed(top + "read = [\"a\", \"x\"]\n") == top + "read = [\"a\"]\n");
  CHECK(removed(top + "read = [\n  \"x\", # mine\n  \"a\"\n]\n") == top + "read = [\n  \"a\"\n]\n");
  CHECK(removed(top + "read = [\n  \"a\",\n  \"x\"\n]\n") == top + "read = [\n  \"a\",\n]\n");
  CHECK(removed(top + "read = [\n  \"x\", \"a\",\n]\n") == top + "read = [\n  \"a\",\n]\n");
  CHECK(removed(top + "read = [\"x\", \"a\", \"x\"]\n") == top + "read = [\"x\", \"a\"]\n");
}

TEST_CASE("a list and a table left empty go, unless a comment stands with them") {
  CHECK(removed("version = 1\n\n[filesystem]\nread = [\"x\"]\n") == "version = 1\n");
  CHECK(removed("[filesystem]\nread = [\"x\"]\nwrite = [\"x\"]\n") == "[filesystem]\nwrite = [\"x\"]\n");
  CHECK(removed("[filesystem]  # mine\nread = [\"x\"]\n") == "[filesystem]  # mine\n");
  CHECK(removed("[filesystem]\nread = [\"x\"]  # why\n") == "[filesystem]\nread = []  # why\n");
  CHECK(removed("[filesystem]\nread = [\"x\"]\n# tail\n[network]\n") == "[filesystem]\n# tail\n[network]\n");
}

TEST_CASE("what cannot be changed is refused with the line to write") {
  for (const char* text : {"filesystem = { write = [] }", "[filesystem]\nread = \"a\"",
                           "[filesystem]\nread.replace = []", "[[filesystem]]\n", "filesystem = 1"}) {
    INFO(text);
    const auto changed = add_to_list(text, "filesystem.read", "x");
    REQUIRE_FALSE(changed);
    CHECK(changed.error().fix == "by hand: filesystem.read = [\"x\"]");
  }
  CHECK(add_to_list("version = ", "filesystem.read", "x").error().why.find("line 1") == 0);
  CHECK_FALSE(add_to_list("", "a.b.c", "x"));
  CHECK_FALSE(add_to_list("", "a", "x"));
  CHECK_FALSE(remove_from_list("[filesystem]\nread = [\"a\"]", "filesystem.read", "x"));
}

TEST_CASE("a key is given a value where it belongs, and the rest stays") {
  const auto set = [](const std::string& text) { return set_text(text, "network.mode", "filtered").value(); };
  CHECK(set("") == "[network]\nmode = \"filtered\"\n");
  CHECK(set("version = 1\n") == "version = 1\n\n[network]\nmode = \"filtered\"\n");
  CHECK(set("[network]\n# why\nallow = []\n[x]\n") == "[network]\n# why\nallow = []\nmode = \"filtered\"\n[x]\n");
  CHECK(set("[network]\nmode = 'none'   # mine\n") == "[network]\nmode = \"filtered\"   # mine\n");
  CHECK(set("network.mode = \"none\"\nx = 1") == "network.mode = \"filtered\"\nx = 1");
  CHECK(set("network.allow = []\n") == "network.allow = []\nnetwork.mode = \"filtered\"\n");
  for (const char* text : {"network = { mode = \"none\" }", "[[network]]\n", "network = 1", "version = "}) {
    INFO(text);
    CHECK_FALSE(set_text(text, "network.mode", "filtered"));
  }
}

TEST_CASE("a key that is a text is read and taken out") {
  CHECK(text_of("[network]\nmode = \"none\"\n", "network.mode") == "none");
  CHECK_FALSE(text_of("[network]\nmode = 1\n", "network.mode"));
  CHECK_FALSE(text_of("", "network.mode"));
  CHECK(remove_text("version = 1\n\n[network]\nmode = \"none\"\n", "network.mode").value() == "version = 1\n");
  CHECK(remove_text("[network] # x\nmode = \"none\"\n", "network.mode").value() == "[network] # x\n");
  CHECK_FALSE(remove_text("[network]\nmode = 1\n", "network.mode"));
  CHECK_FALSE(remove_text("network = { mode = \"none\" }", "network.mode"));
}

TEST_CASE("adding and taking out again gives the same bytes") {
  const std::vector<std::string> pieces = {"version = 1\n",
                                           "# note = [1]\n",
                                           "\n",
                                           "description = '''a\n[b]\n'''\n",
                                           "[filesystem]\nproject = \"read\"\n",
                                           "hide = [\"**/.env\"]\n",
                                           "read = [\n  \"a\", # x\n  'b',\n]\n",
                                           "write = [\"~/c\", \"d\"] # e\n",
                                           "[network]\n",
                                           "mode = \"none\"\n",
                                           "[[filesystem.mount]]\n",
                                           "type = \"tmpfs\"\n",
                                           "[limits.rlimit]\n",
                                           "core = 0\n",
                                           "[environment]\nunset = []\n",
                                           "set = { A = \"]\", \"b c\" = '#' }\n",
                                           "pass = [\"TERM\"]\n"};
  std::mt19937 random(7);
  int tried = 0;
  for (int round = 0; round < test::rounds(3000); ++round) {
    std::string text;
    for (int count = static_cast<int>(random() % 9); count > 0; --count) text += pieces[random() % pieces.size()];
    for (const char* key : {"filesystem.read", "environment.pass", "seccomp.allow"}) {
      const auto more = add_to_list(text, key, "new");
      if (!more) continue;  // no valid TOML, or no place: it says so
      ++tried;
      CHECK(add_to_list(*more, key, "new").value() == *more);
      const auto back = remove_from_list(*more, key, "new");
      REQUIRE(back);
      CHECK(*back == text);
    }
  }
  CHECK(tried > test::rounds(1000));
}

TEST_CASE("setting a value and taking it back gives the same bytes") {
  const std::vector<std::string> pieces = {"version = 1\n",          "# note = [1]\n",       "\n",
                                           "[filesystem]\n",         "project = \"read\"\n", "[network]\n",
                                           "mode = \"host\" # y\n",  "allow = [\"x\"]\n",    "network.mode = 'none'\n",
                                           "[[filesystem.mount]]\n", "type = \"tmpfs\"\n"};
  std::mt19937 random(11);
  int tried = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int count = static_cast<int>(random() % 7); count > 0; --count) text += pieces[random() % pieces.size()];
    const auto before = text_of(text, "network.mode");
    const auto set = set_text(text, "network.mode", "filtered");
    if (!set) continue;
    ++tried;
    CHECK(text_of(*set, "network.mode") == "filtered");
    const auto back = before ? set_text(*set, "network.mode", *before) : remove_text(*set, "network.mode");
    REQUIRE(back);
    CHECK(text_of(*back, "network.mode") == before);
    if (!before && text.find("[network]") == text.npos) CHECK(*back == text);  // an empty table goes, too
  }
  CHECK(tried > 1000);
}
