// filesystem.read, write, overlay, tmpfs and [[filesystem.mount]].
#include "base/paths.h"
#include "base/quote.h"
#include "base/units.h"
#include "plan/planner.h"
#include "plan/words.h"

namespace snug {
namespace {

constexpr std::uint64_t default_tmpfs_size = 1ULL << 30;
constexpr std::uint64_t tmpfs_inodes = 1 << 18;
constexpr std::uint64_t most_copied = 64 << 10;

/// One thing to show, from a list or a [[filesystem.mount]].
struct Wanted {
  std::string path;    ///< the host path as written
  std::string target;  ///< the path inside as written; empty: where the source is
  Access access = Access::read;
  bool exec = true;
  bool optional = false;
  const char* why = "listed";
  const Origin& origin;
};

std::string absent_fix(const std::string& written) {
  return "create it, or write " + quote_for_display(written + "?") + " to skip it where it is absent";
}

/// Is there something at `real` that can be bound? Reports what is wrong; an optional absent one is no mistake.
bool can_be_shown(Planner& planner, const Resolved& real, const Wanted& wanted) {
  if (real.status.kind == FileKind::regular || real.directory()) return true;
  const std::string name = quote_for_display(wanted.path);
  switch (real.status.kind) {
    case FileKind::socket:
      planner.fail("cannot show " + name, wanted.origin, "it is a socket, and a way to talk to whoever listens",
                   "network.sockets = [" + name + "]");
      return false;
    case FileKind::unreadable:
      planner.fail("cannot show " + name, wanted.origin, "you may not reach it",
                   "take it out, or change its permissions");
      return false;
    case FileKind::absent:
    case FileKind::symlink:
      break;
    default:
      planner.fail("cannot show " + name, wanted.origin, std::string("it is a ") + kind_word(real.status.kind),
                   "for a device: [[filesystem.mount]] with type = \"device\"");
      return false;
  }
  if (real.loop) {
    planner.fail("cannot show " + name, wanted.origin, "its symbolic links lead round in a circle", "mend the links");
  } else if (!wanted.optional) {
    planner.fail("cannot show " + name, wanted.origin, "there is nothing", absent_fix(wanted.path));
  }
  return false;
}

/// Places that are the sandbox's own and stay so.
bool is_allowed_target(Planner& planner, const std::string& target, const Wanted& wanted) {
  const bool own = target == "/" || is_below(target, "/proc") || is_below(target, "/dev") ||
                   (wanted.access == Access::write && is_below(target, "/sys"));
  if (own) {
    planner.fail("cannot put anything of the host at " + quote_for_display(target), wanted.origin,
                 "the sandbox has one of its own there", "name a directory below it, or take the line out");
  }
  return !own;
}

/// snug's own files decide what a sandbox may do, so nothing inside may write them.
bool spares_snugs_files(Planner& planner, const std::string& source, const Wanted& wanted) {
  if (wanted.access == Access::read) return true;
  const Caller& caller = planner.caller();
  for (const std::string& directory : {caller.state_dir, caller.config_dir, caller.runtime_dir}) {
    if (directory.empty()) continue;
    const std::string own = planner.host.resolve(directory).path;
    if (!is_below(source, own) && !is_below(own, source)) continue;
    planner.fail("cannot make " + quote_for_display(source) + " writable", wanted.origin,
                 "snug's own configuration or state (" + escape_for_display(own) + ") lies there",
                 "name a directory further down");
    return false;
  }
  return true;
}

/// Remembers the links on the way to `real`, to be judged once everything writable is known.
void follow(Planner& planner, const Resolved& real, const Origin& origin, const ViewEntry* entry) {
  if (real.links.empty()) return;
  planner.followed.push_back({real, origin, entry ? std::optional(*entry) : std::nullopt, entry != nullptr});
}

/// Places `entry` where it is wanted: at its own path, or at the target.
void place_wanted(Planner& planner, ViewEntry entry, const Resolved& real, const Wanted& wanted) {
  entry.optional = wanted.optional;
  const bool elsewhere = !wanted.target.empty() && wanted.target != wanted.path;
  if (elsewhere) entry.target = inside_path(planner, wanted.target);
  if (!is_allowed_target(planner, entry.target, wanted)) return;
  follow(planner, real, wanted.origin, elsewhere ? nullptr : &entry);
  planner.layout.place(std::move(entry), Rank::listed);
}

/// A capture of everything shows it anyway, and nothing that is written reaches the host but through `snug apply`.
bool is_left_to_capture(Planner& planner, const Resolved& real, const Wanted& wanted) {
  const bool elsewhere = !wanted.target.empty() && wanted.target != wanted.path;
  if (!planner.request.everything) return false;
  if (!elsewhere && is_captured(planner, real.path)) return true;
  if (wanted.access == Access::read) return false;
  if (!elsewhere && real.directory()) return capture_directory(planner, real.path, wanted.why), true;
  planner.fail("cannot capture what is written to " + quote_for_display(wanted.path), wanted.origin,
               elsewhere ? "it is shown at another path" : "it is no directory", "take it out, or show it to read");
  return true;
}

void show_bind(Planner& planner, const Wanted& wanted) {
  const Resolved real = planner.host.resolve(wanted.path);
  if (!can_be_shown(planner, real, wanted) || !spares_snugs_files(planner, real.path, wanted)) return;
  if (is_left_to_capture(planner, real, wanted)) return;
  ViewEntry entry = shown(real, wanted.access, wanted.why, wanted.origin);
  Bind& bind = std::get<Bind>(entry.what);
  bind.exec = wanted.exec;
  bind.idmap = idmap_for(planner, real.status.uid, real.status.gid);
  entry.ahead = wanted.access == Access::read && wanted.target.empty() && !wanted.optional && real.links.empty();
  place_wanted(planner, std::move(entry), real, wanted);
}

void show_overlay(Planner& planner, const Wanted& wanted) {
  const Resolved real = planner.host.resolve(wanted.path);
  if (!can_be_shown(planner, real, wanted) || is_left_to_capture(planner, real, wanted)) return;
  if (!real.directory()) {
    planner.fail("cannot lay an overlay over " + quote_for_display(wanted.path), wanted.origin, "it is no directory",
                 "use read or write for a file");
    return;
  }
  if (!wanted.exec) {
    planner.fail("cannot forbid programs in the overlay over " + quote_for_display(wanted.path), wanted.origin,
                 "exec = false works only for binds", "take exec = false out, or use type = \"bind\"");
    return;
  }
  const LayerLife life = planner.plan.stored_home ? LayerLife::kept : LayerLife::scratch;
  const auto overlay = make_overlay(planner, real.path, real.path, life, wanted.origin);
  if (!overlay) return;
  place_wanted(planner, {.target = real.path, .what = *overlay, .why = wanted.why, .origin = wanted.origin}, real,
               wanted);
}

void show_tmpfs(Planner& planner, const std::string& written, std::optional<std::uint64_t> size, std::uint32_t mode,
                bool exec, const Origin& origin) {
  const std::string target = inside_path(planner, written);
  const Wanted wanted{.path = written, .origin = origin};
  if (!is_below(target, "/dev") && !is_allowed_target(planner, target, wanted)) return;
  Tmpfs tmpfs{.size = default_tmpfs_size, .inodes = tmpfs_inodes, .mode = mode, .exec = exec};
  const Spot* spot = planner.layout.find(target);
  const auto* before = spot && spot->base ? std::get_if<Tmpfs>(&spot->base->entry.what) : nullptr;
  if (before) tmpfs = *before;  // /tmp stays 1777
  if (size) tmpfs.size = *size;
  if (tmpfs.size == 0) {
    planner.fail("cannot make a tmpfs at " + quote_for_display(target), origin, "its size is 0, which means no limit",
                 "give it a size, such as \"64M\"");
    return;
  }
  planner.layout.place({.target = target, .what = tmpfs, .why = "listed", .origin = origin}, Rank::listed);
}

void show_made(Planner& planner, const MountEntry& mount, ViewKind what) {
  const std::string written = expand(planner, mount.target, mount.origin);
  if (written.empty()) return;
  const std::string target = inside_path(planner, written);
  const Wanted wanted{.path = written, .origin = mount.origin};
  if (!is_below(target, "/dev") && !is_allowed_target(planner, target, wanted)) return;
  planner.layout.place(
      {.target = target, .what = std::move(what), .optional = mount.optional, .why = "mount", .origin = mount.origin},
      Rank::listed);
}

void mount_file(Planner& planner, const MountEntry& mount) {
  if (mount.content) return show_made(planner, mount, File{*mount.content, mount.mode.value_or(0644)});
  const std::string source = expand(planner, mount.source, mount.origin);
  const Wanted wanted{.path = source, .optional = mount.optional, .origin = mount.origin};
  const Resolved real = planner.host.resolve(source);
  if (source.empty() || !can_be_shown(planner, real, wanted)) return;
  if (real.directory() || real.status.size > most_copied) {
    planner.fail("cannot copy " + quote_for_display(source), mount.origin,
                 real.directory() ? "it is a directory" : "it is larger than 64K", "use type = \"bind\"");
    return;
  }
  follow(planner, real, mount.origin, nullptr);
  show_made(planner, mount, Copy{real.path, mount.mode.value_or(0644)});
}

void mount_device(Planner& planner, const MountEntry& mount) {
  const std::string source = expand(planner, mount.source, mount.origin);
  if (source.empty()) return;
  const Resolved real = planner.host.resolve(source);
  const FileKind kind = real.status.kind;
  if (kind == FileKind::absent && mount.optional) return;
  if (kind != FileKind::character_device && kind != FileKind::block_device) {
    planner.fail("cannot show the device " + quote_for_display(source), mount.origin,
                 std::string("it is ") + kind_word(kind), absent_fix(source));
    return;
  }
  follow(planner, real, mount.origin, nullptr);
  show_made(planner, mount, Device{real.path});
}

void mount_host(Planner& planner, const MountEntry& mount) {
  const std::string source = expand(planner, mount.source, mount.origin);
  const std::string target = expand(planner, mount.target, mount.origin);
  if (source.empty() || target.empty()) return;
  const Wanted wanted{.path = source,
                      .target = target,
                      .access = mount.access,
                      .exec = mount.exec,
                      .optional = mount.optional,
                      .why = "mount",
                      .origin = mount.origin};
  if (mount.type == MountEntry::Type::overlay) return show_overlay(planner, wanted);
  show_bind(planner, wanted);
}

void show_mount(Planner& planner, const MountEntry& mount) {
  const std::string tmpfs_target =
      mount.type == MountEntry::Type::tmpfs ? expand(planner, mount.target, mount.origin) : "";
  switch (mount.type) {
    case MountEntry::Type::bind:
    case MountEntry::Type::overlay:
      return mount_host(planner, mount);
    case MountEntry::Type::tmpfs:
      if (tmpfs_target.empty()) return;
      return show_tmpfs(planner, tmpfs_target, mount.size, mount.mode.value_or(0755), mount.exec, mount.origin);
    case MountEntry::Type::file:
      return mount_file(planner, mount);
    case MountEntry::Type::directory:
      return show_made(planner, mount, Directory{mount.mode.value_or(0755)});
    case MountEntry::Type::symlink:
      return show_made(planner, mount, Symlink{mount.source});
    case MountEntry::Type::device:
      return mount_device(planner, mount);
  }
}

void show_listed(Planner& planner, const PathEntry& entry, Access access) {
  const std::string path = expand(planner, entry.path, entry.origin);
  if (path.empty()) return;
  show_bind(planner, {.path = path, .access = access, .optional = entry.optional, .origin = entry.origin});
}

}  // namespace

void add_lists(Planner& planner) {
  const FilesystemSection& filesystem = planner.profile.filesystem;
  for (const PathEntry& entry : filesystem.read) show_listed(planner, entry, Access::read);
  for (const PathEntry& entry : filesystem.write) show_listed(planner, entry, Access::write);
  for (const PathEntry& entry : filesystem.overlay) {
    const std::string path = expand(planner, entry.path, entry.origin);
    if (!path.empty()) show_overlay(planner, {.path = path, .optional = entry.optional, .origin = entry.origin});
  }
  for (const TmpfsEntry& entry : filesystem.tmpfs) {
    const std::string path = expand(planner, entry.path, entry.origin);
    if (!path.empty()) show_tmpfs(planner, path, entry.size, 0755, true, entry.origin);
  }
  for (const MountEntry& mount : filesystem.mounts) show_mount(planner, mount);
}

}  // namespace snug
