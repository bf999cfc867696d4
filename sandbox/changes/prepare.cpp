#include "changes/prepare.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/layer_forget.h"
#include "changes/side.h"
#include "changes/stage.h"
#include "sys/errno.h"
#include "sys/open.h"

namespace snug {
namespace {

using Kind = ApplyStep::Kind;

bool same_node(const Node& a, const Node& b) {
  return a.kind == b.kind && a.inode == b.inode && a.device == b.device && a.size == b.size &&
         a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns && a.mode == b.mode;
}

/// Is the host's side still what the scan saw? A directory's times tell of what is in it.
Result<void> check_host(Workplace& workplace, const Change& change) {
  if (change.path.empty()) return {};
  const auto where = workplace.place(change.path);
  if (!where) return where.error();
  auto now = node_at(where->parent, where->name);
  if (!now) return std::move(now).error();
  if (now->kind == NodeKind::directory && now->kind == change.before.kind) {
    now->size = change.before.size;
    now->mtime_ns = change.before.mtime_ns;
    now->ctime_ns = change.before.ctime_ns;
  }
  return same_node(*now, change.before) ? Result<void>() : changed_meanwhile(change.path);
}

std::optional<std::string> why_not(const Change& change) {
  if (change.whole) return "its path is too long";
  const bool stays = change.kind != Change::Kind::deleted && !can_be_staged(change.after.kind);
  return stays ? std::optional<std::string>("sockets and devices stay behind") : std::nullopt;
}

ApplyStep step_for(const Change& change, std::size_t number) {
  ApplyStep step{.path = change.path,
                 .number = number,
                 .old_inode = change.before.inode,
                 .mode = change.after.mode,
                 .old_mode = change.before.mode,
                 .mtime_ns = change.after.mtime_ns};
  step.directory = change.after.kind == NodeKind::directory;
  const Differences& differences = change.differences;
  if (change.kind == Change::Kind::deleted) {
    step.kind = Kind::remove;
  } else if (change.before.kind == NodeKind::absent) {
    step.kind = step.directory ? Kind::make_directory : Kind::put;
  } else if (differences.kind || differences.content || (!step.directory && differences.attributes) ||
             (change.after.kind == NodeKind::file && change.after.links > 1)) {
    step.kind = Kind::exchange;
  } else {
    step.kind = Kind::set_mode;
    if (!step.directory) step.mtime_ns = change.before.mtime_ns;  // stays
  }
  return step;
}

bool needs_staging(const ApplyStep& step) { return step.kind == Kind::put || step.kind == Kind::exchange; }

bool makes_directory(const ApplyStep& step) {
  return step.kind == Kind::make_directory || (step.kind == Kind::exchange && step.directory);
}

/// Attributes that a node may take along to the host: the overlay's mark of a copy, which comes off there, and the
/// program's. No capabilities, no access lists, no labels of another place.
bool has_plain_attributes(int directory, const std::string& name) {
  std::array<char, 1024> names;
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + name;
  const ssize_t size = llistxattr(path.c_str(), names.data(), names.size());
  if (size < 0) return errno == ENOTSUP;
  for (std::string_view rest(names.data(), static_cast<std::size_t>(size)); !rest.empty();) {
    const std::string_view attribute = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(attribute.size() + 1);
    const bool overlays = attribute.starts_with("user.overlay.") && attribute != "user.overlay.origin";
    if (overlays || !attribute.starts_with("user.")) return false;
  }
  return true;
}

/// Can a node go from the layer to the project by a rename? One device can hold two file systems' worth of mounts.
bool can_rename_between(const Capture& capture, const Workplace& workplace) {
  struct stat here {
  }, layer{};
  if (fstat(workplace.project(), &here) != 0 || fstat(workplace.upper(), &layer) != 0) return false;
  if (here.st_dev != layer.st_dev) return false;
  const std::string to = join(capture.directory, "probe");
  const Fd probe(openat(workplace.staging(), "probe", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const bool moved = probe && renameat(workplace.staging(), "probe", AT_FDCWD, to.c_str()) == 0;
  unlinkat(workplace.staging(), "probe", 0);
  unlink(to.c_str());
  return moved;
}

class Preparer {
 public:
  Preparer(const Capture& capture, Workplace& workplace, const ApplyOptions& options)
      : workplace_(workplace),
        options_(options),
        stager_(workplace.upper(), workplace.project(), workplace.staging(), options.kept),
        covers_(workplace.upper()),
        layer_parents_(workplace.upper()),
        renames_(!options.keep && can_rename_between(capture, workplace)) {}

  Result<StagedSteps> prepare(const std::vector<Change>& changes) {
    prepared_.steps.reserve(changes.size());
    for (const Change& change : changes) {
      if (auto done = prepare_one(change); !done) return std::move(done).error();
      if (options_.progress) options_.progress(ApplyPhase::copying, ++looked_at_, changes.size());
    }
    for (std::string& loss : stager_.take_losses()) prepared_.left.push_back(std::move(loss));
    return std::move(prepared_);
  }

 private:
  void leave(const Change& change, std::string_view why) {
    prepared_.left.push_back(quote_for_display(change.path).append(why));
  }

  Result<void> prepare_one(const Change& change) {
    if (const auto reason = why_not(change)) return leave(change, ": " + *reason), Result<void>();
    const bool below_new = new_directories_.contains(std::string(directory_of(change.path)));
    if (!below_new) {
      if (auto same = check_host(workplace_, change); !same) return same;
    }
    ApplyStep step = step_for(change, prepared_.steps.size());
    if (makes_directory(step)) new_directories_.insert(change.path);
    tell_losses(change, step);
    if (auto staged = stage(change, step); !staged) return staged;
    prepared_.steps.push_back(std::move(step));
    return {};
  }

  void tell_losses(const Change& change, const ApplyStep& step) {
    if (change.after.others) leave(change, " belonged to another user number: on the host it is yours");
    if ((change.after.mode & 06000) != 0 && change.after.kind == NodeKind::file) {
      leave(change, ": without its setuid and setgid bits");
    }
    const bool split = change.before.kind == NodeKind::file && change.before.links > 1 + change.followers;
    if (split && step.kind == Kind::exchange) {
      leave(change, " has other names on the host, which keep the old content");
    }
  }

  Result<void> stage(const Change& change, ApplyStep& step) {
    const auto instead = options_.instead.find(change.path);
    step.stays = options_.keep || (instead != options_.instead.end() && instead->second.layer_keeps);
    if (step.kind == Kind::set_mode && step.directory) return stage_old_directory(step);
    if (!needs_staging(step)) return {};
    step.from_layer = instead == options_.instead.end() && can_go_itself(change);
    step.inode = change.after.inode;
    if (step.from_layer) return {};
    const auto staged = instead == options_.instead.end() ? stager_.stage(change, step.number)
                                                          : stager_.stage_text(change, instead->second, step.number);
    if (!staged) return staged.error();
    step.inode = staged->inode;
    step.mtime_ns = staged->mtime_ns;
    return {};
  }

  /// A file of the layer that may go to the host as it is, without a copy.
  bool can_go_itself(const Change& change) {
    const Node& node = change.after;
    if (!renames_ || node.others || node.kind != NodeKind::file || node.links != 1 || (node.mode & 06000) != 0)
      return false;
    const Node& old = change.before;  // takes its place in the layer, to be forgotten there by one call
    if (old.kind == NodeKind::directory || (old.kind == NodeKind::file && old.links > 1)) return false;
    if (covers_.covers(directory_of(change.path))) return false;
    const int directory = layer_parents_.of(change.path);
    return directory >= 0 && has_plain_attributes(directory, std::string(name_in_directory(change.path)));
  }

  /// What abort gives back to a directory: its attributes and times.
  Result<void> stage_old_directory(const ApplyStep& step) {
    const std::string name = std::to_string(step.number);
    const Fd from = open_beneath(workplace_.project(), step.path, O_RDONLY | O_DIRECTORY);
    struct stat info {};
    if (!from || fstat(from.get(), &info) != 0 || mkdirat(workplace_.staging(), name.c_str(), 0700) != 0) {
      return cannot_apply(step.path, errno);
    }
    const Fd to = open_beneath(workplace_.staging(), name, O_RDONLY | O_DIRECTORY);
    if (!to) return cannot_apply(step.path, errno);
    copy_directory_attributes(from.get(), to.get());
    set_time(to.get(), std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec);
    return {};
  }

  Workplace& workplace_;
  const ApplyOptions& options_;
  Stager stager_;
  Covers covers_;
  OpenParents layer_parents_;
  bool renames_;
  std::size_t looked_at_ = 0;
  std::unordered_set<std::string> new_directories_;
  StagedSteps prepared_;
};

}  // namespace

Result<StagedSteps> prepare_steps(const Capture& capture, Workplace& workplace, const std::vector<Change>& changes,
                                  const ApplyOptions& options) {
  return Preparer(capture, workplace, options).prepare(changes);
}

}  // namespace snug
