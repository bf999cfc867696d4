// The home: a stored one bound at the home's path, a tmpfs, or an empty directory.
#include "base/paths.h"
#include "base/quote.h"
#include "plan/planner.h"

namespace snug {
namespace {

struct SkeletonFile {
  const char* path;
  const char* content;
};

// Enough for a prompt that shows one is inside. Nothing of the host's own start-up files is read.
constexpr SkeletonFile skeleton[] = {
    {".bashrc", R"(# Made by snug for shells in the sandbox; yours to change.
case $- in *i*) ;; *) return ;; esac
HISTCONTROL=ignoreboth
HISTSIZE=10000
shopt -s checkwinsize histappend
if [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  PS1='\[\e[1;36m\](snug)\[\e[0m\] \[\e[1;34m\]\w\[\e[0m\] \$ '
  alias ls='ls --color=auto' grep='grep --color=auto'
else
  PS1='(snug) \w \$ '
fi
if [ -r /usr/share/bash-completion/bash_completion ]; then . /usr/share/bash-completion/bash_completion; fi
)"},
    {".profile", R"(# Made by snug for login shells in the sandbox; yours to change.
if [ -n "${BASH_VERSION:-}" ] && [ -r "$HOME/.bashrc" ]; then . "$HOME/.bashrc"; fi
)"},
    {".zshrc", R"(# Made by snug for shells in the sandbox; yours to change.
HISTFILE=~/.zsh_history HISTSIZE=10000 SAVEHIST=10000
setopt hist_ignore_dups prompt_percent
bindkey -e
autoload -Uz compinit && compinit -u
if [[ -z "${NO_COLOR:-}" && "${TERM:-dumb}" != dumb ]]; then
  PROMPT='%B%F{cyan}(snug)%f %F{blue}%~%f%b %# '
else
  PROMPT='(snug) %~ %# '
fi
)"},
    {".config/fish/config.fish", R"(# Made by snug for shells in the sandbox; yours to change.
set -g fish_greeting
function fish_prompt
  if test -n "$NO_COLOR"
    echo -n '(snug) '(prompt_pwd)' > '
  else
    echo -n (set_color -o cyan)'(snug) '(set_color blue)(prompt_pwd)(set_color normal)' > '
  end
end
)"},
};

void put(Planner& planner, ViewKind what, const char* why) {
  planner.layout.place(
      {.target = planner.home, .what = std::move(what), .why = why, .origin = planner.profile.filesystem.home.origin},
      Rank::builtin);
}

void prepare_skeleton(Planner& planner, const std::string& files) {
  for (const SkeletonFile& file : skeleton) {
    const std::string path = join(files, file.path);
    prepare_directory(planner, std::string(parent_of(path)));
    prepare(planner, {.kind = Preparation::Kind::skeleton_file, .path = path, .content = file.content, .mode = 0600});
  }
}

void add_stored(Planner& planner) {
  const std::string directory = join(planner.state_dir, "homes/" + planner.key);
  planner.plan.stored_home = StoredHome{.directory = directory, .files = join(directory, "files")};
  const std::string& files = planner.plan.stored_home->files;
  prepare_directory(planner, files);
  prepare_skeleton(planner, files);
  const Caller& caller = planner.caller();
  put(planner, Bind{.source = files, .access = Access::write, .idmap = idmap_for(planner, caller.uid, caller.gid)},
      "home, kept between runs");
}

void add_tmpfs(Planner& planner) {
  put(planner, Tmpfs{.size = 4ULL << 30, .inodes = 1 << 20, .mode = 0700}, "home, gone at the end");
  for (const SkeletonFile& file : skeleton) {
    planner.layout.place({.target = join(planner.home, file.path),
                          .what = File{.content = file.content, .mode = 0600},
                          .why = "skeleton",
                          .origin = planner.profile.filesystem.home.origin},
                         Rank::builtin);
  }
}

/// Whoever names a capture does not mean to write to the project itself.
void refuse_named_capture(Planner& planner) {
  const Request& request = planner.request;
  if (request.changes_dir.empty() && request.onto.empty() && request.between.empty()) return;
  planner.fail("cannot keep changes apart from the project", planner.plan.project_mode.origin,
               "nothing is captured with this profile", "--project overlay, or --capture");
}

}  // namespace

void add_home(Planner& planner) {
  const Sourced<HomeMode>& mode = planner.profile.filesystem.home;
  const std::string& state = planner.caller().state_dir;
  planner.state_dir = planner.host.resolve(state).path;
  const Resolved real = planner.host.resolve(planner.caller().home);
  if (!real.links.empty()) planner.followed.push_back({.real = real, .origin = mode.origin, .entry = {}});
  if (planner.home == "/" && mode.value != HomeMode::none) {
    planner.fail("cannot use \"/\" as the home", mode.origin, "the system itself lies there",
                 "write home = \"none\", or set HOME to a directory");
    return;
  }
  switch (mode.value) {
    case HomeMode::stored:
      return add_stored(planner);
    case HomeMode::tmpfs:
      return add_tmpfs(planner);
    case HomeMode::none:
      if (planner.home != "/") put(planner, Directory{.mode = 0755}, "home, empty");
  }
}

void add_project(Planner& planner) {
  const Sourced<ProjectMode>& mode = planner.plan.project_mode;
  const std::string& project = planner.plan.project;
  if (project.empty()) return;
  ViewEntry entry{.target = project, .why = "project", .origin = mode.origin};
  if (mode.value == ProjectMode::overlay) {
    if (plan_capture(planner) == LayerLife::captured) return capture_project(planner);
    const auto overlay = make_overlay(planner, project, "project", LayerLife::scratch, mode.origin);
    if (!overlay) return;
    entry.what = *overlay;
    planner.note(Note::Level::warning, "changes to the project are thrown away when the run ends", mode.origin);
  } else {
    refuse_named_capture(planner);
    const FileStatus& status = planner.host.status(project);
    entry.what = Bind{.source = project,
                      .access = mode.value == ProjectMode::write ? Access::write : Access::read,
                      .idmap = idmap_for(planner, status.uid, status.gid)};
  }
  if (mode.value == ProjectMode::write) {
    planner.note(Note::Level::information,
                 "a writable project is no wall against what host tools (git, editors, make) run in it later",
                 mode.origin);
  }
  planner.layout.place(std::move(entry), Rank::section);
}

}  // namespace snug
