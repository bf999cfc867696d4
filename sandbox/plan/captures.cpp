// Where captures go, and the overlays whose writes go there.
#include "plan/captures.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/numbers.h"
#include "base/paths.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "plan/inside.h"
#include "plan/planner.h"

namespace snug {
namespace {

/// What a directory that --changes names may hold: what snug has put there.
constexpr std::string_view own_names[] = {"lock", "record", "discarded", "journal", "upper", "inner",
                                          "work", "parts",  "copies",  "bases", "applied"};
constexpr std::string_view own_beginnings[] = {"git-", "hunk-"};  // of what an apply that was killed has left

bool is_own_name(std::string_view name) {
  return std::ranges::find(own_names, name) != std::end(own_names) ||
         std::ranges::any_of(own_beginnings, [&](std::string_view own) { return name.starts_with(own); });
}

// 0 for what is no number of ours.
std::uint32_t number_in(std::string_view name) { return whole_number<std::uint32_t>(name).value_or(0); }

bool are_thrown_away(const ChangesSection& changes) {
  return changes.on_success.value == OnEnd::discard && changes.on_failure.value == OnEnd::discard;
}

bool is_name(std::string_view name) {
  return !name.empty() && !name.starts_with('.') && name.find('/') == std::string_view::npos;
}

/// The name to go on with, or a new one; "" after a failure.
std::string choose_name(Planner& planner, const std::string& directory) {
  const std::string& onto = planner.request.onto;
  if (onto.empty()) return next_capture_name(planner.host.list(directory));
  if (is_name(onto) && planner.host.status(join(directory, onto)).kind == FileKind::directory) return onto;
  planner.fail("no capture " + quote_for_display(onto) + " of this project", planner.plan.project_mode.origin, "",
               "snug diff --list");
  return "";
}

/// The user's own directory for one capture: made by them, and holding nothing else. "" after a failure.
std::string choose_directory(Planner& planner) {
  const std::string& written = planner.request.changes_dir;
  const Resolved real = planner.host.resolve(written);
  const Origin& origin = planner.plan.project_mode.origin;
  const auto refuse = [&](std::string why, std::string fix) {
    planner.fail("cannot keep changes in " + quote_for_display(written), origin, std::move(why), std::move(fix));
    return std::string();
  };
  if (!real.exists()) return refuse("there is nothing", "mkdir -m 700 " + quote_for_display(written));
  if (!real.directory()) return refuse("it is no directory", "name an empty directory of yours");
  if (real.status.uid != planner.caller().uid || (real.status.mode & 022) != 0) {
    return refuse("others than you can write to it", "name a directory of yours with mode 700");
  }
  for (const std::string& name : planner.host.list(real.path)) {
    if (is_own_name(name)) continue;
    return refuse("it holds " + quote_for_display(name) + ", which is not snug's", "name an empty directory of yours");
  }
  return real.path;
}

std::vector<std::string> protected_patterns(const Planner& planner) {
  std::vector<std::string> patterns;
  // Of a capture of everything, paths are relative to "/".
  const std::string& project = planner.plan.project;
  const std::string lead = planner.request.everything && !project.empty() ? project.substr(1) + "/" : "";
  for (const PathEntry& entry : planner.profile.filesystem.protect) {
    std::string pattern = entry.path.starts_with("./") ? entry.path.substr(2) : entry.path;
    const bool anywhere = pattern.starts_with("**");
    if (pattern.starts_with('/') || pattern.starts_with('~')) continue;
    if (project.empty() && !anywhere) continue;
    patterns.push_back(anywhere ? std::move(pattern) : lead + pattern);
  }
  return patterns;
}

/// Mounts of the host strictly below `path`, none below another.
std::vector<std::string> mounts_below(Planner& planner, const std::string& path) {
  std::vector<std::string> points;
  for (const HostMount& mount : planner.host_mounts()) {
    if (mount.point.size() > path.size() && is_below(mount.point, path)) points.push_back(mount.point);
  }
  return points;
}

constexpr std::size_t most_layers = 6;  // between the upper one and the host's: as many as the launch takes

void refuse_layers(Planner& planner) {
  const std::size_t count = planner.request.between.size();
  const Origin& origin = planner.plan.project_mode.origin;
  if (count > most_layers) {
    planner.fail("cannot lay " + std::to_string(count) + " layers over each other", origin,
                 "there may be " + std::to_string(most_layers), "apply those below first: snug apply --from NAME");
  }
  if (count > 0 && planner.request.everything) {
    planner.fail("cannot lay a capture of everything over others", origin,
                 "its layers lie over more than one directory", "go on with a capture: --onto NAME");
  }
}

/// One overlay of the capture: its layer, and what it lies over.
class CaptureLayer {
 public:
  CaptureLayer(Planner& planner, const std::string& path)
      : planner_(planner), capture_(*planner.plan.capture), path_(path) {}

  /// The only one, over the project.
  Overlay of_project() const {
    Overlay overlay = in("upper", "work");
    overlay.lowers.insert(overlay.lowers.begin(), capture_.between.begin(), capture_.between.end());
    return overlay;
  }

  /// One of several.
  Overlay of_part(Within within) const {
    const std::string below = path_ == "/" ? "" : path_.substr(1);
    return part(within == Within::another ? "inner/" + number() : "upper" + (below.empty() ? "" : "/" + below));
  }

  /// The same over copies of what is in the host's directory, not over that itself.
  Overlay of_copied_part() const {
    const std::string copies = join(capture_.directory, "copies/" + number());
    Overlay overlay = part("inner/" + number());
    overlay.lowers = {copy(copies)};
    return overlay;
  }

 private:
  std::string number() const { return std::to_string(capture_.parts.size()); }

  Overlay part(const std::string& upper) const {
    Overlay overlay = in(upper, "work/" + number());
    capture_.parts.push_back({.path = path_, .upper = upper});
    return overlay;
  }

  Overlay in(const std::string& upper, const std::string& work) const {
    Overlay overlay{.lowers = {path_},
                    .upper = join(capture_.directory, upper),
                    .work = join(capture_.directory, work),
                    .discard = false,
                    .host = path_,
                    .unsynced = true};
    prepare_directory(planner_, overlay.upper);
    prepare_directory(planner_, overlay.work);
    return overlay;
  }

  std::string copy(const std::string& to) const {
    prepare_directory(planner_, std::string(parent_of(to)));
    prepare(planner_, {.kind = Preparation::Kind::shallow_copy, .path = to, .content = path_});
    return to;
  }

  Planner& planner_;
  CapturePlan& capture_;
  const std::string& path_;
};

/// An overlay whose upper directory is on tmpfs mounts before Linux 6.6, too, but a directory that the host has cannot
/// be removed in it (EIO): `rm -r` and `git checkout` stop half way.
bool can_hold_layers(Planner& planner, const std::string& directory) {
  const HostFacts& facts = planner.facts;
  if (facts.kernel_major > 6 || (facts.kernel_major == 6 && facts.kernel_minor >= 6)) return true;
  if (!mount_of(planner.host_mounts(), directory).is_tmpfs) return true;
  planner.fail("cannot keep changes in " + quote_for_display(directory), planner.plan.project_mode.origin,
               "it is on a tmpfs, where directories cannot be removed in an overlay before Linux 6.6",
               "keep them on a disk: --changes DIR, or XDG_STATE_HOME=/a/directory/on/a/disk");
  return false;
}

constexpr std::size_t most_looked_at = 256, most_named = 3;

/// Could the caller change it, and the command inside cannot? The kernel copies nothing up whose user or group has no
/// number inside (EOVERFLOW, ovl_copy_up_one()).
bool cannot_be_copied(const Planner& planner, const FileStatus& status) {
  if (status.kind != FileKind::regular && status.kind != FileKind::directory) return false;
  const bool own = status.uid == planner.caller().uid;
  return (own && status.gid != planner.caller().gid) || (!own && (status.mode & 022) != 0);
}

void warn_of_others_files(Planner& planner, const std::string& project) {
  std::string names;
  std::size_t looked_at = 0, named = 0;
  for (const std::string& name : planner.host.list(project)) {
    if (++looked_at > most_looked_at || named == most_named) break;
    if (!cannot_be_copied(planner, planner.host.status(join(project, name)))) continue;
    names += (names.empty() ? "" : ", ") + quote_for_display(join(project, name));
    ++named;
  }
  if (named == 0) return;
  planner.note(Note::Level::warning,
               names + (named == most_named ? " and perhaps more" : "") +
                   ": another user or group owns it, so that inside it cannot be changed (EOVERFLOW); sudo chown -R " +
                   std::to_string(planner.caller().uid) + ":" + std::to_string(planner.caller().gid) + " mends that",
               planner.plan.project_mode.origin);
}

void place_captured(Planner& planner, const std::string& path, Overlay overlay, const char* why) {
  planner.layout.place(
      {.target = path, .what = std::move(overlay), .why = why, .origin = planner.plan.project_mode.origin},
      Rank::section);
}

constexpr const char* why_system = "the system, as the command's own";

/// An overlay cannot lie over a directory that holds mounts of the host (EINVAL): then it lies over copies of what is
/// directly in it, and each directory in it has an overlay of its own.
void capture_in_pieces(Planner& planner, const std::string& path, const char* why, Within within) {
  place_captured(planner, path, CaptureLayer(planner, path).of_copied_part(), why);
  for (const std::string& name : planner.host.list(path)) {
    const std::string below = join(path, name);
    if (planner.host.status(below).kind != FileKind::directory || is_below(planner.state_dir, below)) continue;
    capture_directory(planner, below, why, within);
  }
}

/// The overlay of a capture that shows `path`, to be changed, or null.
Piece* captured_at(Planner& planner, const std::string& path) {
  const Piece* holder = planner.layout.holder_of(path);
  const auto* overlay = holder ? std::get_if<Overlay>(&holder->entry.what) : nullptr;
  if (!overlay || overlay->discard || !planner.plan.capture) return nullptr;
  if (!is_below(overlay->upper, planner.plan.capture->directory)) return nullptr;
  return &*planner.layout.spots().find(holder->entry.target)->second.base;
}

/// The directories between `top` and a gap are made anew in a layer of gaps, and the command sees them from there: only
/// the user's own can be made to look the same.
bool can_be_remade(Planner& planner, const std::string& top, const std::string& path) {
  for (std::string at(parent_of(path)); at.size() > top.size(); at = parent_of(at)) {
    if (planner.host.status(at).uid != planner.caller().uid) return false;
  }
  return true;
}

bool has_gap(const Overlay& overlay, const std::string& path) {
  return std::ranges::any_of(overlay.gaps, [&](const Gap& gap) {
    return gap.path == path || (!gap.on_the_way && is_below("/" + path, "/" + gap.path));
  });
}

bool has_way(const Overlay& overlay, const std::string& path) {
  return std::ranges::any_of(overlay.gaps, [&](const Gap& gap) { return gap.on_the_way && gap.path == path; });
}

bool is_gone(const Overlay& overlay, const std::string& path) {
  return has_gap(overlay, path) && !has_way(overlay, path);
}

/// What lies strictly below `top`, relative to it.
std::string within(const std::string& top, const std::string& path) {
  return path.substr(top == "/" ? 1 : top.size() + 1);
}

/// `path` relative to the overlay at `top`.
void add_gap(Planner& planner, Overlay& overlay, const std::string& top, const std::string& path) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string way = path.substr(0, slash);
    if (has_gap(overlay, way)) continue;
    overlay.gaps.push_back({.path = way, .on_the_way = true, .mode = planner.host.status(join(top, way)).mode});
  }
  // What was on the way to another gap goes with all that is in it.
  std::erase_if(overlay.gaps, [&](const Gap& gap) { return is_below("/" + gap.path, "/" + path); });
  overlay.gaps.push_back({.path = path});
}

}  // namespace

std::string captures_in(const std::string& state_directory) { return join(state_directory, "captures"); }

std::string captures_of(const std::string& state_directory, const std::string& project) {
  return join(captures_in(state_directory), readable_name(project) + "-" + sha256_hex(project).substr(0, 32));
}

std::string next_capture_name(const std::vector<std::string>& names) {
  std::uint32_t highest = 0;
  for (const std::string& name : names) highest = std::max(highest, number_in(name));
  return std::to_string(highest + 1);
}

void rename_capture(Plan& plan, const std::string& name) {
  const std::string before = plan.capture->directory;
  const std::string after = join(parent_of(before), name);
  const auto move = [&](std::string& path) {
    if (is_below(path, before)) path.replace(0, before.size(), after);
  };
  move(plan.capture->directory);
  for (Preparation& preparation : plan.preparations) move(preparation.path);
  for (ViewEntry& entry : plan.view) {
    auto* overlay = std::get_if<Overlay>(&entry.what);
    if (!overlay) continue;
    move(overlay->upper);
    move(overlay->work);
    std::ranges::for_each(overlay->lowers, move);
  }
}

LayerLife plan_capture(Planner& planner) {
  const ChangesSection& changes = planner.profile.changes;
  const Request& request = planner.request;
  const bool named = !request.onto.empty() || !request.changes_dir.empty();
  if (are_thrown_away(changes) && !named && !request.everything) return LayerLife::scratch;
  const std::string& project = planner.plan.project;
  const std::string place = project.empty() ? "/" : project;
  const std::string directory = captures_of(planner.state_dir, place);
  planner.plan.capture =
      CapturePlan{.directory = request.changes_dir.empty() ? join(directory, choose_name(planner, directory))
                                                           : choose_directory(planner),
                  .project = request.everything ? "/" : project,
                  .place = place,
                  .users_directory = !request.changes_dir.empty(),
                  .is_new = !named,
                  .between = request.between,
                  .protect = protected_patterns(planner),
                  .on_success = changes.on_success,
                  .on_failure = changes.on_failure};
  std::string& chosen = planner.plan.capture->directory;
  if (!chosen.empty() && !can_hold_layers(planner, chosen)) chosen.clear();
  refuse_layers(planner);
  return LayerLife::captured;
}

void capture_project(Planner& planner) {
  const std::string& project = planner.plan.project;
  const Origin& origin = planner.plan.project_mode.origin;
  const std::string& directory = planner.plan.capture->directory;
  const bool possible = !directory.empty() && can_be_overlaid(planner, project, origin);
  if (!possible) {  // has been told; what comes after shall not complain that there is no project
    planner.layout.place({.target = project, .what = Bind{.source = project}, .why = "project", .origin = origin},
                         Rank::section);
    return;
  }
  warn_of_others_files(planner, project);
  if (mounts_below(planner, project).empty()) {
    place_captured(planner, project, CaptureLayer(planner, project).of_project(), "project");
  } else {
    capture_in_pieces(planner, project, "project", Within::nothing);
  }
}

void capture_directory(Planner& planner, const std::string& path, const char* why, Within within) {
  if (planner.plan.capture->directory.empty() || !can_be_overlaid(planner, path, planner.plan.project_mode.origin)) {
    return;
  }
  if (mounts_below(planner, path).empty()) {
    place_captured(planner, path, CaptureLayer(planner, path).of_part(within), why);
  } else {
    capture_in_pieces(planner, path, why, within);
  }
}

namespace {

/// As capture_in_pieces(); what is mounted in it is no part of the system, and stays as it is.
void capture_system_in_pieces(Planner& planner, const std::string& path, const std::vector<std::string>& mounts) {
  const Origin& origin = planner.plan.project_mode.origin;
  place_captured(planner, path, CaptureLayer(planner, path).of_copied_part(), why_system);
  for (const std::string& name : planner.host.list(path)) {
    const std::string below = join(path, name);
    if (planner.host.status(below).kind == FileKind::directory && std::ranges::find(mounts, below) == mounts.end()) {
      capture_system(planner, below);
    }
  }
  for (const std::string& mount : mounts) {
    if (parent_of(mount) != path) continue;
    const bool directory = planner.host.status(mount).kind == FileKind::directory;
    planner.layout.place({.target = mount,
                          .what = Bind{.source = mount, .directory = directory},
                          .why = "mounted in the system",
                          .origin = origin},
                         Rank::builtin);
  }
}

}  // namespace

void capture_system(Planner& planner, const std::string& path) {
  const bool possible = !planner.plan.capture->directory.empty() && !is_below(planner.state_dir, path) &&
                        can_be_overlaid(planner, path, planner.plan.project_mode.origin);
  if (!possible) return;
  const std::vector<std::string> mounts = mounts_below(planner, path);
  if (!mounts.empty()) return capture_system_in_pieces(planner, path, mounts);
  Overlay overlay = CaptureLayer(planner, path).of_part(Within::nothing);
  const std::string mirror = join(planner.state_dir, "mirror" + path);
  prepare_directory(planner, std::string(parent_of(mirror)));
  prepare(planner, {.kind = Preparation::Kind::mirror, .path = mirror, .content = path});
  overlay.lowers.insert(overlay.lowers.begin(), mirror);
  place_captured(planner, path, std::move(overlay), why_system);
}

bool is_captured(Planner& planner, const std::string& path) { return captured_at(planner, path) != nullptr; }

bool is_taken_away(Planner& planner, const std::string& path) {
  const Piece* piece = captured_at(planner, path);
  if (!piece || path == piece->entry.target || !is_below(path, piece->entry.target)) return false;
  const auto* overlay = std::get_if<Overlay>(&piece->entry.what);
  return overlay && is_gone(*overlay, within(piece->entry.target, path));
}

bool take_away(Planner& planner, const std::string& path) {
  Piece* piece = captured_at(planner, path);
  if (!piece || piece->entry.target == path) return false;
  const std::string top = piece->entry.target;
  if (!can_be_remade(planner, top, path)) return false;
  Overlay& overlay = std::get<Overlay>(piece->entry.what);
  const std::string below = within(top, path);
  if (is_gone(overlay, below)) return true;
  add_gap(planner, overlay, top, below);
  // What was hidden may be made anew inside: taking that would replace what the command could not see.
  planner.plan.capture->protect.push_back(within(planner.plan.capture->project, path));
  return true;
}

}  // namespace snug
