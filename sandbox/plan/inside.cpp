#include "plan/inside.h"

#include <algorithm>
#include <cstdlib>

#include "base/paths.h"
#include "plan/layout.h"
#include "plan/pending_path.h"

namespace snug {
namespace {

constexpr std::size_t most_mountinfo = 1 << 20;
constexpr std::uint32_t nobody_inside = ~0U;  // no id of a process

std::string_view next_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

/// "\040" is a space (proc(5)).
std::string without_octal(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 3 < text.size()) {
      plain += static_cast<char>(std::strtol(std::string(text.substr(at + 1, 3)).c_str(), nullptr, 8));
      at += 3;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

bool has_option(std::string_view options, std::string_view option) {
  while (!options.empty()) {
    const std::size_t end = std::min(options.find(','), options.size());
    if (options.substr(0, end) == option) return true;
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return false;
}

/// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
HostMount read_mount(std::string_view line) {
  for (int skipped = 0; skipped < 4; ++skipped) next_word(line);
  HostMount mount{.point = without_octal(next_word(line))};
  const std::string_view options = next_word(line);
  mount.no_exec = has_option(options, "noexec");
  mount.read_only = has_option(options, "ro");
  while (!line.empty() && next_word(line) != "-") {
  }  // optional fields, often none
  mount.is_tmpfs = next_word(line) == "tmpfs";
  next_word(line);
  mount.read_only = mount.read_only || has_option(line, "ro");
  return mount;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The first component of `path` below `above`.
std::string_view first_part(std::string_view path, std::string_view above) {
  path.remove_prefix(std::min(path.size(), above.size() + 1));
  return path.substr(0, path.find('/'));
}

}  // namespace

bool is_mount(const ViewKind& what) {
  return !std::holds_alternative<File>(what) && !std::holds_alternative<Copy>(what) &&
         !std::holds_alternative<Symlink>(what) && !std::holds_alternative<Directory>(what);
}

std::vector<HostMount> host_mounts_of(std::string_view text) {
  std::vector<HostMount> mounts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    mounts.push_back(read_mount(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return mounts;
}

Inside::Inside(const Plan& plan, HostView& host) : plan_(plan), host_(host) {
  host_mounts_ = host_mounts_of(host.read_small("/proc/self/mountinfo", most_mountinfo).value_or(""));
}

const HostMount& mount_of(const std::vector<HostMount>& mounts, std::string_view path) {
  static const HostMount none;
  const HostMount* deepest = &none;
  for (const HostMount& mount : mounts) {
    // Of two on one point the later one lies on top.
    if (is_below(path, mount.point) && mount.point.size() >= deepest->point.size()) deepest = &mount;
  }
  return *deepest;
}

const HostMount& Inside::host_mount(std::string_view host_path) const { return mount_of(host_mounts_, host_path); }

const ViewEntry* Inside::first_below(std::string_view path) const {
  const auto below = std::find_if(plan_.view.begin(), plan_.view.end(), [&](const ViewEntry& entry) {
    return entry.target.size() > path.size() && is_below(entry.target, path);
  });
  return below == plan_.view.end() ? nullptr : &*below;
}

// --- what stands at a path ------------------------------------------------------------------------

/// All that snug makes belongs to the command.
FileStatus Inside::own(FileKind kind, std::uint32_t mode) const {
  return {.kind = kind, .uid = plan_.identity.outside_uid, .gid = plan_.identity.outside_gid, .mode = mode};
}

Found Inside::at(const std::string& path) {
  Found found{.path = path};
  for (const ViewEntry& entry : plan_.view) {
    if (!is_below(path, entry.target)) continue;
    if (std::holds_alternative<Seal>(entry.what)) {
      found.seal = &entry;
    } else if (is_mount(entry.what)) {
      found.mount = &entry;
      found.content = found.seal = nullptr;
    } else if (entry.target == path) {
      found.content = &entry;
    }
  }
  found.status = status_in(found);
  // The way to a deeper entry: made on a tmpfs, or for the run in the stored home.
  if (found.status.kind == FileKind::absent && (path == "/" || first_below(path))) {
    found.status = own(FileKind::directory, 0755);
    found.made = true;
  }
  return found;
}

FileStatus Inside::status_in(Found& found) {
  if (found.content) {
    const ViewKind& what = found.content->what;
    if (const auto* file = std::get_if<File>(&what)) return own(FileKind::regular, file->mode);
    if (const auto* copy = std::get_if<Copy>(&what)) return own(FileKind::regular, copy->mode);
    if (const auto* directory = std::get_if<Directory>(&what)) return own(FileKind::directory, directory->mode);
    return own(FileKind::symlink, 0777);
  }
  if (!found.mount) return {};
  const ViewEntry& mount = *found.mount;
  if (const auto* overlay = std::get_if<Overlay>(&mount.what)) return status_in_overlay(*overlay, found);
  if (const auto* special = std::get_if<Special>(&mount.what)) return status_in_special(*special, found);
  found.host_path = host_path_of(mount, found.path);
  if (!found.host_path.empty()) return status_of_host(found);
  if (found.path != mount.target) return {};
  if (const auto* tmpfs = std::get_if<Tmpfs>(&mount.what)) return own(FileKind::directory, tmpfs->mode);
  if (const auto* mask = std::get_if<Mask>(&mount.what)) {
    return own(mask->directory ? FileKind::directory : FileKind::regular, 0);
  }
  const auto* device = std::get_if<Device>(&mount.what);
  return device ? host_.status(device->source) : FileStatus{};
}

/// As the launch leaves it: what it prepares in the stored home may not be there yet.
FileStatus Inside::status_of_host(Found& found) {
  const FileStatus& status = host_.status(found.host_path);
  if (status.kind != FileKind::absent) return status;
  using Kind = Preparation::Kind;
  for (const Preparation& made : plan_.preparations) {
    if (made.path != found.host_path) continue;
    found.made = true;
    const bool file = made.kind == Kind::skeleton_file || made.kind == Kind::mount_file || made.kind == Kind::stub;
    return own(file ? FileKind::regular : FileKind::directory, made.mode);
  }
  return status;
}

bool is_gap(const Overlay& overlay, std::string_view below) {
  return std::ranges::any_of(overlay.gaps,
                             [&](const Gap& gap) { return !gap.on_the_way && is_below(below, "/" + gap.path); });
}

/// What was changed inside lies in the upper directory; a removed file is a device node 0:0 there.
FileStatus Inside::status_in_overlay(const Overlay& overlay, Found& found) {
  const std::string_view below = std::string_view(found.path).substr(found.mount->target.size());
  found.host_path = join(overlay.upper, below);
  const FileStatus& changed = host_.status(found.host_path);
  if (changed.kind == FileKind::character_device) return {};
  if (changed.kind != FileKind::absent && !below.empty()) return changed;
  if (is_gap(overlay, below)) return {};
  for (const std::string& lower : overlay.lowers) {
    found.host_path = join(lower, below);
    const FileStatus& status = host_.status(found.host_path);
    if (status.kind != FileKind::absent) return status;
  }
  return {};
}

FileStatus Inside::status_in_special(const Special& special, Found& found) {
  const bool top = found.path == found.mount->target;
  switch (special.kind) {
    case Special::Kind::proc:
      return status_in_proc(found);
    case Special::Kind::devpts:
      if (top) return {.kind = FileKind::directory, .uid = nobody_inside, .gid = nobody_inside, .mode = 0755};
      return base_name(found.path) == "ptmx" ? own(FileKind::character_device, 0666) : FileStatus{};
    case Special::Kind::mqueue:
      return top ? own(FileKind::directory, 01777) : FileStatus{};
    case Special::Kind::cgroup2:
      break;
  }
  FileStatus status = host_.status(join("/sys/fs/cgroup", found.path.substr(found.mount->target.size())));
  if (top && status.kind == FileKind::absent) status = own(FileKind::directory, 0555);
  return status;
}

/// The same kernel's files as in the host's /proc, but the processes' own: those inside have numbers of their own.
FileStatus Inside::status_in_proc(Found& found) {
  const std::string below = found.path.substr(found.mount->target.size());
  const std::string_view part = first_part(found.path, found.mount->target);
  if (is_number(part)) return {};
  if (part == "self" || part == "thread-self") {
    FileStatus status = host_.status(join("/proc", below));
    if (status.kind == FileKind::symlink && below.find('/', 1) == below.npos) status.kind = FileKind::directory;
    return status;
  }
  return host_.status(join("/proc", below));
}

/// Below /proc/self: where it leads differs from process to process.
bool Inside::is_own_link(const Found& found) const {
  if (!found.mount || !std::holds_alternative<Special>(found.mount->what)) return false;
  return first_part(found.path, found.mount->target).ends_with("self");
}

std::string Inside::read_link(const Found& found) {
  if (found.content) {
    const auto* link = std::get_if<Symlink>(&found.content->what);
    return link ? link->to : "";
  }
  if (!found.host_path.empty()) return host_.read_link(found.host_path);
  const bool special = found.mount && std::holds_alternative<Special>(found.mount->what);
  return special ? host_.read_link(join("/proc", found.path.substr(found.mount->target.size()))) : "";
}

// --- the walk -------------------------------------------------------------------------------------

Walk Inside::walk(std::string_view path) {
  PendingPath pending(path);
  Walk walk{.end = at("/")};
  while (!pending.empty()) {
    if (!walk.end.directory() || !permits(walk.end, 1)) {
      walk.blocked = true;
      break;
    }
    const std::string part = pending.pop();
    if (part == ".") continue;
    const std::string next = part == ".." ? std::string(parent_of(walk.end.path)) : join(walk.end.path, part);
    Found step = at(next);
    if (step.status.kind == FileKind::symlink && !is_own_link(step)) {
      const std::string to = read_link(step);
      walk.loop = to.empty() || ++walk.links > most_links;
      if (walk.loop) break;
      if (to.front() == '/') walk.end = at("/");
      pending.push(to);
      continue;
    }
    walk.parent = std::move(walk.end);
    walk.end = std::move(step);
    if (!walk.end.exists()) break;
  }
  walk.left = pending.rest();
  return walk;
}

// --- owner, group and mode ------------------------------------------------------------------------

bool Inside::permits(const Found& found, std::uint32_t bits) const {
  const Identity& identity = plan_.identity;
  const auto* bind = found.mount && !found.content ? std::get_if<Bind>(&found.mount->what) : nullptr;
  const bool mapped = bind && bind->idmap;
  const std::uint32_t uid = mapped ? bind->idmap->disk_uid : identity.outside_uid;
  const std::uint32_t gid = mapped ? bind->idmap->disk_gid : identity.outside_gid;
  const FileStatus& status = found.status;
  if (found.made || status.uid == uid) return (status.mode >> 6 & bits) == bits;
  const auto is_kept = [&](const Identity::Group& group) { return !mapped && group.gid == status.gid; };
  const bool member =
      status.gid == gid || std::any_of(identity.kept_groups.begin(), identity.kept_groups.end(), is_kept);
  return ((member ? status.mode >> 3 : status.mode) & bits) == bits;
}

bool Inside::owner_has_a_name(const Found& found) const {
  return found.status.uid == plan_.identity.outside_uid && found.status.gid == plan_.identity.outside_gid;
}

}  // namespace snug
