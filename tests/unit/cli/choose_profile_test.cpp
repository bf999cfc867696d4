#include "cli/choose_profile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/profile_files.h"
#include "host/probe.h"
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
  Result<ChosenProfile> choose(const std::optional<std::string>& named = {}) const {
    return choose_profile(named, caller, *host);
  }
  std::string home;
  Caller caller;
  std::unique_ptr<HostView> host = real_host_view();
};

}  // namespace

TEST_CASE("without -p the nearest snug.toml is used, and its directory is the project") {
  const Tree tree;
  const auto chosen = tree.choose();
  REQUIRE(chosen);
  REQUIRE(chosen->texts.size() == 1);
  CHECK(chosen->texts[0].text == "# project\n");
  CHECK(chosen->file == tree.home + "/project/snug.toml");
  CHECK(chosen->project.path == tree.home + "/project");
  CHECK(chosen->notices.empty());
}

TEST_CASE("the search for a snug.toml stops at the home") {
  Tree tree;
  fs::remove(tree.home + "/project/snug.toml");
  CHECK(tree.choose()->texts.empty());
  CHECK(tree.choose()->project.reason == "current directory");
  tree.caller.cwd = tree.home;
  CHECK(find_project_profile(tree.caller)->file.empty());
}

TEST_CASE("a snug.toml that is not the caller's alone does not count, or stops the run") {
  Tree tree;
  const std::string file = tree.home + "/project/snug.toml";
  const auto why = [&] { return to_text(tree.choose().error()); };
  REQUIRE(chmod(file.c_str(), 0666) == 0);
  CHECK(why() == "cannot use " + file + ": anyone may write it\n  fix: chmod go-w " + file +
                     "\n       without it: snug -p default");
  REQUIRE(chmod(file.c_str(), 0644) == 0);
  REQUIRE(chmod((tree.home + "/project").c_str(), 0777) == 0);
  CHECK(why().find("anyone may write its directory\n  fix: chmod go-w " + tree.home + "/project\n") !=
        std::string::npos);
  REQUIRE(chmod((tree.home + "/project").c_str(), 0755) == 0);

  // A group of the user's own name holds nobody else.
  REQUIRE(chmod(file.c_str(), 0664) == 0);
  tree.caller.gid = getgid() == 0 ? 0 : getgid();
  tree.caller.user_name = "ann";
  tree.caller.group_names[getgid()] = "ann";
  CHECK(tree.choose());
  tree.caller.group_names[getgid()] = "staff";
  if (getgid() != 0) CHECK(why().find("group staff may write it") != std::string::npos);
  REQUIRE(chmod(file.c_str(), 0644) == 0);

  fs::rename(file, tree.home + "/project/real.toml");
  fs::create_symlink("real.toml", file);
  CHECK(why().find("it is a symbolic link") != std::string::npos);
  fs::remove(file);
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  CHECK(why().find("it is not a regular file") != std::string::npos);
  fs::remove(file);
  fs::create_directory(file);
  CHECK(tree.choose()->texts.empty());
}

TEST_CASE("a snug.toml of somebody else is passed over with a notice") {
  Tree tree;
  tree.caller.uid = 4242;
  if (getuid() == 0) REQUIRE(chown((tree.home + "/project/snug.toml").c_str(), 4343, 4343) == 0);
  const auto found = find_project_profile(tree.caller);
  REQUIRE(found);
  CHECK(found->file.empty());
  REQUIRE(found->notices.size() == 1);
  CHECK(found->notices[0].starts_with(tree.home + "/project/snug.toml is not used: it belongs to uid "));
}

TEST_CASE("the user's own file for the project is laid on top, whatever profile is used") {
  const Tree tree;
  const std::string file = tree.choose()->user_file;
  CHECK(file.starts_with(tree.caller.config_dir + "/projects/project-"));
  fs::create_directories(tree.caller.config_dir + "/projects");
  std::ofstream(file) << "# own\n";
  for (const auto& named : {std::optional<std::string>(), std::optional<std::string>("../snug.toml")}) {
    const auto chosen = tree.choose(named);
    REQUIRE(chosen->texts.size() == 2);
    CHECK(chosen->texts[1].text == "# own\n");
    CHECK(chosen->texts[1].role == ProfileText::Role::laid_on_top);
  }
  REQUIRE(chmod(file.c_str(), 0646) == 0);
  CHECK(to_text(tree.choose().error()).find("anyone may write it") != std::string::npos);
}

TEST_CASE("what is allowed for this session is laid over the user's own file") {
  Tree tree;
  CHECK(tree.choose()->session_file.empty());
  tree.caller.runtime_dir = tree.home + "/runtime/snug";
  const std::string own = tree.choose()->user_file, session = tree.choose()->session_file;
  CHECK(session == tree.caller.runtime_dir + "/projects/" + fs::path(own).filename().string());
  CHECK_FALSE(tree.choose()->has_session_file);
  for (const std::string& file : {own, session}) {
    fs::create_directories(fs::path(file).parent_path());
    std::ofstream(file) << "# " << file << "\n";
  }
  const auto chosen = tree.choose();
  REQUIRE(chosen->texts.size() == 3);
  CHECK(chosen->has_session_file);
  CHECK(chosen->texts[2].path == session);
  CHECK(chosen->texts[2].role == ProfileText::Role::laid_on_top);
  fs::remove(own);
  CHECK(tree.choose()->texts.size() == 2);
}

TEST_CASE("-p takes a file relative to the current directory, or default") {
  const Tree tree;
  const auto chosen = tree.choose("../snug.toml");
  REQUIRE(chosen);
  CHECK(chosen->file == tree.home + "/project/snug.toml");
  REQUIRE(chosen->texts.size() == 1);
  CHECK(chosen->texts[0].file == "../snug.toml");
  CHECK(chosen->texts[0].text == "# project\n");
  CHECK(tree.choose("default")->notices.empty());
}

TEST_CASE("a profile that cannot be used is refused with the reason") {
  const Tree tree;
  const auto why = [&](const std::string& named) { return to_text(tree.choose(named).error()); };
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
    CHECK(choose_profile("../snug.toml", other, *tree.host));  // root's files are trusted by everyone
  } else {
    CHECK_FALSE(choose_profile("../snug.toml", other, *tree.host));
  }
}

TEST_CASE("a profile is looked up by name in the user's directory before the shipped ones") {
  const Tree tree;
  const auto shipped = tree.choose("default");
  REQUIRE(shipped);
  const std::string file = tree.caller.config_dir + "/profiles/mine.toml";
  CHECK_FALSE(tree.choose("mine"));
  std::ofstream(file) << "# mine\n";
  const auto chosen = tree.choose("mine");
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
  CHECK(to_text(tree.choose("mine").error()).find("anyone may write it") != std::string::npos);
}

TEST_CASE("no file can stand for the default") {
  const Tree tree;
  std::ofstream(tree.caller.config_dir + "/profiles/default.toml") << "# mine\n";
  CHECK(tree.choose("default")->texts.empty());
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
    return load_profile({read_profile("../snug.toml", tree.caller).value()}, {}, load_context(tree.caller, "/p"));
  };
  const LoadOutcome outcome = load();
  CHECK(outcome.diagnostics.empty());
  CHECK(outcome.profile.hostname.value == "base");
  CHECK(outcome.profile.environment.pass.back().value == "MINE");
  CHECK(outcome.profile.file == tree.home + "/project/snug.toml");

  REQUIRE(chmod(base.c_str(), 0646) == 0);
  const LoadOutcome refused = load();
  REQUIRE(refused.diagnostics.size() == 1);
  CHECK(
      to_text(refused.diagnostics[0]) ==
      "../snug.toml:2:20: extends: cannot use profile ../base.toml: anyone may write it; fix: chmod go-w ../base.toml");
}
