// What runs: the command or a shell, where it is looked for, and where it starts.
#include "base/paths.h"
#include "base/quote.h"
#include "plan/planner.h"

namespace snug {
namespace {

constexpr const char* usual_shells[] = {"/bin/bash", "/bin/sh", "/run/current-system/sw/bin/bash"};
/// Login shells of accounts nobody is meant to log in to.
constexpr std::string_view no_shells[] = {"nologin", "false", "true", "sync"};

bool is_file_inside(Planner& planner, const std::string& path) {
  return path.starts_with('/') && planner.layout.look(path, planner.host).kind == FileKind::regular;
}

bool is_shell(const std::string& path) {
  for (const std::string_view name : no_shells) {
    if (base_name(path) == name) return false;
  }
  return true;
}

/// The absolute paths execvp(3) would try, in order.
std::vector<std::string> candidates_for(const Planner& planner, const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return {name.starts_with('/') ? name : join(planner.plan.command.workdir, name)};
  }
  std::vector<std::string> paths;
  for (const std::string& directory : planner.path) paths.push_back(join(directory, name));
  return paths;
}

std::string first_visible(Planner& planner, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (is_file_inside(planner, path)) return path;
  }
  return "";
}

/// The user's shell, if it can be seen inside.
std::string choose_shell(Planner& planner) {
  const auto& wanted = planner.profile.shell;
  if (wanted && !wanted->value.empty()) {
    const std::string shell = first_visible(planner, candidates_for(planner, wanted->value.front()));
    if (!shell.empty()) return shell;
    planner.fail("cannot find the shell " + quote_for_display(wanted->value.front()) + " inside", wanted->origin,
                 "it is not in the view", "name another one, or show it: filesystem.read");
    return "";
  }
  const std::string& own = planner.caller().shell;
  if (is_shell(own) && is_file_inside(planner, own)) return own;
  return first_visible(planner, {std::begin(usual_shells), std::end(usual_shells)});
}

void run_shell(Planner& planner) {
  CommandPlan& command = planner.plan.command;
  const std::string& shell = planner.plan.identity.shell;
  command.interactive_shell = true;
  if (shell.empty()) {
    if (planner.profile.shell) return;  // said already
    planner.fail("cannot find a shell inside", planner.profile.filesystem.root.origin,
                 "neither your shell nor /bin/bash nor /bin/sh is in the view",
                 "name a command, or show a shell: shell = [\"...\"]");
    return;
  }
  const auto& wanted = planner.profile.shell;
  command.argv = wanted && !wanted->value.empty() ? wanted->value : std::vector<std::string>{shell};
  command.candidates = {shell};
}

void choose_workdir(Planner& planner) {
  CommandPlan& command = planner.plan.command;
  const auto& wanted = planner.profile.workdir;
  if (wanted) {
    const std::string path = expand(planner, wanted->path, wanted->origin, planner.plan.project);
    command.workdir = path.empty() ? "/" : normalise(path);
    command.workdir_origin = wanted->origin;
  } else {
    command.workdir = planner.caller().cwd;
  }
  const bool there = planner.layout.look(command.workdir, planner.host).kind == FileKind::directory;
  if (there || (wanted && wanted->path.empty())) return;
  const bool may_move = !wanted && planner.plan.project.empty();
  if (may_move) {
    const std::string& home = planner.plan.identity.home;
    command.workdir = visible(planner, home) ? home : "/";
    return;
  }
  planner.fail("cannot start in " + quote_for_display(command.workdir), command.workdir_origin,
               "it is not visible inside", "--workdir DIR, or show it: --read " + escape_for_display(command.workdir));
}

}  // namespace

void choose_command(Planner& planner) {
  choose_workdir(planner);
  CommandPlan& command = planner.plan.command;
  planner.plan.identity.shell = choose_shell(planner);
  if (planner.request.command.empty()) return run_shell(planner);
  command.argv = planner.request.command;
  command.candidates = candidates_for(planner, command.argv.front());
}

}  // namespace snug
