#include "cli/choose_profile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/profile_files.h"
#include "support/catch.h"

using namespace snug;
namespace fs = std::filesystem;

namespace {

// HOME/project/src, with a profile in the project and one in the home.
struct Tree {
  Tree() {
    char name[] = "/tmp/snug-cli-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    home = name;
    fs::create_directories(home + "/project/src");
    std::ofstream(home + "/snug.toml") << "# home\n";
    std::ofstream(home + "/project/snug.toml") << "# project\n";
    caller = {.uid = getuid(), .home = home, .cwd = home + "/project/src", .config_dir = home + "/.config/snug"};
    fs::create_directories(caller.config_dir + "/profiles");
  }
  ~Tree() { fs::remove_all(home); }
  std::string home;
  Caller caller;
};

}  // namespace

TEST_CASE("without -p the default is used, and a snug.toml found is named") {
  const Tree tree;
  const auto chosen = choose_profile(std::nullopt, tree.caller);
  REQUIRE(chosen);
  CHECK(chosen->texts.empty());
  CHECK(chosen->file.empty());
  const std::string found = tree.home + "/project/snug.toml";
  CHECK(chosen->notice == found + " is not used unless it is named: -p " + found);
}

TEST_CASE("the search for a snug.toml stops at the home") {
  const Tree tree;
  CHECK(find_project_profile(tree.home + "/project", tree.home) == tree.home + "/project/snug.toml");
  CHECK_FALSE(find_project_profile(tree.home, tree.home));
  fs::remove(tree.home + "/project/snug.toml");
  CHECK_FALSE(find_project_profile(tree.home + "/project/src", tree.home));
}

TEST_CASE("-p takes a file relative to the current directory, or default") {
  const Tree tree;
  const auto chosen = choose_profile("../snug.toml", tree.caller);
  REQUIRE(chosen);
  CHECK(chosen->file == tree.home + "/project/snug.toml");
  REQUIRE(chosen->texts.size() == 1);
  CHECK(chosen->texts[0].file == "../snug.toml");
  CHECK(chosen->texts[0].text == "# project\n");
  CHECK(choose_profile("default", tree.caller)->notice.empty());
}

TEST_CASE("a profile that cannot be used is refused with the reason") {
  const Tree tree;
  const auto why = [&](const std::string& named) { return to_text(choose_profile(named, tree.caller).error()); };
  CHECK(why("defalt").find("unknown profile \"defalt\"; did you mean \"default\"?") == 0);
  CHECK(why("defalt").find("fix: snug check --list") != std::string::npos);
  CHECK(why("..").find("unknown profile \"..\"") == 0);
  CHECK(why("./absent.toml").find("No such file") != std::string::npos);
  CHECK(why("../").find("it is a directory") != std::string::npos);
  const std::string project = tree.home + "/project/snug.toml";
  REQUIRE(chmod(project.c_str(), 0666) == 0);
  CHECK(why("../snug.toml").find("anyone may write it") != std::string::npos);
  std::ofstream(tree.home + "/big.toml") << std::string((1 << 20) + 1, '#');
  CHECK(why("../../big.toml").find("larger than 1 MiB") != std::string::npos);
}

TEST_CASE("another user's profile is refused to an ordinary user") {
  const Tree tree;
  Caller other = tree.caller;
  other.uid = getuid() + 1;
  if (getuid() == 0) {
    CHECK(choose_profile("../snug.toml", other));  // root's files are trusted by everyone
  } else {
    CHECK_FALSE(choose_profile("../snug.toml", other));
  }
}

TEST_CASE("a profile is looked up by name in the user's directory before the shipped ones") {
  const Tree tree;
  const auto shipped = choose_profile("default", tree.caller);
  REQUIRE(shipped);
  const std::string file = tree.caller.config_dir + "/profiles/mine.toml";
  CHECK_FALSE(choose_profile("mine", tree.caller));
  std::ofstream(file) << "# mine\n";
  const auto chosen = choose_profile("mine", tree.caller);
  REQUIRE(chosen);
  CHECK(chosen->file.empty());  // a name says nothing about where the project is
  CHECK(chosen->texts.at(0).file == file);
  CHECK(chosen->texts.at(0).name == "mine");
  CHECK(chosen->texts.at(0).text == "# mine\n");
}

TEST_CASE("a profile by name that others may write is refused, not passed over") {
  const Tree tree;
  const std::string file = tree.caller.config_dir + "/profiles/mine.toml";
  std::ofstream(file) << "# mine\n";
  REQUIRE(chmod(file.c_str(), 0646) == 0);
  CHECK(to_text(choose_profile("mine", tree.caller).error()).find("anyone may write it") != std::string::npos);
}

TEST_CASE("no file can stand for the default") {
  const Tree tree;
  std::ofstream(tree.caller.config_dir + "/profiles/default.toml") << "# mine\n";
  CHECK(choose_profile("default", tree.caller)->texts.empty());
  for (const NamedProfile& profile : list_profiles(tree.caller)) {
    if (profile.name == "default") CHECK(profile.file.empty());
  }
}

TEST_CASE("the profiles that can be named are listed once each, by name") {
  const Tree tree;
  for (const char* name : {"b.toml", "a.toml", "no-profile", ".hidden.toml"}) {
    std::ofstream(tree.caller.config_dir + "/profiles/" + name) << "# x\n";
  }
  std::vector<std::string> names;
  for (const NamedProfile& profile : list_profiles(tree.caller)) names.push_back(profile.name);
  CHECK(std::ranges::is_sorted(names));
  CHECK(std::ranges::count(names, "a") == 1);
  CHECK(std::ranges::count(names, "default") == 1);
  CHECK(std::ranges::count(names, "no-profile") == 0);
  CHECK(std::ranges::count(names, ".hidden") == 0);
}

TEST_CASE("a profile extends files beside it and profiles by name, as they are checked by themselves") {
  const Tree tree;
  const std::string base = tree.home + "/project/base.toml";
  std::ofstream(base) << "version = 1\nhostname = \"base\"\n";
  std::ofstream(tree.caller.config_dir + "/profiles/mine.toml") << "version = 1\n[environment]\npass = [\"MINE\"]\n";
  std::ofstream(tree.home + "/project/snug.toml") << "version = 1\nextends = [\"mine\", \"./base.toml\"]\n";
  const auto load = [&] {
    return load_profile({read_profile("../snug.toml", tree.caller).value()}, {}, load_context(tree.caller));
  };
  const LoadOutcome outcome = load();
  CHECK(outcome.diagnostics.empty());
  CHECK(outcome.profile.hostname.value == "base");
  CHECK(outcome.profile.environment.pass.back().value == "MINE");
  CHECK(outcome.profile.file == tree.home + "/project/snug.toml");

  REQUIRE(chmod(base.c_str(), 0646) == 0);
  const LoadOutcome refused = load();
  REQUIRE(refused.diagnostics.size() == 1);
  CHECK(to_text(refused.diagnostics[0]) ==
        "../snug.toml:2:20: extends: cannot use profile ../base.toml: anyone may write it; fix: chmod o-w ../base.toml");
}
