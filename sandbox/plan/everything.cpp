// A capture of everything: the host as it is, and wherever the user could write an overlay.
//
// What others own is shown read-only: the command could not write there outside either, and an overlay cannot copy what
// belongs to somebody without a number inside (EOVERFLOW). So each directory of the user's has an overlay of its own,
// also below such a one.
#include <algorithm>
#include <string_view>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/captures.h"
#include "plan/planner.h"
#include "plan/sensitive.h"

namespace snug {
namespace {

/// How far below a directory those of the user's are looked for.
struct SearchRow {
  const char* path;
  int levels;
};

constexpr SearchRow searched[] = {
    {"/bin", 0},       {"/boot", 0}, {"/etc", 0},     {"/lib", 0},     {"/lib32", 0}, {"/lib64", 0}, {"/libx32", 0},
    {"/media", 3},     {"/mnt", 3},  {"/opt", 3},     {"/sbin", 0},    {"/snap", 0},  {"/srv", 3},   {"/usr", 0},
    {"/usr/local", 2}, {"/var", 2},  {"/var/lib", 1}, {"/var/www", 3}, {"/nix", 0},   {"/gnu", 0},
};
constexpr int levels_elsewhere = 2;
constexpr int levels_in_home = 3;

/// Looking at each takes about 2 us.
constexpr std::size_t most_looked_at = 2000;

/// Names in "/" and "/var" that the sandbox has of its own.
constexpr std::string_view own_places[] = {"/dev", "/etc",      "/proc",    "/run",     "/sys",
                                           "/tmp", "/var/lock", "/var/run", "/var/tmp", "/lost+found"};

int levels_below(std::string_view path) {
  const auto row = std::ranges::find_if(searched, [&](const SearchRow& one) { return path == one.path; });
  return row == std::end(searched) ? levels_elsewhere : row->levels;
}

bool is_own_place(std::string_view path) { return std::ranges::find(own_places, path) != std::end(own_places); }

class Everything {
 public:
  explicit Everything(Planner& planner) : planner_(planner) {}

  void show() {
    if (planner_.profile.filesystem.root.value.kind == RootChoice::Kind::host) {
      for (const std::string& name : planner_.host.list("/")) show_top("/" + name);
    }
    capture(planner_.home, "home");
    search_among_others(planner_.home, levels_in_home);
    if (!planner_.plan.project.empty()) capture(planner_.plan.project, "project");
    hide_state();
    hide_secrets();
    if (looked_at_ < most_looked_at) return;
    planner_.note(Note::Level::warning,
                  "there are more directories than can be looked at for those you could write to: what was not found "
                  "is read-only");
  }

 private:
  void show_top(const std::string& path) {
    if (is_own_place(path) && !(path == "/etc" && owns_system(planner_))) return;
    if (path == "/var") return show_in_pieces(path);
    if (shows_system(path)) return show_system(path, levels_below(path));
    place(path);
    search(path, levels_below(path));
    if (path == "/usr") search("/usr/local", levels_below("/usr/local"));
  }

  /// The sandbox has some of what is in it of its own.
  void show_in_pieces(const std::string& path) {
    for (const std::string& name : planner_.host.list(path)) {
      const std::string below = join(path, name);
      if (is_own_place(below)) continue;
      if (shows_system(below)) {
        show_system(below, levels_below(below));
        continue;
      }
      place(below);
      search(below, levels_below(below));
    }
  }

  /// Is it a directory of the system, and the command its root?
  bool shows_system(const std::string& path) {
    constexpr std::string_view places[] = {"/boot", "/etc", "/opt", "/srv", "/usr"};
    const bool named = std::ranges::find(places, path) != std::end(places) || parent_of(path) == "/var";
    return named && owns_system(planner_) && look(path).kind == FileKind::directory && can_list(look(path));
  }

  /// As it is, where nothing stands yet.
  void place(const std::string& path) {
    if (planner_.layout.find(path)) return;
    const FileStatus& status = look(path);
    ViewEntry entry{.target = path, .why = "system", .origin = planner_.plan.project_mode.origin};
    if (status.kind == FileKind::symlink) {
      entry.what = Symlink{planner_.host.read_link(path)};
    } else if (status.kind == FileKind::directory || status.kind == FileKind::regular) {
      entry.what = Bind{.source = path, .directory = status.kind == FileKind::directory};
    } else {
      return;
    }
    planner_.layout.place(std::move(entry), Rank::builtin);
  }

  void search(const std::string& path, int levels) {
    const FileStatus& status = look(path);
    if (status.kind != FileKind::directory || !is_shown_from_host(path)) return;
    if (can_write(status)) return capture(path, "you can write there");
    if (levels == 0 || !can_list(status)) return;
    for (const std::string& name : planner_.host.list(path)) {
      if (looked_at_ >= most_looked_at) return;
      const std::string below = join(path, name);
      if (look(below).kind == FileKind::directory) search(below, levels - 1);
    }
  }

  void show_system(const std::string& path, int levels) {
    capture_system(planner_, path);
    if (!is_captured(planner_, path)) return;
    search_among_others(path, levels);
    if (path == "/usr") search_among_others("/usr/local", levels_below("/usr/local"));
  }

  /// Of an overlay's directory: what in it is the user's below something that is not. The command could not change it
  /// there (EOVERFLOW), or not to be taken over: nobody but root may write to the top.
  void search_among_others(const std::string& path, int levels) {
    if (levels == 0 || !can_list(look(path))) return;
    const bool is_others = !is_users(look(path));
    for (const std::string& name : planner_.host.list(path)) {
      if (looked_at_ >= most_looked_at) return;
      const std::string below = join(path, name);
      const FileStatus& status = look(below);
      if (status.kind != FileKind::directory) continue;
      if (!is_users(status)) {
        search_among_others(below, levels - 1);
      } else if (is_others) {
        capture_directory(planner_, below, "you can write there", Within::another);
      }
    }
  }

  bool is_users(const FileStatus& status) const { return status.uid == planner_.caller().uid; }

  const FileStatus& look(const std::string& path) {
    ++looked_at_;
    return planner_.host.status(path);
  }

  bool is_shown_from_host(const std::string& path) {
    const Piece* holder = planner_.layout.holder_of(path);
    return holder && host_path_of(holder->entry, path) == path;
  }

  std::uint32_t bits_for(const FileStatus& status) const {
    const Caller& caller = planner_.caller();
    if (caller.uid == 0) return 7;
    if (status.uid == caller.uid) return (status.mode >> 6) | 2;  // may give itself the right
    const bool in_group =
        status.gid == caller.gid || std::ranges::find(caller.groups, status.gid) != caller.groups.end();
    return (in_group ? status.mode >> 3 : status.mode) & 7;
  }
  bool can_write(const FileStatus& status) const { return (bits_for(status) & 2) != 0; }
  bool can_list(const FileStatus& status) const { return (bits_for(status) & 4) != 0; }

  void capture(const std::string& path, const char* why) {
    if (planner_.host.status(path).kind != FileKind::directory) return;
    if (!is_captured(planner_, path)) return capture_directory(planner_, path, why);
    // Between an overlay's top and what lies in it nothing may belong to somebody who has no number inside.
    const std::string top = planner_.layout.holder_of(path)->entry.target;
    for (std::string at(parent_of(path)); at.size() > top.size(); at = parent_of(at)) {
      if (is_users(planner_.host.status(at))) continue;
      return capture_directory(planner_, path, why, Within::another);
    }
  }

  /// Other captures, and what decides about sandboxes.
  void hide_state() { hide(planner_.state_dir, "snug's own state"); }

  void hide_secrets() {
    for (const SensitivePlace& secret : sensitive_places()) {
      const std::string path = join(planner_.home, secret.path);
      if (secret.access == Access::read && !is_listed(path)) hide(path, secret.opens);
    }
  }

  bool is_listed(const std::string& path) {
    const FilesystemSection& files = planner_.profile.filesystem;
    const auto names = [&](const std::vector<PathEntry>& list) {
      return std::ranges::any_of(list, [&](const PathEntry& entry) {
        const std::string named = planner_.host.resolve(normalise(expand(planner_, entry.path, entry.origin))).path;
        return is_below(path, named) && is_below(named, planner_.home) && named != planner_.home;
      });
    };
    return names(files.read) || names(files.write);
  }

  void hide(const std::string& path, const char* why) {
    if (!planner_.host.exists(path) || !is_captured(planner_, path)) return;
    if (take_away(planner_, path)) return;
    const Mask mask{.directory = planner_.host.status(path).kind == FileKind::directory};
    planner_.layout.cover({.target = path, .what = mask, .optional = true, .why = why}, Rank::listed);
  }

  Planner& planner_;
  std::size_t looked_at_ = 0;
};

}  // namespace

bool owns_system(const Planner& planner) {
  const Identity& identity = planner.plan.identity;
  return planner.request.everything && identity.kind == Identity::Kind::own && identity.inside_uid == 0;
}

void add_everything(Planner& planner) {
  planner.state_dir = planner.host.resolve(planner.caller().state_dir).path;
  planner.plan.project_mode.value = ProjectMode::overlay;
  plan_capture(planner);
  Everything(planner).show();
  if (owns_system(planner)) show_captured_etc(planner);
}

}  // namespace snug
