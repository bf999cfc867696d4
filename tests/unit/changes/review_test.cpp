#include "changes/review.h"

#include "support/catch.h"

using namespace snug;

namespace {

Change file(const std::string& path, std::uint32_t mode = 0644) {
  return {.kind = Change::Kind::added, .path = path, .after = {.kind = NodeKind::file, .mode = mode}};
}

Change symlink_to(const std::string& path, const std::string& target) {
  return {.kind = Change::Kind::added, .path = path, .after = {.kind = NodeKind::symlink, .target = target}};
}

bool flagged(const Change& change, const std::vector<std::string>& protect = {}) {
  return !review_reason(change, protect).empty();
}

}  // namespace

TEST_CASE("ordinary work needs no look") {
  for (const char* path : {"src/main.c", "node_modules/a/index.js", ".gitignore", "README.md", "git/hooks"}) {
    INFO(path);
    CHECK_FALSE(flagged(file(path)));
  }
}

TEST_CASE("what git writes while people work needs no look, and everything else of git's does") {
  for (const char* path :
       {".git/objects/ab/cdef", ".git/refs/heads/main", ".git/index", ".git/HEAD", ".git/logs/HEAD"}) {
    INFO(path);
    CHECK_FALSE(flagged(file(path)));
  }
  for (const char* path : {".git/config", ".git/hooks/post-checkout", ".git/commondir", ".git/config.worktree",
                           ".git/info/attributes", ".git/modules/a/config", "sub/.git", "sub/.git/config",
                           "sub/.git/objects/ab", ".git/rebase-merge/git-rebase-todo", ".git/objects-x/hooks"}) {
    INFO(path);
    CHECK(flagged(file(path)));
  }
}

TEST_CASE("what tools on the host obey is named") {
  for (const char* path : {".envrc", "deep/.envrc", ".vscode/tasks.json", ".github/workflows/ci.yml", "snug.toml",
                           ".gitmodules", ".husky/pre-commit"}) {
    INFO(path);
    CHECK(flagged(file(path)));
  }
}

TEST_CASE("the profile's own patterns count") {
  CHECK(flagged(file("config/secret.yml"), {"config/*.yml"}));
  CHECK(flagged(file("a/b/c.lock"), {"**/*.lock"}));
  CHECK(flagged(file("dir/below/it"), {"dir"}));
  CHECK_FALSE(flagged(file("dirt/x"), {"dir"}));
  CHECK_FALSE(flagged(file("config/deep/x.yml"), {"config/*.yml"}));
  CHECK(flagged(file("*evil.lock"), {"*.lock"}));  // the star of a name is a character as any other
}

TEST_CASE("links are followed as text to see whether they lead out") {
  CHECK(flagged(symlink_to("l", "/etc/passwd")));
  CHECK(flagged(symlink_to("a/l", "../../x")));
  CHECK(flagged(symlink_to("a/l", "b/../../../x")));
  CHECK_FALSE(flagged(symlink_to("a/l", "../x")));
  CHECK_FALSE(flagged(symlink_to("a/b/l", "../../x/y")));
}

TEST_CASE("a file that became executable is named, one that stays so is not") {
  CHECK(flagged(file("tool", 0755)));
  Change change = file("tool", 0755);
  change.before = {.kind = NodeKind::file, .mode = 0755};
  CHECK_FALSE(flagged(change));
  CHECK(flagged(file("suid", 04644)));
}
