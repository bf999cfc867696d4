#include "changes/scan.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "changes/below.h"
#include "changes/side.h"

namespace snug {
namespace {

constexpr std::size_t longest_path = 4000;  // PATH_MAX less what openat2 and messages put before it

std::string below(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

/// A directory of the upper side that is still to be looked at.
struct Waiting {
  std::string path;
  bool merged = false;   ///< the host has a directory there, too
  bool covered = false;  ///< of which nothing shows through: a directory above is opaque
};

/// What one directory brought.
struct Found {
  std::vector<Change> changes;
  std::vector<KeptName> kept;
  std::vector<FileIdentity> kept_files;  // of `kept`, by position
  std::vector<Waiting> inner;            // to be looked at next, the first one last
};

/// Compares one directory of the upper side with what lies below it. Shares nothing that changes.
class DirectoryScan {
 public:
  DirectoryScan(const Sides& sides, const SideDirectory& upper, const Below& lower)
      : sides_(sides), upper_(upper), lower_(lower) {}

  Result<Found> compare_tops() {
    const auto above = upper_.itself(), under = lower_.itself();
    if (!above) return above.error();
    if (!under) return under.error();
    Change change{.path = "", .before = *under, .after = *above};
    change.differences.mode = above->mode != under->mode;
    const auto attributes = differ(upper_.own_attributes(), lower_.own_attributes());
    if (!attributes) return attributes.error();
    change.differences.attributes = *attributes;
    if (change.differences.any()) tell(std::move(change));
    return std::move(found_);
  }

  Result<Found> scan(const Waiting& waiting) {
    auto upper = upper_.open_below(waiting.path);
    if (!upper) return std::move(upper).error();
    Below lower;
    if (waiting.merged) {
      auto opened = lower_.open_below(waiting.path);
      if (!opened && opened.error().code != EACCES) return std::move(opened).error();
      if (opened) lower = std::move(*opened);  // of one that cannot be read outside the command saw nothing either
    }
    if (auto done = scan_entries(waiting, *upper, lower); !done) return std::move(done).error();
    return std::move(found_);
  }

 private:
  Result<void> scan_entries(const Waiting& here, const SideDirectory& upper, const Below& lower) {
    const auto names = upper.names();
    if (!names) return names.error();
    // Nothing is taken out of a directory without a new ctime of that directory.
    const auto lower_itself = lower.itself();
    if (!lower_itself) return lower_itself.error();
    const bool may_be_gone = lower.present() && drifted(here.path, *lower_itself);
    const bool covered = here.covered || upper.opaque();
    found_.changes.reserve(names->size());
    for (const std::string& name : *names) {
      if (auto done = scan_entry(below(here.path, name), name, upper, lower, may_be_gone); !done) return done;
    }
    for (Waiting& inner : found_.inner) inner.covered = covered;
    std::ranges::reverse(found_.inner);
    return covered ? scan_covered(here.path, *names, lower) : Result<void>();
  }

  Result<void> scan_entry(std::string path, const std::string& name, const SideDirectory& upper, const Below& lower,
                          bool may_be_gone) {
    auto after = upper.node(name);
    if (!after) return std::move(after).error();
    auto before = lower.node(name);
    if (!before) return std::move(before).error();
    const bool merged = after->kind == NodeKind::directory && before->kind == NodeKind::directory;
    Change change{.path = std::move(path), .before = std::move(*before), .after = std::move(*after)};
    if (change.after.kind == NodeKind::whiteout) return deleted(std::move(change));
    if (change.after.kind == NodeKind::directory) enter(change, merged);
    if (change.before.kind == NodeKind::absent) {
      change.drifted = may_be_gone && upper.copied_up(name);
      return added(std::move(change));
    }
    return compare(std::move(change), name, upper, lower);
  }

  /// What an opaque directory hides of the host's.
  Result<void> scan_covered(const std::string& path, const std::vector<std::string>& above, const Below& lower) {
    const auto names = lower.names();
    if (!names) return names.error();
    for (const std::string& name : *names) {
      if (std::ranges::binary_search(above, name)) continue;
      auto before = lower.node(name);
      if (!before) return std::move(before).error();
      if (auto done = deleted({.path = below(path, name), .before = std::move(*before)}); !done) return done;
    }
    return {};
  }

  void enter(Change& change, bool merged) {
    change.whole = change.path.size() > longest_path;
    if (!change.whole) found_.inner.push_back({.path = change.path, .merged = merged});
  }

  Result<void> added(Change change) {
    change.kind = Change::Kind::added;
    tell(std::move(change));
    return {};
  }

  Result<void> deleted(Change change) {
    if (change.before.kind == NodeKind::absent) return {};  // gone on both sides
    change.kind = Change::Kind::deleted;
    change.after = {};
    change.drifted = drifted(change.path, change.before);
    if (change.before.kind == NodeKind::directory && !change.drifted) {
      const auto below_it = content_drifted(change.path);
      if (!below_it) return below_it.error();
      change.drifted = *below_it;
    }
    tell(std::move(change));
    return {};
  }

  Result<void> compare(Change change, const std::string& name, const SideDirectory& upper, const Below& lower) {
    const Node &before = change.before, &after = change.after;
    Differences& differences = change.differences;
    differences.kind = before.kind != after.kind;
    if (!differences.kind) {
      differences.mode = before.mode != after.mode;
      differences.content = before.target != after.target;
      if (after.kind == NodeKind::file) {
        const auto content = content_differs(change, name, upper, lower);
        if (!content) return content.error();
        differences.content = *content;
      }
    }
    // With another mode alone no new file is put there, which would bring its attributes along.
    if (!differences.kind && !differences.content && after.kind != NodeKind::symlink) {
      const auto attributes = differ(upper.attributes(name), lower.attributes(name));
      if (!attributes) return attributes.error();
      differences.attributes = *attributes;
    }
    change.drifted = drifted(change.path, before);
    if (differences.any()) {
      tell(std::move(change));
    } else if (after.kind == NodeKind::file && after.links > 1) {
      found_.kept_files.emplace_back(after.device, after.inode);
      found_.kept.push_back({std::move(change.path), std::move(change.before)});
    }
    return {};
  }

  // Equal sizes and times prove nothing: the command can set a file's times.
  static Result<bool> content_differs(const Change& change, const std::string& name, const SideDirectory& upper,
                                      const Below& lower) {
    if (change.before.size != change.after.size) return true;
    const auto above = upper.open_file(name), under = lower.open_file(name);
    if (!above) return above.error();
    const auto same = under ? same_bytes(above->get(), under->get()) : under.error();
    // Of somebody else, below a directory that the command had as its own.
    if (!same && same.error().code == EACCES) return change.after.size > 0;
    if (!same) return same.error();
    return !*same;
  }

  static Result<bool> differ(const Result<Attributes>& a, const Result<Attributes>& b) {
    if (!a) return a.error();
    if (!b && b.error().code == EACCES) return false;  // cannot be read outside, so that nothing is known of it
    if (!b) return b.error();
    return *a != *b;
  }

  bool drifted(const std::string& path, const Node& node) const { return changed_since_began(sides_, path, node); }

  /// Was anything below a directory of the host changed since the capture began?
  Result<bool> content_drifted(const std::string& path) {
    std::vector<std::string> left{path};
    while (!left.empty()) {
      const std::string here = std::move(left.back());
      left.pop_back();
      const auto directory = lower_.open_below(here);
      if (!directory) return directory.error();
      const auto names = directory->names();
      if (!names) return names.error();
      for (const std::string& name : *names) {
        const auto node = directory->node(name);
        if (!node) return node.error();
        std::string inner = below(here, name);
        if (drifted(inner, *node)) return true;
        if (node->kind == NodeKind::directory) left.push_back(std::move(inner));
      }
    }
    return false;
  }

  void tell(Change change) { found_.changes.push_back(std::move(change)); }

  const Sides& sides_;
  const SideDirectory& upper_;
  const Below& lower_;
  Found found_;
};

/// All directories, by as many threads as pay: nearly all of the time is the kernel's, looking names up.
class Scanner {
 public:
  Scanner(const Sides& sides, const std::function<void(std::vector<Change>)>& found) : sides_(sides), tell_(found) {}

  Result<KeptNames> scan() {
    auto upper = SideDirectory::open_top(sides_.upper);
    if (!upper) return std::move(upper).error();
    auto lower = Below::open(sides_);
    if (!lower) return std::move(lower).error();
    upper_ = std::move(*upper);
    lower_ = std::move(*lower);
    if (sides_.top_is_own) {
      auto tops = DirectoryScan(sides_, upper_, lower_).compare_tops();
      if (!tops) return std::move(tops).error();
      take(std::move(*tops));
    }
    waiting_.push_back({.path = "", .merged = true});
    work();
    for (std::thread& helper : helpers_) helper.join();
    if (error_) return *std::move(error_);
    return std::move(kept_);
  }

 private:
  // Until nothing waits and nobody works who could add to it.
  void work() {
    std::unique_lock held(mutex_);
    while (true) {
      changed_.wait(held, [&] { return !waiting_.empty() || working_ == 0 || error_; });
      if (waiting_.empty() || error_) return;
      const Waiting next = std::move(waiting_.back());
      waiting_.pop_back();
      ++working_;
      held.unlock();
      auto found = DirectoryScan(sides_, upper_, lower_).scan(next);
      held.lock();
      --working_;
      found ? take(std::move(*found)) : fail(std::move(found).error());
      changed_.notify_all();
    }
  }

  // A directory is told before anybody looks into it.
  void take(Found found) {
    if (!found.changes.empty()) tell_(std::move(found.changes));
    for (std::size_t i = 0; i < found.kept.size(); ++i) keep(found.kept_files[i], std::move(found.kept[i]));
    std::ranges::move(found.inner, std::back_inserter(waiting_));
    if (waiting_.size() >= kWorthAThread) call_helpers();
  }

  // The first by name, whoever finds it.
  void keep(const FileIdentity& file, KeptName name) {
    const auto [known, fresh] = kept_.try_emplace(file, name);
    if (!fresh && name.path < known->second.path) known->second = std::move(name);
  }

  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  // Without them it takes longer.
  void call_helpers() {
    const std::size_t wanted = std::min(std::max(std::thread::hardware_concurrency(), 1U), kMostThreads) - 1;
    try {
      while (!error_ && helpers_.size() < wanted) helpers_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {  // no more processes
    }
  }

  static constexpr std::size_t kWorthAThread = 16;  // directories that wait: starting one takes as long as some of them
  static constexpr unsigned kMostThreads = 4;

  const Sides& sides_;
  const std::function<void(std::vector<Change>)>& tell_;
  SideDirectory upper_;
  Below lower_;
  std::vector<std::thread> helpers_;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::vector<Waiting> waiting_;
  std::size_t working_ = 0;
  KeptNames kept_;
  std::optional<Error> error_;
};

}  // namespace

bool changed_since_began(const Sides& sides, const std::string& path, const Node& node) {
  if (node.ctime_ns < sides.began) return false;
  const auto known = sides.applied.find(path);
  return known == sides.applied.end() || known->second.inode != node.inode || known->second.ctime_ns != node.ctime_ns;
}

Result<KeptNames> scan_changes(const Sides& sides, const std::function<void(std::vector<Change>)>& found) {
  return Scanner(sides, found).scan();
}

}  // namespace snug
