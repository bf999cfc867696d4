// The command's variables: a list of what passes, what is set, and what snug itself says. PATH inside.
#include <algorithm>
#include <unordered_set>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/glob.h"
#include "plan/planner.h"

namespace snug {
namespace {

constexpr std::string_view usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Never overridden: programs and snug itself tell by them that they are inside.
constexpr std::string_view fixed[] = {"SNUG_PROFILE", "container"};
/// Names that would name a place of the host; only `set` brings them in.
constexpr std::string_view never_passed[] = {"TMPDIR", "XDG_RUNTIME_DIR", "OLDPWD", "LD_PRELOAD", "LD_LIBRARY_PATH"};

template <class Table>
bool in_table(const Table& table, std::string_view name) {
  return std::find(std::begin(table), std::end(table), name) != std::end(table);
}

void say(Variables& variables, const std::string& name, std::string value) {
  variables[name] = {.from = Variable::From::snug, .name = name, .value = std::move(value), .origin = {}};
}

void pass_matching(const Planner& planner, Variables& variables) {
  for (const auto& [name, value] : planner.caller().environment) {
    if (is_never_passed(name)) continue;
    for (const Sourced<std::string>& pattern : planner.profile.environment.pass) {
      if (!matches_component(pattern.value, name)) continue;
      variables[name] = {.from = Variable::From::passed, .name = name, .value = value, .origin = pattern.origin};
      break;
    }
  }
}

std::string joined(const std::vector<std::string>& directories) {
  std::string text;
  for (const std::string& directory : directories) text += (text.empty() ? "" : ":") + directory;
  return text;
}

void say_own(const Planner& planner, Variables& variables) {
  const Identity& identity = planner.plan.identity;
  say(variables, "HOME", identity.home);
  say(variables, "LOGNAME", identity.user_name);
  say(variables, "PATH", joined(planner.path));
  say(variables, "PWD", planner.plan.command.workdir);
  say(variables, "SHELL", identity.shell);
  say(variables, "SNUG_PROFILE", planner.profile.name);
  say(variables, "USER", identity.user_name);
  say(variables, "XDG_RUNTIME_DIR", "/run/user/" + std::to_string(identity.inside_uid));
  say(variables, "container", "snug");
  if (planner.ssh_agent.empty()) return;
  say(variables, "SSH_AUTH_SOCK", planner.ssh_agent);
  variables["SSH_AUTH_SOCK"].origin = planner.profile.network.ssh_agent.origin;
}

void add_once(std::vector<std::string>& path, std::unordered_set<std::string>& known, const std::string& directory) {
  if (known.insert(directory).second) path.push_back(directory);
}

bool is_directory_inside(Planner& planner, const std::string& path) {
  return planner.layout.look(path, planner.host).kind == FileKind::directory;
}

/// One entry of the caller's PATH: as written where that is visible, else where it leads; else said once.
void add_callers(Planner& planner, std::unordered_set<std::string>& known, const std::string& directory) {
  if (known.contains(directory)) return;
  if (is_directory_inside(planner, directory)) return add_once(planner.path, known, directory);
  const Resolved real = planner.host.resolve(directory);
  if (!real.directory()) return;
  if (is_directory_inside(planner, real.path)) return add_once(planner.path, known, real.path);
  known.insert(directory);
  planner.note(Note::Level::information,
               "PATH entry " + escape_for_display(directory) + " is not visible inside; to show it: read = [" +
                   quote_for_display(directory) + "]",
               {.kind = OriginKind::environment, .source = "PATH"});
}

}  // namespace

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> directories;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.starts_with('/')) directories.push_back(normalise(part));
    at = end + 1;
  }
  return directories;
}

std::string callers_path(const Planner& planner) {
  const auto& environment = planner.caller().environment;
  const auto path = environment.find("PATH");
  return path == environment.end() || path->second.empty() ? std::string(usual_path) : path->second;
}

bool is_never_passed(std::string_view name) { return in_table(never_passed, name); }

void set_path(Planner& planner) {
  std::unordered_set<std::string> known;
  for (const PathEntry& entry : planner.profile.environment.path) {
    const std::string directory = expand(planner, entry.path, entry.origin, planner.plan.project);
    if (directory.empty() || (entry.optional && !visible(planner, directory))) continue;
    add_once(planner.path, known, normalise(directory));
  }
  for (const std::string& directory : split_path(callers_path(planner))) add_callers(planner, known, directory);
  for (const std::string& directory : split_path(usual_path)) {
    if (is_directory_inside(planner, directory)) add_once(planner.path, known, directory);
  }
}

void set_environment(Planner& planner) {
  const EnvironmentSection& section = planner.profile.environment;
  Variables variables;
  pass_matching(planner, variables);
  pass_toolchain_variables(planner, variables);
  say_own(planner, variables);
  for (const auto& [name, value] : section.set) {
    if (in_table(fixed, name)) continue;
    variables[name] = {.from = Variable::From::set, .name = name, .value = value.value, .origin = value.origin};
  }
  for (const Sourced<std::string>& name : section.unset) {
    if (!in_table(fixed, name.value)) variables.erase(name.value);
  }
  for (auto& [name, variable] : variables) planner.plan.environment.push_back(std::move(variable));
}

}  // namespace snug
