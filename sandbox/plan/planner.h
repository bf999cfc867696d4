// What the steps of build_plan share: the inputs, the plan as far as it is, and everything found wrong. Each step
// is a function in a file named for its subject; build.cpp calls them in order.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "plan/build.h"
#include "plan/host_files.h"
#include "plan/inside.h"
#include "plan/layout.h"

namespace snug {

/// A path that led through symbolic links to what the view shows; see links.cpp.
struct Followed {
  Resolved real;
  Origin origin;
  std::optional<ViewEntry> entry;  ///< what the view shows at real.path; none: nothing to show again elsewhere
  bool make_links = true;          ///< the links on the way are wanted inside, too
};

struct Planner {
  const Profile& profile;
  const HostFacts& facts;
  const Request& request;
  HostFiles host;
  Layout layout;
  Plan plan;
  std::vector<Error> errors;
  std::string home;                  ///< the caller's home without symbolic links
  std::string key;                   ///< names this (project, profile) in the state directory
  std::string git, git_common;       ///< the git directory that is shown writable, and the one it belongs to
  std::string state_dir;             ///< the caller's, without symbolic links
  std::vector<std::string> guarded;  ///< host paths that `protect` names one by one, there or not
  std::vector<Followed> followed;
  std::unordered_set<std::string> prepared;      ///< paths of plan.preparations
  std::vector<std::string> toolchain_variables;  ///< names the recognised toolchains may pass
  std::vector<std::string> path;                 ///< PATH inside, in order
  std::string ssh_agent;                         ///< the agent's socket inside; empty: none
  std::optional<std::vector<HostMount>> mounts;  ///< see host_mounts()

  const Caller& caller() const { return request.caller; }
  /// Those of the host, read when first asked for.
  const std::vector<HostMount>& host_mounts();

  void fail(std::string what, const Origin& origin, std::string why, std::string fix);
  void note(Note::Level level, std::string text, const Origin& origin = {});
};

Origin builtin();

// --- steps, in the order build_plan calls them -----------------------------------------------------
void refuse_nesting(Planner& planner);
void decide_identity(Planner& planner);
void find_project(Planner& planner);
void describe_namespaces(Planner& planner);
void decide_network(Planner& planner);
void add_system(Planner& planner);
void add_etc(Planner& planner);
void add_kernel_directories(Planner& planner);
void add_home(Planner& planner);
void add_project(Planner& planner);
void add_everything(Planner& planner);     // instead of these two
bool owns_system(const Planner& planner);  // of a capture of everything: is the command root inside?
void show_captured_etc(Planner& planner);  // then instead of add_etc, once /etc is in the view
void add_toolchains(Planner& planner);
void add_lists(Planner& planner);
void add_sockets(Planner& planner);
void add_git(Planner& planner);
void add_hidden_and_protected(Planner& planner);
void refuse_control_sockets(Planner& planner);
void protect_profiles(Planner& planner);
void hide_services(Planner& planner);
void show_links(Planner& planner);
void hold_in_place(Planner& planner);
void set_path(Planner& planner);
void choose_command(Planner& planner);
void set_environment(Planner& planner);
void write_accounts(Planner& planner);
void copy_limits(Planner& planner);
void list_watches(Planner& planner);
void order_view(Planner& planner);

// --- paths.cpp -------------------------------------------------------------------------------------

/// "~/x", "./x", "/x" as an absolute path, still with its symbolic links. `relative_to` is where a path without any
/// of these starts belongs; empty: an error. Reports through planner.fail and returns "" if it cannot.
std::string expand(Planner& planner, const std::string& path, const Origin& origin,
                   const std::string& relative_to = "");

/// The path inside that `path` names, its symbolic links in the view followed, whether or not anything is there.
std::string inside_path(Planner& planner, const std::string& path);

/// Is `path` visible inside as planned so far?
bool visible(Planner& planner, const std::string& path);

/// How an idmapped mount must show a file of this owner, if at all (only for real root's stand-in).
std::optional<IdMap> idmap_for(const Planner& planner, std::uint32_t uid, std::uint32_t gid);

/// A host file or directory shown at its own path. Precondition: `real` exists and has no symbolic links.
ViewEntry shown(const Resolved& real, Access access, std::string why, Origin origin);

// --- hidden.cpp ------------------------------------------------------------------------------------

/// Binds the directories above `path` on themselves, as far as they can be written: a mount point cannot be renamed.
/// Without this, the directory around a mask or seal could be moved away inside, and one with other contents put in its
/// place, or the next run would no longer find what to mask.
void pin_directories_above(Planner& planner, const std::string& path);

// --- environment.cpp, toolchains.cpp ---------------------------------------------------------------

using Variables = std::map<std::string, Variable>;

/// The absolute entries of a PATH, normalised, in order.
std::vector<std::string> split_path(std::string_view path);
/// The caller's PATH, or the usual one.
std::string callers_path(const Planner& planner);
/// Is it a variable whose value names a place of the host, so that only `set` brings it in?
bool is_never_passed(std::string_view name);
/// Variables the recognised toolchains need, where what they name is visible.
void pass_toolchain_variables(Planner& planner, Variables& variables);

// --- storage.cpp -----------------------------------------------------------------------------------

/// Has the launch make `path` in the state directory, with every directory above it that is missing.
void prepare_directory(Planner& planner, const std::string& path);

/// Adds a preparation unless its path has one already.
void prepare(Planner& planner, Preparation preparation);

/// Can an overlay lie over the host's directory `lower`, as far as this machine and this user go? Reports why not.
bool can_be_overlaid(Planner& planner, const std::string& lower, const Origin& origin);

/// An overlay whose writes go to a layer of the state directory named after `what`: kept beside the stored home or
/// thrown away. Reports and returns nothing where there can be none.
enum class LayerLife { kept, scratch, captured };
std::optional<Overlay> make_overlay(Planner& planner, const std::string& lower, const std::string& what, LayerLife life,
                                    const Origin& origin);

// --- captures.cpp ----------------------------------------------------------------------------------

/// Sets plan.capture unless the profile throws the project's changes away; says which of the two.
LayerLife plan_capture(Planner& planner);
/// Place the overlay of plan.capture over the project, or one of several over `path` and what is below it.
void capture_project(Planner& planner);
/// What shows the place so far: then its layer must not lie in the other's.
enum class Within { nothing, another };
void capture_directory(Planner& planner, const std::string& path, const char* why, Within within = Within::nothing);
/// The same over a directory of the system's, as if it were the command's own.
void capture_system(Planner& planner, const std::string& path);
/// Does what is written to `path` go to plan.capture?
bool is_captured(Planner& planner, const std::string& path);
/// Has take_away() done that, with `path` or a directory above it?
bool is_taken_away(Planner& planner, const std::string& path);
/// Takes the captured `path` away, as if it were absent. False where the overlay cannot do that.
bool take_away(Planner& planner, const std::string& path);

// --- project.cpp -----------------------------------------------------------------------------------

/// Names (project, profile) on disk: a readable word and a hash.
std::string storage_key(const std::string& project, const Profile& profile);

}  // namespace snug
