#include "support/planning.h"

using namespace snug;

namespace {

const std::string worktree = R"(
d /home/ann/tree uid=1000
f /home/ann/tree/.git uid=1000 "gitdir: /home/ann/web/.git/worktrees/tree\n"
d /home/ann/web/.git/worktrees/tree uid=1000
f /home/ann/web/.git/worktrees/tree/gitdir uid=1000 "/home/ann/tree/.git\n"
f /home/ann/web/.git/worktrees/tree/commondir uid=1000 "../..\n"
)";

Planning in_worktree() {
  Planning planning;
  planning.host.add(worktree);
  planning.caller().cwd = "/home/ann/tree";
  return planning;
}

}  // namespace

TEST_CASE("a protected git directory is bound on itself with what git would run read-only") {
  Planning planning;
  planning.host.add(
      "f /home/ann/web/.git/config.worktree uid=1000\n"
      "f /home/ann/web/.git/modules/lib/HEAD uid=1000\nf /home/ann/web/.git/modules/lib/config uid=1000\n"
      "d /home/ann/web/.git/modules/lib/hooks uid=1000\n"
      "f /home/ann/web/.git/modules/group/inner/HEAD uid=1000\nf /home/ann/web/.git/modules/group/inner/config "
      "uid=1000\n");
  const Plan plan = planning.plan();
  const std::string git = "/home/ann/web/.git";
  CHECK(what_at<Bind>(plan, git)->access == Access::write);
  for (const char* name : {"/config", "/config.worktree", "/hooks", "/info", "/modules/lib/config",
                           "/modules/lib/hooks", "/modules/group/inner/config"}) {
    INFO(name);
    CHECK(what_at<Seal>(plan, git + name));
  }
  CHECK_FALSE(entry_at(plan, git + "/objects"));
}

TEST_CASE("an absent commondir gets a stub for the run, and so does one that a killed run left") {
  Planning planning;
  const bool left_over = GENERATE(false, true);
  if (left_over) planning.host.add("f /home/ann/web/.git/commondir uid=1000 \".\\n\"");
  const Plan plan = planning.plan();
  CHECK(prepares(plan, Preparation::Kind::stub, "/home/ann/web/.git/commondir"));
  CHECK(what_at<Seal>(plan, "/home/ann/web/.git/commondir"));
}

TEST_CASE("git = write leaves the git directory to the command, git = read seals it whole") {
  Planning planning;
  planning.toml = "filesystem.git = \"write\"";
  CHECK_FALSE(entry_at(planning.plan(), "/home/ann/web/.git"));
  planning.toml = "filesystem.git = \"read\"";
  const Plan plan = planning.plan();
  CHECK(what_at<Seal>(plan, "/home/ann/web/.git"));
  CHECK_FALSE(entry_at(plan, "/home/ann/web/.git/config"));
}

TEST_CASE("a worktree brings its repository's git directory, protected") {
  Planning planning = in_worktree();
  const Plan plan = planning.plan();
  CHECK(plan.project == "/home/ann/tree");
  CHECK(what_at<Bind>(plan, "/home/ann/tree/.git")->access == Access::read);
  CHECK(what_at<Bind>(plan, "/home/ann/web/.git")->access == Access::write);
  CHECK(what_at<Seal>(plan, "/home/ann/web/.git/config"));
  CHECK(what_at<Seal>(plan, "/home/ann/web/.git/hooks"));
  CHECK(what_at<Seal>(plan, "/home/ann/web/.git/worktrees/tree/commondir"));
  CHECK_FALSE(entry_at(plan, "/home/ann/web"));
}

TEST_CASE("a .git file is believed only where the repository agrees") {
  struct Row {
    const char* change;
    const char* doubt;
  };
  const Row row = GENERATE(
      Row{"f /home/ann/web/.git/worktrees/tree/gitdir uid=1000 \"/home/ann/elsewhere/.git\\n\"", "does not point back"},
      Row{"f /home/ann/tree/.git uid=1000 \"gitdir: /home/ann/.ssh\\n\"", "does not point back"},
      Row{"f /home/ann/tree/.git uid=1000 \"gitdir: /nowhere\\n\"", "no git directory that exists"},
      Row{"f /home/ann/tree/.git uid=1000 \"rubbish\"", "no git directory that exists"},
      Row{"f /home/ann/web/.git/worktrees/tree/commondir uid=1000 \"/home/ann\\n\"", "not a worktree"},
      Row{"d /home/ann/web/.git uid=0", "does not belong to you"});
  Planning planning = in_worktree();
  planning.host.add(row.change);
  const Plan plan = planning.plan();
  INFO(row.doubt);
  CHECK(has_note(plan, row.doubt));
  CHECK_FALSE(entry_at(plan, "/home/ann/web/.git"));
  CHECK_FALSE(entry_at(plan, "/home/ann/.ssh"));
}

TEST_CASE("a .git that is a symbolic link cannot be protected, and that is an error") {
  Planning planning;
  planning.host.add("d /home/ann/bad uid=1000\nl /home/ann/bad/.git uid=1000 -> /home/ann/web/.git");
  planning.caller().cwd = "/home/ann/bad";
  CHECK(planning.errors().find("symbolic link") != std::string::npos);
}

TEST_CASE("more submodules than can be looked at are an error") {
  Planning planning;
  std::string many;
  for (int i = 0; i < 2100; ++i) many += "f /home/ann/web/.git/modules/m" + std::to_string(i) + "/HEAD\n";
  planning.host.add(many);
  CHECK(planning.errors().find("submodules") != std::string::npos);
}
