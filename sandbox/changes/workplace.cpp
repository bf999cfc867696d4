#include "changes/workplace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/quote.h"
#include "changes/side.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/tree.h"

namespace snug {
namespace {

using Kind = ApplyStep::Kind;

// A handle made with O_PATH takes no chmod; the link that stands for it does.
std::string link_of(int node) { return "/proc/self/fd/" + std::to_string(node); }

std::optional<std::uint64_t> inode_at(const Place& where) {
  struct stat info {};
  if (fstatat(where.parent, where.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return info.st_ino;
}

// What a directory inherits of setgid from the one it was made in stays.
bool set_mode(int node, std::uint32_t mode) {
  struct stat info {};
  if (fstat(node, &info) != 0) return false;
  const mode_t inherited = S_ISDIR(info.st_mode) ? info.st_mode & S_ISGID : 0;
  return chmod(link_of(node).c_str(), (mode & plain_mode_bits) | inherited) == 0;
}

/// Is this node what the step has, or had, at its path? Of a directory that was made only its kind is known.
bool is_the_steps(const ApplyStep& step, const struct stat& info) {
  if (step.kind == Kind::make_directory) return S_ISDIR(info.st_mode);
  return info.st_ino == (step.kind == Kind::set_mode ? step.old_inode : step.inode);
}

bool has_own_finish(const ApplyStep& step) { return step.directory || step.kind == Kind::set_mode; }

}  // namespace

Error changed_meanwhile(const std::string& path) {
  return {.what = "cannot apply " + quote_for_display(path),
          .code = ESTALE,
          .why = "it was changed on the host meanwhile",
          .fix = "look at `snug diff` again"};
}

bool is_the_hosts(const Error& error) { return error.code == ESTALE; }

Error cannot_apply(const std::string& path, int code) {
  Error error = changed_meanwhile(path);
  switch (code) {
    case ELOOP:
      error.why = "a symbolic link stands on the way to it";
      return error;
    case ENOENT:
    case ENOTDIR:
      error.why = "it, or a directory above it, is gone from the host";
      return error;
    default:
      return sys_error("apply " + quote_for_display(path), code);
  }
}

bool set_time(int node, std::int64_t nanoseconds) {
  const timespec time{.tv_sec = nanoseconds / 1'000'000'000, .tv_nsec = nanoseconds % 1'000'000'000};
  const timespec times[2] = {time, time};
  return utimensat(AT_FDCWD, link_of(node).c_str(), times, 0) == 0;
}

void copy_directory_attributes(int from, int to) {
  const auto wanted = read_attributes(from), held = read_attributes(to);
  if (!wanted || !held || *wanted == *held) return;
  for (const auto& [name, value] : *held) {
    if (!wanted->contains(name)) fremovexattr(to, name.c_str());
  }
  for (const auto& [name, value] : *wanted) fsetxattr(to, name.c_str(), value.data(), value.size(), 0);
}

Result<Workplace> Workplace::open(const Capture& capture) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Workplace place;
  place.staging_name_ = ".snug-apply-" + capture.name();
  place.project_ = Fd(::open(capture.project.c_str(), flags));
  if (!place.project_) return sys_error("open " + quote_for_display(capture.project));
  place.upper_ = Fd(::open(capture.sides().upper.c_str(), flags));
  if (!place.upper_) return sys_error("open " + quote_for_display(capture.sides().upper));
  place.parents_ = OpenParents(place.project_.get());
  place.layer_parents_ = OpenParents(place.upper_.get());
  return place;
}

// One that is there without a journal is left from a copy that did not end, or not ours: nothing in it counts.
Result<void> Workplace::make_staging() {
  if (auto removed = remove_staging(); !removed) return removed;
  if (mkdirat(project(), staging_name_.c_str(), 0700) == 0) return open_staging();
  return sys_error("make " + quote_for_display(staging_name_));
}

Result<void> Workplace::open_staging() {
  staging_ = open_beneath(project(), staging_name_, O_RDONLY | O_DIRECTORY);
  return staging_ ? Result<void>() : sys_error("open " + quote_for_display(staging_name_));
}

Result<void> Workplace::remove_staging() {
  staging_.reset();
  if (remove_tree_at(project(), staging_name_.c_str())) return {};
  return sys_error("remove " + quote_for_display(staging_name_));
}

Result<void> Workplace::sync() const {
  struct stat here {
  }, layer{};
  const bool apart = fstat(project(), &here) != 0 || fstat(upper(), &layer) != 0 || here.st_dev != layer.st_dev;
  const bool good = syncfs(project()) == 0 && (!apart || syncfs(upper()) == 0);
  return good ? Result<void>() : sys_error("write to the disk");
}

Result<Place> Workplace::place(const std::string& path) {
  const Place found{parents_.of(path), std::string(name_in_directory(path))};
  return found.parent >= 0 ? Result(found) : cannot_apply(path, errno);
}

Result<Place> Workplace::waiting_place(const ApplyStep& step) {
  if (!step.from_layer) return Place{staging(), std::to_string(step.number)};
  const Place found{layer_parents_.of(step.path), std::string(name_in_directory(step.path))};
  return found.parent >= 0 ? Result(found) : sys_error("read the capture's " + quote_for_display(step.path));
}

std::optional<std::uint64_t> Workplace::waiting_inode(const ApplyStep& step) {
  const auto place = waiting_place(step);
  return place ? inode_at(*place) : std::nullopt;
}

bool Workplace::done(const ApplyStep& step) {
  switch (step.kind) {
    case Kind::put:
      return !waiting_inode(step);
    case Kind::exchange:
      return waiting_inode(step) != step.inode;
    case Kind::remove:
      return waiting_inode(step).has_value();
    default:
      return false;  // doing it again does no harm
  }
}

Result<void> Workplace::carry_out(const ApplyStep& step) {
  if (step.path.empty() || step.kind == Kind::set_mode || done(step)) return {};
  const auto where = place(step.path);
  if (!where) return where.error();
  switch (step.kind) {
    case Kind::put:
      return move_out(step, *where);
    case Kind::exchange:
      return exchange(step, *where);
    case Kind::remove:
      return move_in(step, *where, step.old_inode);
    default:
      if (mkdirat(where->parent, where->name.c_str(), 0700) == 0 || errno == EEXIST) return {};
      return cannot_apply(step.path, errno);
  }
}

Result<void> Workplace::move_out(const ApplyStep& step, const Place& where) {
  const auto from = waiting_place(step);
  if (!from) return from.error();
  if (renameat2(from->parent, from->name.c_str(), where.parent, where.name.c_str(), RENAME_NOREPLACE) != 0) {
    return errno == EEXIST ? changed_meanwhile(step.path) : cannot_apply(step.path, errno);
  }
  return {};
}

Result<void> Workplace::move_in(const ApplyStep& step, const Place& where, std::uint64_t inode) {
  if (inode_at(where) != inode) return changed_meanwhile(step.path);
  const auto to = waiting_place(step);
  if (!to) return to.error();
  if (renameat2(where.parent, where.name.c_str(), to->parent, to->name.c_str(), RENAME_NOREPLACE) != 0) {
    return cannot_apply(step.path, errno);
  }
  if (waiting_inode(step) == inode) return {};
  // Somebody was quicker: what was just taken is theirs.
  static_cast<void>(move_out(step, where));
  return changed_meanwhile(step.path);
}

Result<void> Workplace::swap(const ApplyStep& step, const Place& where) {
  const auto from = waiting_place(step);
  if (!from) return from.error();
  const bool done = renameat2(from->parent, from->name.c_str(), where.parent, where.name.c_str(), RENAME_EXCHANGE) == 0;
  return done ? Result<void>() : cannot_apply(step.path, errno);
}

Result<void> Workplace::exchange(const ApplyStep& step, const Place& where) {
  if (inode_at(where) != step.old_inode) return changed_meanwhile(step.path);
  if (auto swapped = swap(step, where); !swapped) return swapped;
  if (waiting_inode(step) == step.old_inode) return {};
  static_cast<void>(swap(step, where));
  return changed_meanwhile(step.path);
}

Result<void> Workplace::exchange_back(const ApplyStep& step, const Place& where) {
  if (inode_at(where) != step.inode) return changed_meanwhile(step.path);
  return swap(step, where);
}

// Not before the work is done for good: in the layer the mark tells of the host's file that was copied.
void Workplace::strip_marks(const std::vector<ApplyStep>& steps) {
  for (const ApplyStep& step : steps) {
    if (!step.from_layer) continue;
    const auto where = place(step.path);
    if (where) lremovexattr((link_of(where->parent) + "/" + where->name).c_str(), "user.overlay.origin");
  }
}

Result<void> Workplace::finish_nodes(const std::vector<ApplyStep>& steps) {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (auto finished = finish_node(*step); !finished) return finished;
  }
  return {};
}

Result<void> Workplace::finish_node(const ApplyStep& step) {
  if (!has_own_finish(step)) return {};
  const Fd node = open_beneath(project(), step.path, O_PATH | O_NOFOLLOW);
  struct stat info {};
  if (!node || fstat(node.get(), &info) != 0) return cannot_apply(step.path, errno);
  if (!is_the_steps(step, info)) return changed_meanwhile(step.path);
  if (step.directory) {
    const Fd from = open_beneath(upper(), step.path, O_RDONLY | O_DIRECTORY);
    const Fd to = open_beneath(project(), step.path, O_RDONLY | O_DIRECTORY);
    if (from && to) copy_directory_attributes(from.get(), to.get());
  }
  if (!set_mode(node.get(), step.mode)) return cannot_apply(step.path, errno);
  if (step.directory) set_time(node.get(), step.mtime_ns);
  return {};
}

Result<void> Workplace::take_back(const std::vector<ApplyStep>& steps) {
  parents_.forget();
  layer_parents_.forget();
  reopen_nodes(steps);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (auto taken = take_back_one(*step); !taken) return taken;
  }
  restore_directories(steps);
  return {};
}

// As far as it had come: what was there has its mode again, and what was made can be worked in.
void Workplace::reopen_nodes(const std::vector<ApplyStep>& steps) const {
  for (const ApplyStep& step : steps) {
    if (!has_own_finish(step)) continue;
    const Fd node = open_beneath(project(), step.path, O_PATH | O_NOFOLLOW);
    struct stat info {};
    if (!node || fstat(node.get(), &info) != 0 || !is_the_steps(step, info)) continue;
    static_cast<void>(set_mode(node.get(), step.kind == Kind::set_mode ? step.old_mode : 0700));
  }
}

// What lies deepest first: the times of a directory are told by what was done in it.
void Workplace::restore_directories(const std::vector<ApplyStep>& steps) const {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (step->kind != Kind::set_mode || !step->directory) continue;
    const Fd from = open_beneath(staging(), std::to_string(step->number), O_RDONLY | O_DIRECTORY);
    const Fd to = open_beneath(project(), step->path, O_RDONLY | O_DIRECTORY);
    struct stat info {};
    if (!from || !to || fstat(from.get(), &info) != 0) continue;
    copy_directory_attributes(from.get(), to.get());
    set_time(to.get(), std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec);
  }
}

Result<void> Workplace::take_back_one(const ApplyStep& step) {
  if (step.path.empty() || step.kind == Kind::set_mode) return {};
  if (step.kind == Kind::make_directory) return remove_directory(step);
  if (!done(step)) return {};
  const auto where = place(step.path);
  if (!where) return where.error();
  switch (step.kind) {
    case Kind::put:
      return move_in(step, *where, step.inode);
    case Kind::exchange:
      return exchange_back(step, *where);
    default:
      return move_out(step, *where);
  }
}

// It may never have been made, nor what it would lie in.
Result<void> Workplace::remove_directory(const ApplyStep& step) {
  const auto where = place(step.path);
  if (!where) return is_the_hosts(where.error()) ? Result<void>() : where.error();
  const bool gone = unlinkat(where->parent, where->name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
  return gone ? Result<void>() : cannot_apply(step.path, errno);
}

}  // namespace snug
