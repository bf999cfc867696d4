#include "changes/host_links.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "changes/open_parents.h"
#include "changes/side.h"
#include "sys/open.h"

namespace snug {
namespace {

constexpr std::size_t most_names = 2'000'000;

using ByPath = std::map<std::string, const Change*, std::less<>>;

FileIdentity identity_of(const Node& node) { return {node.device, node.inode}; }

/// Exchanged on the host, and not merely given another mode: that all its names have.
bool is_exchanged(const Change& change) {
  const bool files = change.before.kind == NodeKind::file && change.after.kind == NodeKind::file;
  return files && (change.differences.content || change.differences.attributes);
}

class Follower {
 public:
  Follower(SideDirectory upper, SideDirectory lower, std::int64_t began, const std::vector<Change>& all)
      : upper_(std::move(upper)), lower_(std::move(lower)), began_(began) {
    for (const Change& change : all) by_path_.emplace(change.path, &change);
  }

  Result<std::vector<Change>> follow(const std::vector<Change*>& chosen) {
    for (Change* change : chosen) {
      if (is_written_in_place(*change)) written_.emplace(identity_of(change->before), change);
    }
    if (written_.empty()) return std::move(more_);
    for (Change* change : chosen) join_equal(*change);
    if (auto looked = look_for_names(); !looked) return looked.error();
    return std::move(more_);
  }

 private:
  bool is_written_in_place(const Change& change) const {
    const bool shared = is_exchanged(change) && change.before.links > 1 && change.after.links == 1 && !change.drifted;
    return shared && change.after.atime_ns == change.before.atime_ns && change.after.atime_ns < began_ &&
           !has_mark(change.path);
  }

  bool has_mark(const std::string& path) const {
    const auto directory = upper_.open_below(std::string(directory_of(path)));
    return directory && directory->copied_up(std::string(name_in_directory(path)));
  }

  bool same(const std::string& path, const std::string& other) const {
    const auto a = open_in(upper_, path), b = open_in(upper_, other);
    const auto equal = a && b ? same_bytes(a->get(), b->get()) : Result(false);
    return equal && *equal;
  }

  static Result<Fd> open_in(const SideDirectory& side, const std::string& path) {
    const auto directory = side.open_below(std::string(directory_of(path)));
    return directory ? directory->open_file(std::string(name_in_directory(path))) : directory.error();
  }

  /// Two names that were both written, to the same end.
  void join_equal(Change& change) {
    const auto found = written_.find(identity_of(change.before));
    if (found == written_.end() || found->second == &change || !is_written_in_place(change)) return;
    Change& first = *found->second;
    const bool alike = change.after.size == first.after.size && change.after.mode == first.after.mode;
    if (!alike || !same(change.path, first.path)) return;
    make_one(first, change);
  }

  /// Staged as names of one file.
  static void make_one(Change& first, Change& other) {
    first.after.links = 2;
    const Node own = std::exchange(other.after, first.after);
    other.after.mtime_ns = std::max(own.mtime_ns, first.after.mtime_ns);
    other.held_at = first.path;
  }

  Result<void> look_for_names() {
    const auto top = lower_.itself();
    if (!top) return top.error();
    std::vector<std::string> left{""};
    for (std::size_t seen = 0; !left.empty() && seen < most_names;) {
      const std::string here = std::move(left.back());
      left.pop_back();
      const auto directory = lower_.open_below(here);
      const auto names = directory ? directory->names() : Result(std::vector<std::string>());
      if (!names) continue;  // what cannot be read keeps what it has, and that is told
      for (const std::string& name : *names) {
        const auto node = directory->node(name);
        if (!node || node->device != top->device) continue;
        ++seen;
        std::string path = here.empty() ? name : here + "/" + name;
        if (node->kind == NodeKind::directory) left.push_back(std::move(path));
        if (node->kind == NodeKind::file && node->links > 1) take_name(std::move(path), *node);
      }
    }
    return {};
  }

  void take_name(std::string path, const Node& node) {
    const auto found = written_.find(identity_of(node));
    if (found == written_.end() || found->second->path == path) return;
    Change& first = *found->second;
    ++first.followers;  // in one way or another
    if (changes_itself(path)) return;
    Change change{.kind = Change::Kind::modified, .path = std::move(path), .before = node};
    change.differences = first.differences;
    change.followers = node.links;  // what is left behind is told of the first
    make_one(first, change);
    more_.push_back(std::move(change));
  }

  /// Is it in the capture by itself, or is a directory above it gone there?
  bool changes_itself(std::string_view path) const {
    if (by_path_.contains(path)) return true;
    for (path = directory_of(path); !path.empty(); path = directory_of(path)) {
      const auto above = by_path_.find(path);
      if (above == by_path_.end()) continue;
      if (above->second->after.kind != NodeKind::directory || above->second->differences.kind) return true;
    }
    return false;
  }

  SideDirectory upper_, lower_;
  std::int64_t began_;
  ByPath by_path_;
  std::map<FileIdentity, Change*> written_;
  std::vector<Change> more_;
};

}  // namespace

Result<std::vector<Change>> follow_links(const Sides& sides, const std::vector<Change>& all,
                                         const std::vector<Change*>& chosen) {
  auto upper = SideDirectory::open_top(sides.upper), lower = SideDirectory::open_top(sides.lower);
  if (!upper || !lower) return upper ? std::move(lower).error() : std::move(upper).error();
  return Follower(std::move(*upper), std::move(*lower), sides.began, all).follow(chosen);
}

}  // namespace snug
