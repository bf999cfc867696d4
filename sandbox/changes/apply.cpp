#include "changes/apply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/journal.h"
#include "changes/side.h"
#include "changes/stage.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/tree.h"

namespace snug {
namespace {

using Kind = ApplyStep::Kind;

constexpr std::uint32_t plain_bits = 01777;

std::string staging_name(const Capture& capture) { return ".snug-apply-" + capture.name(); }

// Where a file system keeps none, none is kept: of directories nothing depends on them.
void copy_directory_attributes(int from, int to) {
  const auto wanted = read_attributes(from), held = read_attributes(to);
  if (!wanted || !held) return;
  for (const auto& [name, value] : *held) {
    if (!wanted->contains(name)) fremovexattr(to, name.c_str());
  }
  for (const auto& [name, value] : *wanted) fsetxattr(to, name.c_str(), value.data(), value.size(), 0);
}

/// A path of the project as the directory that holds it and its name there.
struct Place {
  Fd parent;
  std::string name;
};

Error changed_meanwhile(const std::string& path) {
  return {.what = "cannot apply " + quote_for_display(path),
          .why = "it was changed on the host meanwhile",
          .fix = "look at `snug diff` again"};
}

Error cannot_apply(const std::string& path, int code = errno) {
  if (code == ELOOP) {
    return {.what = "cannot apply " + quote_for_display(path), .why = "a symbolic link stands on the way to it"};
  }
  return sys_error("apply " + quote_for_display(path), code);
}

/// The project and the staging directory in it, and what one step does to them.
class Workplace {
 public:
  static Result<Workplace> open(const Capture& capture) {
    Workplace place;
    place.staging_name_ = staging_name(capture);
    place.project_ = Fd(::open(capture.project.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!place.project_) return sys_error("open " + quote_for_display(capture.project));
    return place;
  }

  int project() const { return project_.get(); }
  int staging() const { return staging_.get(); }

  // One that is there without a journal is left from a copy that did not end, or not ours: nothing in it counts.
  Result<void> make_staging() {
    if (auto removed = remove_staging(); !removed) return removed;
    if (mkdirat(project(), staging_name_.c_str(), 0700) != 0)
      return sys_error("make " + quote_for_display(staging_name_));
    return open_staging();
  }

  Result<void> open_staging() {
    staging_ = open_beneath(project(), staging_name_, O_RDONLY | O_DIRECTORY);
    return staging_ ? Result<void>() : sys_error("open " + quote_for_display(staging_name_));
  }

  Result<void> remove_staging() {
    staging_.reset();
    if (remove_tree_at(project(), staging_name_.c_str())) return {};
    return sys_error("remove " + quote_for_display(staging_name_));
  }

  Result<void> sync() const { return syncfs(project()) == 0 ? Result<void>() : sys_error("write to the disk"); }

  Result<Place> place(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
    Place found{open_beneath(project(), parent, O_PATH | O_DIRECTORY), path.substr(slash + 1)};
    if (!found.parent) return cannot_apply(path);
    return found;
  }

  std::optional<std::uint64_t> staged_inode(const ApplyStep& step) const {
    struct stat info {};
    if (fstatat(staging(), std::to_string(step.number).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return info.st_ino;
  }

  bool done(const ApplyStep& step) const {
    const auto staged = staged_inode(step);
    switch (step.kind) {
      case Kind::put:
        return !staged;
      case Kind::exchange:
        return staged != step.inode;
      case Kind::remove:
        return staged.has_value();
      default:
        return false;  // doing it again does no harm
    }
  }

  Result<void> carry_out(const ApplyStep& step) const {
    if (step.path.empty() || done(step)) return {};
    auto where = place(step.path);
    if (!where) return std::move(where).error();
    const int parent = where->parent.get();
    switch (step.kind) {
      case Kind::make_directory:
        return mkdirat(parent, where->name.c_str(), 0700) == 0 || errno == EEXIST ? Result<void>()
                                                                                  : cannot_apply(step.path);
      case Kind::put:
        return move_out(step, *where, RENAME_NOREPLACE);
      case Kind::exchange:
        return exchange(step, *where);
      case Kind::remove:
        return remove(step, *where);
      case Kind::set_mode:
        return {};  // finish_nodes
    }
    return {};
  }

  /// Modes, times and attributes of directories last and what lies deepest first: a closed one could not be worked in.
  Result<void> finish_nodes(const std::vector<ApplyStep>& steps, int upper) const {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      if (!step->directory && step->kind != Kind::set_mode) continue;
      if (auto finished = finish_node(*step, upper); !finished) return finished;
    }
    return {};
  }

  /// As far as it had come: what was there has its mode again, and what was made can be worked in.
  void reopen_nodes(const std::vector<ApplyStep>& steps) const {
    for (const ApplyStep& step : steps) {
      if (!step.directory && step.kind != Kind::set_mode) continue;
      const Fd node = open_beneath(project(), step.path, O_PATH | O_NOFOLLOW);
      if (node) static_cast<void>(set_mode(node.get(), step.kind == Kind::set_mode ? step.old_mode : 0700));
    }
  }

  Result<void> take_back(const ApplyStep& step) const {
    if (step.path.empty() || step.kind == Kind::set_mode) return {};  // reopen_nodes
    if (step.kind == Kind::make_directory) return remove_directory(step);
    if (!done(step)) return {};
    auto where = place(step.path);
    if (!where) return std::move(where).error();
    switch (step.kind) {
      case Kind::put:
        return move_in(step, *where, step.inode);
      case Kind::exchange:
        return exchange_back(step, *where);
      default:
        return move_out(step, *where, RENAME_NOREPLACE);
    }
  }

 private:
  Workplace() = default;

  static std::optional<std::uint64_t> inode_of(const Place& where) {
    struct stat info {};
    if (fstatat(where.parent.get(), where.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return info.st_ino;
  }

  Result<void> move_out(const ApplyStep& step, const Place& where, unsigned flags) const {
    const std::string number = std::to_string(step.number);
    if (renameat2(staging(), number.c_str(), where.parent.get(), where.name.c_str(), flags) == 0) return {};
    return errno == EEXIST ? changed_meanwhile(step.path) : cannot_apply(step.path);
  }

  Result<void> move_in(const ApplyStep& step, const Place& where, std::uint64_t inode) const {
    if (inode_of(where) != inode) return changed_meanwhile(step.path);
    const std::string number = std::to_string(step.number);
    if (renameat2(where.parent.get(), where.name.c_str(), staging(), number.c_str(), RENAME_NOREPLACE) != 0) {
      return cannot_apply(step.path);
    }
    if (staged_inode(step) == inode) return {};
    // Somebody was quicker: what was just taken is theirs.
    static_cast<void>(move_out(step, where, RENAME_NOREPLACE));
    return changed_meanwhile(step.path);
  }

  // It may never have been made, nor what it would lie in.
  Result<void> remove_directory(const ApplyStep& step) const {
    const auto where = place(step.path);
    if (!where) return where.error().code == ENOENT || where.error().code == ENOTDIR ? Result<void>() : where.error();
    const bool gone = unlinkat(where->parent.get(), where->name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
    return gone ? Result<void>() : cannot_apply(step.path);
  }

  Result<void> remove(const ApplyStep& step, const Place& where) const { return move_in(step, where, step.old_inode); }

  Result<void> swap(const ApplyStep& step, const Place& where) const {
    const std::string number = std::to_string(step.number);
    return renameat2(staging(), number.c_str(), where.parent.get(), where.name.c_str(), RENAME_EXCHANGE) == 0
               ? Result<void>()
               : cannot_apply(step.path);
  }

  Result<void> exchange(const ApplyStep& step, const Place& where) const {
    if (inode_of(where) != step.old_inode) return changed_meanwhile(step.path);
    if (auto swapped = swap(step, where); !swapped) return swapped;
    if (staged_inode(step) == step.old_inode) return {};
    static_cast<void>(swap(step, where));
    return changed_meanwhile(step.path);
  }

  Result<void> exchange_back(const ApplyStep& step, const Place& where) const {
    if (inode_of(where) != step.inode) return changed_meanwhile(step.path);
    return swap(step, where);
  }

  // What a directory inherits of setgid from the one it was made in stays.
  static bool set_mode(int node, std::uint32_t mode) {
    struct stat info {};
    if (fstat(node, &info) != 0) return false;
    const mode_t inherited = S_ISDIR(info.st_mode) ? info.st_mode & S_ISGID : 0;
    return chmod(link_of(node).c_str(), (mode & plain_bits) | inherited) == 0;
  }

  static void set_time(int node, std::int64_t nanoseconds) {
    const timespec time{.tv_sec = nanoseconds / 1'000'000'000, .tv_nsec = nanoseconds % 1'000'000'000};
    const timespec times[2] = {time, time};
    static_cast<void>(utimensat(AT_FDCWD, link_of(node).c_str(), times, 0));
  }

  // A handle made with O_PATH takes no chmod; the link that stands for it does.
  static std::string link_of(int node) { return "/proc/self/fd/" + std::to_string(node); }

  Result<void> finish_node(const ApplyStep& step, int upper) const {
    const Fd node = open_beneath(project(), step.path, O_PATH | O_NOFOLLOW);
    struct stat info {};
    if (!node || fstat(node.get(), &info) != 0) return cannot_apply(step.path);
    const std::uint64_t expected = step.kind == Kind::set_mode ? step.old_inode : step.inode;
    if (step.kind != Kind::make_directory && info.st_ino != expected) return changed_meanwhile(step.path);
    if (step.directory) {
      const Fd from = open_beneath(upper, step.path, O_RDONLY | O_DIRECTORY);
      const Fd to = open_beneath(project(), step.path, O_RDONLY | O_DIRECTORY);
      if (from && to) copy_directory_attributes(from.get(), to.get());
    }
    if (!set_mode(node.get(), step.mode)) return cannot_apply(step.path);
    if (step.directory) set_time(node.get(), step.mtime_ns);
    return {};
  }

  Fd project_, staging_;
  std::string staging_name_;
};

// --- changes -> steps -------------------------------------------------------------------------------------------

bool same_node(const Node& a, const Node& b) {
  return a.kind == b.kind && a.inode == b.inode && a.device == b.device && a.size == b.size &&
         a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns && a.mode == b.mode;
}

/// Is the host's side still what the scan saw? A directory's times tell of what is in it.
Result<void> check_host(const Workplace& workplace, const Change& change, bool below_new) {
  if (below_new || change.path.empty()) return {};
  auto where = workplace.place(change.path);
  if (!where) return std::move(where).error();
  const auto directory = SideDirectory::from(where->parent.get());
  if (!directory) return directory.error();
  auto now = directory->node(where->name);
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
  if (change.kind != Change::Kind::deleted && !can_be_staged(change.after.kind))
    return "sockets and devices stay behind";
  return std::nullopt;
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
    step.kind = change.after.kind == NodeKind::directory ? Kind::make_directory : Kind::put;
  } else if (differences.kind || differences.content || (!step.directory && differences.attributes) ||
             (change.after.kind == NodeKind::file && change.after.links > 1)) {
    step.kind = Kind::exchange;
  } else {
    step.kind = Kind::set_mode;
  }
  return step;
}

bool needs_staging(const ApplyStep& step) { return step.kind == Kind::put || step.kind == Kind::exchange; }

/// Stages everything and lists what is to be done with it. Nothing of the project's own has been touched after it.
class Preparer {
 public:
  Preparer(const Workplace& workplace, int upper, const KeptNames& kept)
      : workplace_(workplace), stager_(upper, workplace.project(), workplace.staging(), kept) {}

  Result<void> prepare(const std::vector<Change>& changes) {
    for (const Change& change : changes) {
      if (auto done = prepare_one(change); !done) return done;
    }
    return {};
  }

  std::vector<ApplyStep> steps;
  std::vector<std::string> left;

  void gather_losses() {
    for (std::string& loss : stager_.take_losses()) left.push_back(std::move(loss));
  }

 private:
  Result<void> prepare_one(const Change& change) {
    if (const auto reason = why_not(change))
      return left.push_back(quote_for_display(change.path) + ": " + *reason), Result<void>();
    if (auto same = check_host(workplace_, change, is_below_new(change.path)); !same) return same;
    ApplyStep step = step_for(change, steps.size());
    if (step.kind == Kind::make_directory || (step.kind == Kind::exchange && step.directory)) {
      new_directories_.insert(change.path);
    }
    if ((change.after.mode & 06000) != 0 && change.after.kind == NodeKind::file) {
      left.push_back(quote_for_display(change.path) + ": without its setuid and setgid bits");
    }
    if (change.before.kind == NodeKind::file && change.before.links > 1 && step.kind == Kind::exchange) {
      left.push_back(quote_for_display(change.path) + " had other names on the host: they keep the old content");
    }
    if (needs_staging(step)) {
      auto inode = stager_.stage(change, step.number);
      if (!inode) return std::move(inode).error();
      step.inode = *inode;
    }
    steps.push_back(std::move(step));
    return {};
  }

  // Changes come a directory before what is in it: what lies below a new directory lies in one.
  bool is_below_new(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    return slash != std::string::npos && new_directories_.contains(path.substr(0, slash));
  }

  const Workplace& workplace_;
  Stager stager_;
  std::unordered_set<std::string> new_directories_;
};

// --- the work ---------------------------------------------------------------------------------------------------

Fd open_upper(const Capture& capture) {
  return Fd(open(capture.sides().upper.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Result<void> carry_out_all(const Capture& capture, const Workplace& workplace, const std::vector<ApplyStep>& steps,
                           const ApplyOptions& options) {
  std::size_t done = 0;
  for (const ApplyStep& step : steps) {
    if (auto carried = workplace.carry_out(step); !carried) return carried;
    if (options.progress) options.progress(++done, steps.size());
  }
  return workplace.finish_nodes(steps, open_upper(capture).get());
}

Result<void> take_all_back(const Workplace& workplace, const std::vector<ApplyStep>& steps) {
  workplace.reopen_nodes(steps);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (auto taken = workplace.take_back(*step); !taken) return taken;
  }
  return {};
}

/// The layer forgets what the host has now, so that nothing of it comes back when the host moves on. Below a directory
/// that covers the host's, what is gone from the layer would count as deleted: there all stays, and is no change.
class Pruner {
 public:
  explicit Pruner(int upper) : upper_(upper) {}

  void forget(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
    if (path.empty() || covers(parent)) return;
    const Fd directory = open_beneath(upper_, parent, O_PATH | O_DIRECTORY);
    const std::string name = path.substr(slash + 1);
    if (directory && unlinkat(directory.get(), name.c_str(), 0) != 0) {
      unlinkat(directory.get(), name.c_str(), AT_REMOVEDIR);
    }
  }

 private:
  /// Does this directory, or one above it, cover the host's?
  bool covers(const std::string& path) {
    const auto [known, fresh] = covers_.emplace(path, false);
    if (!fresh) return known->second;
    const std::size_t slash = path.rfind('/');
    const Fd directory = open_beneath(upper_, path, O_RDONLY | O_DIRECTORY);
    const auto side = SideDirectory::from(directory.get());
    const bool here = side && side->opaque();
    const bool above = !path.empty() && covers(slash == std::string::npos ? "" : path.substr(0, slash));
    return covers_[path] = here || above;
  }

  int upper_;
  std::map<std::string, bool> covers_;
};

void prune(const Capture& capture, const std::vector<ApplyStep>& steps) {
  const Fd upper = open_upper(capture);
  Pruner pruner(upper.get());
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) pruner.forget(step->path);
}

Result<ApplyReport> commit(const Capture& capture, Workplace& workplace, Journal journal) {
  journal.phase = Journal::Phase::done;
  if (auto synced = workplace.sync(); !synced) return std::move(synced).error();
  if (auto written = write_journal(capture, journal); !written) return std::move(written).error();
  prune(capture, journal.steps);
  if (auto removed = workplace.remove_staging(); !removed) return std::move(removed).error();
  if (auto removed = remove_journal(capture); !removed) return std::move(removed).error();
  return ApplyReport{.applied = journal.steps.size()};
}

Result<void> roll_back(const Capture& capture, Workplace& workplace, const std::vector<ApplyStep>& steps) {
  if (auto taken = take_all_back(workplace, steps); !taken) return taken;
  if (auto removed = workplace.remove_staging(); !removed) return removed;
  return remove_journal(capture);
}

Error unfinished(const Capture& capture) {
  return {.what = "an apply of the capture " + quote_for_display(capture.name()) + " did not end",
          .fix = "snug apply --continue    end it\nsnug apply --abort       take it back"};
}

/// The journal of an apply that did not end, with the place it worked in open.
struct Unfinished {
  Journal journal;
  Workplace workplace;
};

Result<Unfinished> open_unfinished(const Capture& capture) {
  auto journal = read_journal(capture);
  if (!journal) return std::move(journal).error();
  if (!*journal) return Error{.what = "no apply of this capture is unfinished"};
  auto workplace = Workplace::open(capture);
  if (!workplace) return std::move(workplace).error();
  Unfinished unfinished{std::move(**journal), std::move(*workplace)};
  if (unfinished.journal.phase == Journal::Phase::doing) {
    if (auto opened = unfinished.workplace.open_staging(); !opened) return std::move(opened).error();
  }
  return unfinished;
}

}  // namespace

bool apply_unfinished(const Capture& capture) {
  const auto journal = read_journal(capture);
  return !journal || journal->has_value();
}

Result<ApplyReport> apply_changes(const Capture& capture, const std::vector<Change>& changes,
                                  const ApplyOptions& options) {
  if (apply_unfinished(capture)) return unfinished(capture);
  auto workplace = Workplace::open(capture);
  if (!workplace) return std::move(workplace).error();
  if (auto made = workplace->make_staging(); !made) return std::move(made).error();
  const Fd upper = open_upper(capture);
  Preparer preparer(*workplace, upper.get(), options.kept);
  auto prepared = preparer.prepare(changes);
  if (prepared) prepared = workplace->sync();
  const Journal journal{.steps = std::move(preparer.steps)};
  if (prepared) prepared = write_journal(capture, journal);
  if (!prepared) {
    static_cast<void>(workplace->remove_staging());
    return std::move(prepared).error();
  }
  if (auto done = carry_out_all(capture, *workplace, journal.steps, options); !done) {
    if (auto back = roll_back(capture, *workplace, journal.steps); !back) return unfinished(capture);
    return std::move(done).error();
  }
  auto report = commit(capture, *workplace, journal);
  preparer.gather_losses();
  if (report) report->left = std::move(preparer.left);
  return report;
}

Result<ApplyReport> resume_apply(const Capture& capture) {
  auto unfinished = open_unfinished(capture);
  if (!unfinished) return std::move(unfinished).error();
  if (unfinished->journal.phase == Journal::Phase::doing) {
    if (auto done = carry_out_all(capture, unfinished->workplace, unfinished->journal.steps, {}); !done)
      return std::move(done).error();
  }
  return commit(capture, unfinished->workplace, std::move(unfinished->journal));
}

Result<void> abort_apply(const Capture& capture) {
  auto unfinished = open_unfinished(capture);
  if (!unfinished) return std::move(unfinished).error();
  if (unfinished->journal.phase == Journal::Phase::done) {
    return Error{.what = "the apply is done: only its old files were still to be removed",
                 .fix = "snug apply --continue"};
  }
  return roll_back(capture, unfinished->workplace, unfinished->journal.steps);
}

}  // namespace snug
