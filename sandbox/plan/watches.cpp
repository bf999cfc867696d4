// What a mount protects in a host directory lasts as long as the file it lies on stays at its path. Inside, the
// directories above it are held in place; the host can always replace it, and that is watched.
#include <algorithm>

#include "base/paths.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "plan/planner.h"

namespace snug {
namespace {

constexpr std::size_t most_watches = 256;

bool is_stored_home(const Planner& planner, const Bind& bind) {
  return planner.plan.stored_home && bind.source == planner.plan.stored_home->files;
}

/// The host directory that shows `path` inside, if the entry above it is one.
const Bind* host_bind_above(const Planner& planner, const std::string& path) {
  const Piece* holder = planner.layout.holder_above(path);
  const auto* bind = holder ? std::get_if<Bind>(&holder->entry.what) : nullptr;
  return bind && !is_stored_home(planner, *bind) ? bind : nullptr;
}

std::string host_path_above(const Planner& planner, const std::string& path) {
  return host_path_of(planner.layout.holder_above(path)->entry, path);
}

bool is_read_bind(const Spot& spot) {
  const auto* bind = spot.base && !spot.cover ? std::get_if<Bind>(&spot.base->entry.what) : nullptr;
  return bind && bind->access == Access::read;
}

/// A directory bound on itself: a mount point cannot be renamed or removed inside.
void hold(Planner& planner, const std::string& path, const Origin& origin) {
  const std::string source = host_path_above(planner, path);
  const FileStatus& status = planner.host.status(source);
  const Bind self{.source = source,
                  .access = Access::write,
                  .exec = host_bind_above(planner, path)->exec,
                  .idmap = idmap_for(planner, status.uid, status.gid)};
  planner.layout.place(
      {.target = path, .what = self, .why = "cannot be replaced: holds what is read-only", .origin = origin},
      Rank::builtin);
}

void hold_directories_above(Planner& planner, const std::string& path, const Origin& origin) {
  for (std::string at(parent_of(path)); planner.layout.holder_of(at)->entry.target != at; at = parent_of(at)) {
    hold(planner, at, origin);
  }
}

struct Protected {
  std::string path;
  Origin origin;
};

std::vector<Protected> to_hold(Planner& planner) {
  std::vector<Protected> paths;
  for (const auto& [path, spot] : planner.layout.spots()) {
    if (!is_read_bind(spot)) continue;  // what is hidden or protected is held already
    const Bind* around = host_bind_above(planner, path);
    if (!around || around->access != Access::write || !planner.host.exists(host_path_above(planner, path))) continue;
    paths.push_back({path, spot.base->entry.origin});
  }
  return paths;
}

// --- what to watch ---------------------------------------------------------------------------------

/// What is lost when the host replaces what stands at `path`, if anything.
std::optional<Watch::Loss> loss_at(const Spot& spot, const Bind& around) {
  if (spot.cover && std::holds_alternative<Mask>(spot.cover->entry.what)) {
    if (spot.cover->rank == Rank::builtin) return {};  // of the system, which is not replaced while somebody works
    return Watch::Loss::shown;
  }
  if (around.access != Access::write) return {};
  if (spot.cover) return Watch::Loss::writable;
  const auto* bind = std::get_if<Bind>(&spot.base->entry.what);
  return bind && bind->access == Access::read ? std::optional(Watch::Loss::writable) : std::nullopt;
}

bool is_from_lists(const Spot& spot) { return spot.cover && spot.cover->rank != Rank::builtin; }

bool promises_files(const Planner& planner) {
  return std::ranges::any_of(planner.profile.require,
                             [](const auto& promise) { return promise.value == "filesystem"; });
}

/// `require = ["filesystem"]` is for what holds whatever the host does meanwhile.
void refuse_loose(Planner& planner, const Watch& watch) {
  const bool hidden = watch.loss == Watch::Loss::shown;
  planner.fail("cannot promise that " + quote_for_display(watch.path) + (hidden ? " stays hidden" : " stays read-only"),
               watch.origin,
               "require = [\"filesystem\"] is set, and a single file in a host directory comes loose when an editor "
               "or git on the host replaces it",
               std::string("write project = \"overlay\"") +
                   (hidden ? ", or hide the directory that holds it" : ", or protect the directory that holds it"));
}

void refuse_absent(Planner& planner, const Watch& watch) {
  planner.fail("cannot promise that " + quote_for_display(watch.path) + " is not made inside", watch.origin,
               "require = [\"filesystem\"] is set, and what is absent cannot be made read-only",
               "create it on the host, or write project = \"overlay\"");
}

void add_watch(Planner& planner, Watch watch) {
  if (planner.plan.watches.size() < most_watches) return planner.plan.watches.push_back(std::move(watch));
  if (planner.plan.watches.size() > most_watches) return;
  planner.note(Note::Level::warning,
               "only the first " + std::to_string(most_watches) +
                   " hidden and protected files are watched: if the host replaces another during the run, nothing "
                   "says so; project = \"overlay\" needs no watching",
               watch.origin);
}

void watch_view(Planner& planner) {
  for (const auto& [path, spot] : planner.layout.spots()) {
    if (!spot.base && !spot.cover) continue;
    const Bind* around = host_bind_above(planner, path);
    const auto loss = around ? loss_at(spot, *around) : std::nullopt;
    if (!loss) continue;
    const ViewEntry& entry = spot.cover ? spot.cover->entry : spot.base->entry;
    Watch watch{.loss = *loss, .path = host_path_above(planner, path), .why = entry.why, .origin = entry.origin};
    const bool single = planner.host.status(watch.path).kind != FileKind::directory;
    if (single && is_from_lists(spot) && promises_files(planner)) refuse_loose(planner, watch);
    add_watch(planner, std::move(watch));
  }
}

// --- git -------------------------------------------------------------------------------------------

/// Made inside, each of these makes git on the host run something.
constexpr const char* absent_in_common[] = {"hooks", "config.worktree"};
constexpr const char* absent_in_own[] = {"rebase-merge", "rebase-apply"};

void watch_absent(Planner& planner, const std::string& path, const Origin& origin) {
  if (planner.host.exists(path)) return;
  add_watch(planner,
            {.loss = Watch::Loss::made, .path = path, .why = "git would run it on the host", .origin = origin});
}

void watch_absent(Planner& planner, const Origin& origin) {
  for (const char* name : absent_in_common) watch_absent(planner, join(planner.git_common, name), origin);
  for (const char* name : absent_in_own) watch_absent(planner, join(planner.git, name), origin);
}

bool is_writable(const Planner& planner, const std::string& path) {
  const Piece* holder = planner.layout.holder_of(path);
  const auto* bind = holder ? std::get_if<Bind>(&holder->entry.what) : nullptr;
  return bind && bind->access == Access::write;
}

/// A run that is killed leaves this behind, and the next one in the project looks at what could not be looked at.
void keep_record(Planner& planner, GitSearch& search) {
  const std::string directory = join(planner.state_dir, "unchecked");
  prepare_directory(planner, directory);
  search.record = join(directory, sha256_hex(search.project).substr(0, 32));
}

void watch_git(Planner& planner) {
  const Plan& plan = planner.plan;
  const Sourced<GitMode>& mode = planner.profile.filesystem.git;
  if (plan.project.empty() || mode.value == GitMode::write || !is_writable(planner, plan.project)) return;
  GitSearch search{.project = plan.project,
                   .git = planner.git,
                   .common = planner.git_common,
                   .expected = planner.guarded,
                   .record = {},
                   .origin = mode.origin};
  if (!search.git.empty()) watch_absent(planner, mode.origin);
  keep_record(planner, search);
  planner.plan.git_search = std::move(search);
}

}  // namespace

void hold_in_place(Planner& planner) {
  for (const Protected& one : to_hold(planner)) hold_directories_above(planner, one.path, one.origin);
}

void list_watches(Planner& planner) {
  if (promises_files(planner)) {
    for (const Watch& absent : planner.plan.watches) refuse_absent(planner, absent);
  }
  watch_view(planner);
  watch_git(planner);
}

}  // namespace snug
