// Which directory is the project, and the places that never are one.
#include "plan/project.h"

#include "base/paths.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "plan/planner.h"

namespace snug {
namespace {

struct SystemPlace {
  const char* path;
  bool below;  ///< everything below it is the system's too
};

// Places people keep projects in below a system directory (/usr/src/app, /srv/x, /tmp/x) are left out of `below`.
constexpr SystemPlace system_places[] = {
    {"/", false},          {"/bin", true},           {"/boot", true},        {"/dev", true},
    {"/etc", true},        {"/home", false},         {"/lib", true},         {"/lib32", true},
    {"/lib64", true},      {"/libx32", true},        {"/media", false},      {"/mnt", false},
    {"/nix", true},        {"/opt", false},          {"/proc", true},        {"/root", false},
    {"/run", false},       {"/run/user", false},     {"/sbin", true},        {"/snap", true},
    {"/srv", false},       {"/sys", true},           {"/tmp", false},        {"/usr", false},
    {"/usr/bin", true},    {"/usr/lib", true},       {"/usr/lib32", true},   {"/usr/lib64", true},
    {"/usr/local", false}, {"/usr/local/bin", true}, {"/usr/libexec", true}, {"/usr/local/lib", true},
    {"/usr/sbin", true},   {"/usr/share", true},     {"/usr/src", false},    {"/var", false},
    {"/var/lib", false},   {"/var/tmp", false},
};

constexpr const char* ways_on =
    "snug --project none ...      run without a project\n"
    "snug -p DIR/snug.toml ...    use DIR as the project";

bool is_callers(const Caller& caller, std::uint32_t owner) {
  return owner == caller.uid || (caller.uid == 0 && caller.sudo_uid && owner == *caller.sudo_uid);
}

bool marks_work_tree(HostFiles& host, const Caller& caller, const std::string& directory) {
  const FileStatus& git = host.status(join(directory, ".git"));
  const bool right_kind =
      git.kind == FileKind::directory || git.kind == FileKind::regular || git.kind == FileKind::symlink;
  return right_kind && is_callers(caller, git.uid);  // not one that somebody else left in /tmp
}

/// Walks up from `start` to the nearest work tree, never to the home nor across file systems.
std::string work_tree_around(HostFiles& host, const Caller& caller, const std::string& start) {
  const std::string home = host.resolve(caller.home).path;
  const std::uint64_t device = host.status(start).device;
  for (std::string at = start; at != "/" && at != home; at = parent_of(at)) {
    if (host.status(at).device != device) break;
    if (marks_work_tree(host, caller, at)) return at;
  }
  return "";
}

ProjectChoice choose(HostFiles& host, const Caller& caller, const std::string& file) {
  if (!file.empty() && base_name(file) == "snug.toml") {
    return {host.resolve(parent_of(file)).path, "directory of snug.toml"};
  }
  const std::string cwd = host.resolve(caller.cwd).path;
  const std::string tree = work_tree_around(host, caller, cwd);
  if (!tree.empty()) return {tree, "git work tree"};
  return {cwd, "current directory"};
}

bool is_system_place(const std::string& path) {
  for (const SystemPlace& place : system_places) {
    if (place.below ? is_below(path, place.path) : path == place.path) return true;
  }
  return false;
}

bool overlap(const std::string& a, const std::string& b) { return is_below(a, b) || is_below(b, a); }

/// Why `path` cannot be a project, or "".
std::string refusal(Planner& planner, const std::string& path) {
  const Caller& caller = planner.caller();
  const FileStatus& status = planner.host.status(path);
  if (path == "/") return "it is the root of the system";
  if (path == planner.home) return "it is your home: everything in it would be open to the command";
  if (is_below(planner.home, path)) return "your home lies in it";
  if (is_system_place(path)) return "it is a system directory";
  if (status.kind != FileKind::directory) return "it is not a directory that can be read";
  if (!is_callers(caller, status.uid)) return "it belongs to uid " + std::to_string(status.uid) + ", not to you";
  for (const std::string& own : {caller.state_dir, caller.config_dir, caller.runtime_dir}) {
    if (!own.empty() && overlap(path, planner.host.resolve(own).path)) {
      return "snug's own " + std::string(own == caller.config_dir ? "configuration" : "state") + " (" +
             escape_for_display(own) + ") lies there";
    }
  }
  return "";
}

}  // namespace

ProjectChoice choose_project(HostView& host, const Caller& caller, const std::string& profile_file) {
  HostFiles files(host);
  return choose(files, caller, profile_file);
}

std::string storage_key(const std::string& project, const Profile& profile) {
  const std::string identity = project + '\0' + profile.name + '\0' + profile.file;
  const std::string name = readable_name(project);
  return (name.empty() ? "no-project" : name) + "-" + sha256_hex(identity).substr(0, 32);
}

std::string why_no_project(HostView& host, const Caller& caller, const std::string& directory) {
  const Profile profile;
  const HostFacts facts;
  const Request request{.caller = caller};
  Planner planner{.profile = profile, .facts = facts, .request = request, .host = HostFiles(host)};
  planner.home = planner.host.resolve(caller.home).path;
  return refusal(planner, planner.host.resolve(directory).path);
}

void find_project(Planner& planner) {
  Plan& plan = planner.plan;
  if (plan.project_mode.value == ProjectMode::none) {
    plan.project_reason = "no project";
    planner.key = storage_key("", planner.profile);
    return;
  }
  if (!planner.caller().cwd.starts_with('/')) {
    planner.fail("cannot find the project", plan.project_mode.origin,
                 "the current directory cannot be reached or was deleted", "cd to a directory that exists");
    return;
  }
  const Request& request = planner.request;
  const ProjectChoice candidate =
      request.project.path.empty() ? choose(planner.host, request.caller, request.profile_file) : request.project;
  const std::string why_not = refusal(planner, candidate.path);
  if (!why_not.empty() && request.everything) {  // an installer is run from anywhere
    plan.project_reason = "no project";
    planner.key = storage_key("", planner.profile);
    return;
  }
  if (!why_not.empty()) {
    planner.fail("cannot use " + quote_for_display(candidate.path) + " (" + candidate.reason + ") as the project",
                 plan.project_mode.origin, why_not, ways_on);
    return;
  }
  plan.project = candidate.path;
  plan.project_reason = candidate.reason;
  planner.key = storage_key(plan.project, planner.profile);
}

}  // namespace snug
