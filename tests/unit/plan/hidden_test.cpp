#include "plan/glob.h"
#include "support/planning.h"

using namespace snug;

TEST_CASE("patterns match whole components") {
  CHECK(matches_component("*.env", "a.env"));
  CHECK(matches_component("LC_*", "LC_ALL"));
  CHECK_FALSE(matches_component("LC_*", "XLC_ALL"));
  CHECK(matches_component("a*b*c", "aXbYbZc"));
  CHECK_FALSE(matches_component("a*b*c", "aXbYbZ"));
  CHECK(matches_component("?", "x"));
  CHECK_FALSE(matches_component("?", ""));
  CHECK(matches_component("[id].ts", "[id].ts"));
  CHECK_FALSE(matches_component(std::string(30, '*') + "b", std::string(200, 'a')));  // in linear time
}

TEST_CASE("hidden files and directories are masked as what they are") {
  Planning planning;
  planning.host.add("f /home/ann/web/.env uid=1000\nd /home/ann/web/secrets uid=1000");
  planning.toml = "filesystem.hide = [\".env\", \"secrets\"]";
  const Plan plan = planning.plan();
  CHECK_FALSE(what_at<Mask>(plan, "/home/ann/web/.env")->directory);
  CHECK(what_at<Mask>(plan, "/home/ann/web/secrets")->directory);
}

TEST_CASE("hiding what is not visible anyway does nothing") {
  Planning planning;
  planning.toml = "filesystem.hide = [\"~/.netrc\", \"/nowhere\"]";
  const Plan plan = planning.plan();
  CHECK_FALSE(entry_at(plan, "/home/ann/.netrc"));
  CHECK_FALSE(entry_at(plan, "/nowhere"));
}

TEST_CASE("a pattern hides every match in the project, at any depth, and follows no link") {
  Planning planning;
  planning.host.add(
      "f /home/ann/web/.env uid=1000\nf /home/ann/web/a/b/.env uid=1000\nl /home/ann/web/out -> /home/ann\n"
      "f /home/ann/.env uid=1000");
  planning.toml = "filesystem.hide = [\"**/.env\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Mask>(plan, "/home/ann/web/.env"));
  CHECK(what_at<Mask>(plan, "/home/ann/web/a/b/.env"));
  CHECK_FALSE(what_at<Mask>(plan, "/home/ann/.env"));
}

TEST_CASE("a pattern over too many files is an error that names the way out") {
  Planning planning;
  std::string many;
  for (int i = 0; i < 20001; ++i) many += "f /home/ann/web/src/" + std::to_string(i) + "\n";
  planning.host.add(many);
  planning.toml = "filesystem.hide = [\"**/.env\"]";
  CHECK(planning.errors().find("patterns that start further down") != std::string::npos);
}

TEST_CASE("a literal beats a pattern, and the more specific literal wins") {
  Planning planning;
  planning.host.add("f /home/ann/web/a/.env uid=1000\nd /srv/x/y uid=1000");
  planning.toml =
      "filesystem.hide = [\"**/.env\", \"/srv/x\"]\nfilesystem.read = [\"/home/ann/web/a/.env\", \"/srv/x\", "
      "\"/srv/x/y\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/home/ann/web/a/.env"));
  CHECK(what_at<Tmpfs>(plan, "/srv/x"));  // only the way to what is shown below
  CHECK(what_at<Bind>(plan, "/srv/x/y"));
  CHECK(has_note(plan, "stricter"));
}

TEST_CASE("hiding takes away what snug itself shows") {
  Planning planning;
  planning.toml = "filesystem.hide = [\"/etc/fonts\", \"/dev/mqueue\", \"/usr/games\", \"/sys\"]";
  const Plan plan = planning.plan();
  CHECK_FALSE(entry_at(plan, "/etc/fonts"));
  CHECK_FALSE(entry_at(plan, "/dev/mqueue"));
  CHECK(what_at<Mask>(plan, "/usr/games"));
  CHECK_FALSE(entry_at(plan, "/sys/devices/system/cpu"));
}

TEST_CASE("a link in the project cannot carry a mask out of it") {
  Planning planning;
  planning.host.add("l /home/ann/web/.env -> /usr/bin");
  planning.toml = "filesystem.hide = [\".env\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/usr"));
  CHECK_FALSE(entry_at(plan, "/usr/bin"));
  CHECK(has_note(plan, "out of the project"));
}

TEST_CASE("a hidden home shows only what is listed below it") {
  Planning planning;
  planning.toml = "filesystem.hide = [\"~\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Tmpfs>(plan, "/home/ann")->mode == 0555);
  CHECK(what_at<Bind>(plan, "/home/ann/web"));
  CHECK_FALSE(plan.stored_home);
}

TEST_CASE("protected paths are read-only under a writable project") {
  Planning planning;
  planning.host.add(
      "f /home/ann/web/.envrc uid=1000\nd /home/ann/web/.vscode uid=1000\nd /home/ann/web/.github/workflows uid=1000");
  planning.toml = "filesystem.protect = [\".envrc\", \".vscode/**\", \".github/workflows/**\", \".idea/**\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Seal>(plan, "/home/ann/web/.envrc"));
  CHECK(what_at<Seal>(plan, "/home/ann/web/.vscode"));
  CHECK(what_at<Seal>(plan, "/home/ann/web/.github/workflows"));
  CHECK(has_note(plan, ".idea\" is absent"));
}

TEST_CASE("nothing is sealed that is read-only already") {
  Planning planning;
  planning.toml = "filesystem.project = \"read\"\nfilesystem.protect = [\"src\"]";
  CHECK_FALSE(entry_at(planning.plan(), "/home/ann/web/src"));
}

namespace {

const Watch* watch_of(const Plan& plan, const std::string& path) {
  for (const Watch& watch : plan.watches) {
    if (watch.path == path) return &watch;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("what a mount protects in a host directory is watched, and what cannot come loose is not") {
  Planning planning;
  planning.host.add("f /home/ann/web/.env uid=1000\nd /home/ann/web/a/b uid=1000\nd /srv/x uid=1000");
  planning.toml = "filesystem.hide = [\".env\"]\nfilesystem.protect = [\"a/b\"]\nfilesystem.read = [\"/srv/x\"]";
  const Plan plan = planning.plan();
  REQUIRE(watch_of(plan, "/home/ann/web/.env"));
  CHECK(watch_of(plan, "/home/ann/web/.env")->loss == Watch::Loss::shown);
  CHECK(watch_of(plan, "/home/ann/web/.env")->origin.key == "filesystem.hide");
  CHECK(watch_of(plan, "/home/ann/web/a/b")->loss == Watch::Loss::writable);
  CHECK(watch_of(plan, "/home/ann/web/.git/config")->loss == Watch::Loss::writable);
  CHECK(watch_of(plan, "/home/ann/web/.git/rebase-merge")->loss == Watch::Loss::made);
  CHECK_FALSE(watch_of(plan, "/srv/x"));
  REQUIRE(plan.git_search);
  CHECK(plan.git_search->git == "/home/ann/web/.git");
}

TEST_CASE("a protected file that is absent is watched, and looked for after a run that was killed") {
  Planning planning;
  planning.host.add("f /home/ann/web/.envrc uid=1000");
  planning.toml = "filesystem.protect = [\".envrc\", \".vscode/settings.json\", \"/usr/absent\", \"~/absent\"]";
  const Plan plan = planning.plan();
  REQUIRE(watch_of(plan, "/home/ann/web/.vscode/settings.json"));
  CHECK(watch_of(plan, "/home/ann/web/.vscode/settings.json")->loss == Watch::Loss::made);
  CHECK(has_note(plan, "is absent and could be created inside"));
  CHECK(plan.git_search->expected ==
        std::vector<std::string>{"/home/ann/web/.envrc", "/home/ann/web/.vscode/settings.json"});
  planning.toml = "require = [\"filesystem\"]\nfilesystem.protect = [\".vscode\"]";
  CHECK(planning.errors().find("is not made inside") != std::string::npos);
}

TEST_CASE("the directories above a read-only place in a writable one are held in place") {
  Planning planning;
  planning.host.add("d /home/ann/web/a/b/c uid=1000");
  planning.toml = "filesystem.read = [\"/home/ann/web/a/b/c\"]";
  const Plan plan = planning.plan();
  for (const char* held : {"/home/ann/web/a", "/home/ann/web/a/b"}) {
    INFO(held);
    REQUIRE(what_at<Bind>(plan, held));
    CHECK(what_at<Bind>(plan, held)->access == Access::write);
  }
}

TEST_CASE("a promise of the view refuses masks on single files that could come loose") {
  Planning planning;
  planning.host.add("f /home/ann/web/.env uid=1000\nd /home/ann/web/secrets uid=1000");
  planning.toml = "require = [\"filesystem\"]\nfilesystem.hide = [\".env\"]";
  CHECK(planning.errors().find("project = \"overlay\"") != std::string::npos);
  planning.toml = "require = [\"filesystem\"]\nfilesystem.hide = [\"secrets\"]";
  CHECK(planning.errors().empty());
}

TEST_CASE("more hidden files than are watched are said") {
  Planning planning;
  std::string many;
  for (int i = 0; i < 300; ++i) many += "f /home/ann/web/d" + std::to_string(i) + "/.env uid=1000\n";
  planning.host.add(many);
  planning.toml = "filesystem.hide = [\"**/.env\"]";
  const Plan plan = planning.plan();
  CHECK(plan.watches.size() == 256);
  CHECK(has_note(plan, "watched"));
}

TEST_CASE("what is protected with '?' may be absent, without a word") {
  Planning planning;
  planning.host.add("d /home/ann/web/.vscode uid=1000");
  planning.toml = "filesystem.protect = [\".envrc?\", \".vscode?\"]";
  const Plan plan = planning.plan();
  CHECK_FALSE(has_note(plan, "is absent"));
  CHECK(what_at<Seal>(plan, "/home/ann/web/.vscode"));
}

TEST_CASE("a run that shows the home makes the places of other sandboxes, and hides them, before there are any") {
  Planning planning;
  planning.toml = "filesystem.home = \"none\"\nfilesystem.read = [\"~/.local\"]\nfilesystem.git = \"write\"";
  planning.host.add("d /home/ann/.local/share uid=1000");
  const Plan plan = planning.plan();
  for (const std::string place : {"/home/ann/.local/state/snug/detached", "/home/ann/.local/state/snug/running"}) {
    CHECK(what_at<Mask>(plan, place)->directory);
    CHECK(std::ranges::count(plan.preparations, place, &Preparation::path) == 1);
  }
  CHECK(plan.preparations.front().path == "/home/ann/.local/state/snug");
}

TEST_CASE("nothing is made for other sandboxes in a run that does not show their places") {
  Planning planning;
  planning.toml = "filesystem.home = \"none\"\nfilesystem.git = \"write\"";
  CHECK(planning.plan().preparations.empty());
}
