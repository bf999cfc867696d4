// The project's git directory. What git runs on the host (hooks, filters named in config) must not be writable from
// inside; the rest must be, or nothing could be committed.
#include <set>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/planner.h"
#include "plan/words.h"

namespace snug {
namespace {

/// What git on the host would run or be redirected by, relative to a git directory.
constexpr const char* sealed_names[] = {"config", "config.worktree", "hooks", "info"};
/// The same in the git directory of a submodule.
constexpr const char* sealed_module_names[] = {"config", "config.worktree", "hooks"};
/// The same in what a repository keeps of each work tree.
constexpr const char* sealed_worktree_names[] = {"commondir", "gitdir", "config.worktree"};

constexpr std::size_t most_module_entries = 2000;
constexpr std::size_t most_gitfile = 4096;
constexpr const char* stub_content = ".\n";
constexpr int deepest_modules = 8;

const Origin& git_origin(const Planner& planner) { return planner.profile.filesystem.git.origin; }

void seal(Planner& planner, const std::string& path) {
  if (!planner.host.exists(path)) return;
  planner.layout.cover(
      {.target = path, .what = Seal{}, .why = "git would run it on the host", .origin = git_origin(planner)},
      Rank::builtin);
}

void bind(Planner& planner, const std::string& path, Access access, const char* why) {
  const FileStatus& status = planner.host.status(path);
  const Bind what{.source = path,
                  .access = access,
                  .directory = status.kind == FileKind::directory,
                  .idmap = idmap_for(planner, status.uid, status.gid)};
  planner.layout.place({.target = path, .what = what, .why = why, .origin = git_origin(planner)}, Rank::builtin);
}

/// An absent `commondir` could be made inside, and would redirect git on the host to another configuration: a stub
/// that names the git directory itself stands there for the run. One that a killed run left is taken over.
void seal_common_directory(Planner& planner, const std::string& git) {
  const std::string path = join(git, "commondir");
  const FileKind kind = planner.host.status(path).kind;
  // Empty, it is one that a killed run had not written yet; git itself never makes such a file.
  const auto text = kind == FileKind::regular ? planner.host.read_small(path, most_gitfile) : std::nullopt;
  const bool left_over = text && (text->empty() || *text == stub_content);
  if (kind == FileKind::absent || left_over) {
    prepare(planner, {.kind = Preparation::Kind::stub, .path = path, .content = stub_content, .mode = 0644});
  }
  planner.layout.cover(
      {.target = path, .what = Seal{}, .why = "git would be redirected by it", .origin = git_origin(planner)},
      Rank::builtin);
}

/// A mount point cannot be renamed: without this, the directory could be moved away and one with other contents put in
/// its place, whatever is read-only in the first.
void pin(Planner& planner, const std::string& directory) {
  bind(planner, directory, Access::write, "cannot be replaced: git on the host would run what lies in it");
}

/// Not by HEAD alone: code inside may remove that, so that the next run seals nothing, and put it back then.
bool looks_like_repository(Planner& planner, const std::string& path) {
  for (const char* name : {"config", "HEAD", "commondir", "objects"}) {
    if (planner.host.exists(join(path, name))) return true;
  }
  return false;
}

/// Seals the git directories below `modules`; submodules may have slashes in their names. False: too many.
bool seal_modules(Planner& planner, const std::string& modules, std::size_t& budget, int depth) {
  if (depth > deepest_modules) return false;
  pin(planner, modules);
  for (const std::string& name : planner.host.list(modules)) {
    if (budget-- == 0) return false;
    const std::string path = join(modules, name);
    if (planner.host.status(path).kind != FileKind::directory) continue;
    const bool repository = looks_like_repository(planner, path);
    if (repository) {
      pin(planner, path);
      for (const char* sealed : sealed_module_names) seal(planner, join(path, sealed));
      seal_common_directory(planner, path);
    }
    const std::string further = repository ? join(path, "modules") : path;
    if (planner.host.status(further).kind != FileKind::directory) continue;
    if (!seal_modules(planner, further, budget, depth + 1)) return false;
  }
  return true;
}

/// What the repository keeps of its work trees, which may lie anywhere on the host.
bool seal_worktrees(Planner& planner, const std::string& worktrees) {
  if (planner.host.status(worktrees).kind != FileKind::directory) return true;
  pin(planner, worktrees);
  std::size_t budget = most_module_entries;
  for (const std::string& name : planner.host.list(worktrees)) {
    if (budget-- == 0) return false;
    const std::string path = join(worktrees, name);
    if (planner.host.status(path).kind != FileKind::directory) continue;
    pin(planner, path);
    for (const char* sealed : sealed_worktree_names) seal(planner, join(path, sealed));
  }
  return true;
}

/// A git directory bound on itself: a mount point cannot be renamed away and replaced.
void protect_git_directory(Planner& planner, const std::string& git) {
  bind(planner, git, Access::write, "git directory");
  planner.git = planner.git_common = git;
  for (const char* name : sealed_names) seal(planner, join(git, name));
  seal_common_directory(planner, git);
  const std::string modules = join(git, "modules");
  std::size_t budget = most_module_entries;
  const bool has_modules = planner.host.status(modules).kind == FileKind::directory;
  if (has_modules && !seal_modules(planner, modules, budget, 0)) {
    planner.fail("cannot protect the submodules of " + quote_for_display(git), git_origin(planner),
                 "there are more than can be looked at before a run", "write project = \"overlay\"");
  }
  if (!seal_worktrees(planner, join(git, "worktrees"))) {
    planner.fail("cannot protect the work trees of " + quote_for_display(git), git_origin(planner),
                 "there are more than can be looked at before a run", "git worktree prune, or project = \"overlay\"");
  }
  if (!planner.host.exists(join(git, "hooks"))) {
    planner.note(
        Note::Level::information,
        quote_for_display(join(git, "hooks")) + " is absent and could be made inside: git would run what lies in it",
        git_origin(planner));
  }
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

/// The path a git pointer file holds, relative ones below `directory`, links followed. Empty if it is not one.
std::string pointed_to(Planner& planner, const std::string& file, const std::string& prefix,
                       const std::string& directory) {
  const std::optional<std::string> text = planner.host.read_small(file, most_gitfile);
  if (!text || !text->starts_with(prefix) || text->size() >= most_gitfile) return "";
  const std::string path = trimmed(text->substr(prefix.size()));
  if (path.empty() || path.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) return "";
  const Resolved real = planner.host.resolve(path.front() == '/' ? path : join(directory, path));
  return real.exists() ? real.path : "";
}

/// The main repository's git directory of the worktree at `project`, or why it cannot be believed. The `.git` file
/// comes with the project, and so from whoever wrote it: it only counts where the repository agrees.
struct Worktree {
  std::string common;   ///< the main repository's git directory; empty: none to show
  std::string own;      ///< this work tree's part of it
  std::string doubt;    ///< why it is not shown
  bool within = false;  ///< a separate git directory within the project
};

Worktree doubtful(std::string why) { return {.doubt = std::move(why)}; }

Worktree main_repository(Planner& planner, const std::string& project) {
  const std::string pointer = join(project, ".git");
  const std::string own = pointed_to(planner, pointer, "gitdir: ", project);
  if (own.empty()) return doubtful("it names no git directory that exists");
  if (is_below(own, project)) return {.own = own, .within = true};
  if (pointed_to(planner, join(own, "gitdir"), "", own) != pointer) {
    return doubtful(quote_for_display(own) + " does not point back to this work tree");
  }
  const std::string common = pointed_to(planner, join(own, "commondir"), "", own);
  if (common.empty() || own != join(common, "worktrees/" + std::string(base_name(own)))) {
    return doubtful(quote_for_display(own) + " is not a worktree of the repository it names");
  }
  const FileStatus& status = planner.host.status(common);
  const Caller& caller = planner.caller();
  const bool owned = status.uid == caller.uid || (caller.uid == 0 && caller.sudo_uid == status.uid);
  if (status.kind != FileKind::directory || !owned)
    return doubtful(quote_for_display(common) + " does not belong to you");
  if (is_below(common, planner.state_dir)) return doubtful("it lies in snug's own state");
  if (is_below(planner.state_dir, common) || is_below(planner.home, common)) return doubtful("your home lies in it");
  if (!planner.host.exists(join(common, "HEAD")) || !planner.host.exists(join(common, "objects"))) {
    return doubtful(quote_for_display(common) + " is no git directory");
  }
  return {.common = common, .own = own};
}

void pin_directories_between(Planner& planner, const std::string& project, const std::string& path) {
  for (std::string above(parent_of(path)); above.size() > project.size(); above = parent_of(above)) pin(planner, above);
}

/// `git init --separate-git-dir` can put it anywhere, among the project's files too. If it is a work tree's, the
/// repository of that lies there as well.
void protect_separate_directory(Planner& planner, const std::string& project, const std::string& own, GitMode mode) {
  if (mode == GitMode::read) return seal(planner, own);
  const std::string common = pointed_to(planner, join(own, "commondir"), "", own);
  for (const std::string& git : std::set<std::string>{own, common}) {
    if (git.size() <= project.size() || !is_below(git, project)) continue;
    pin_directories_between(planner, project, git);
    protect_git_directory(planner, git);
  }
}

void show_worktree(Planner& planner, const std::string& project, GitMode mode) {
  bind(planner, join(project, ".git"), Access::read, "names the repository of this work tree");
  const Worktree found = main_repository(planner, project);
  if (!found.doubt.empty()) {
    planner.note(
        Note::Level::warning,
        quote_for_display(join(project, ".git")) + " is not followed: " + found.doubt + "; git will not work inside",
        git_origin(planner));
  }
  if (found.within && planner.plan.project_mode.value == ProjectMode::write) {
    return protect_separate_directory(planner, project, found.own, mode);
  }
  if (found.common.empty()) return;
  if (mode == GitMode::read || planner.plan.project_mode.value == ProjectMode::read) {
    return bind(planner, found.common, Access::read, "repository of this work tree");
  }
  protect_git_directory(planner, found.common);
  planner.git = found.own;
}

void refuse_link(Planner& planner, const std::string& git) {
  planner.fail("cannot protect " + quote_for_display(git), git_origin(planner),
               "it is a symbolic link, which code inside could replace",
               "write git = \"write\" or project = \"overlay\"");
}

}  // namespace

void add_git(Planner& planner) {
  const Plan& plan = planner.plan;
  const GitMode mode = planner.profile.filesystem.git.value;
  const ProjectMode project_mode = plan.project_mode.value;
  if (plan.project.empty() || mode == GitMode::write) return;
  const bool overlay = project_mode == ProjectMode::overlay;
  if (overlay && mode == GitMode::protect) return;  // nothing reaches the host unreviewed

  const std::string git = join(plan.project, ".git");
  switch (planner.host.status(git).kind) {
    case FileKind::directory:
      if (mode == GitMode::read) return seal(planner, git);
      if (project_mode == ProjectMode::write) protect_git_directory(planner, git);
      return;
    case FileKind::regular:
      return overlay ? seal(planner, git) : show_worktree(planner, plan.project, mode);
    case FileKind::symlink:
      if (project_mode == ProjectMode::write) refuse_link(planner, git);
      return;
    default:
      return;
  }
}

}  // namespace snug
