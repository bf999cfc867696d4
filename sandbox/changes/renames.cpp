#include "changes/renames.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "changes/below.h"
#include "changes/open_parents.h"
#include "sys/open.h"

namespace snug {
namespace {

constexpr std::size_t most_files = 50000;
constexpr std::uint64_t most_bytes = std::uint64_t{256} << 20;
/// Opening and reading two files takes as long as comparing so many bytes: some thousand pairs at most.
constexpr std::uint64_t cost_of_opening = 64 << 10;
/// Pairs that had nothing in common but their size: of one new file, and of all.
constexpr std::size_t most_failures_of_one = 10, most_failures = 500;

class Finder {
 public:
  explicit Finder(const Sides& sides)
      : upper_(open_without_links(sides.upper, O_PATH | O_DIRECTORY)), lower_(Below::open(sides)) {}

  std::map<std::string, std::string> find(const std::vector<const Change*>& changes) {
    std::vector<const Change*> fresh;
    if (!lower_) return {};
    for (const Change* const change : changes) {
      if (change->kind == Change::Kind::deleted) add_gone(change->path, change->before);
      const bool file = change->after.kind == NodeKind::file && change->after.size > 0;
      if (change->kind == Change::Kind::added && file) fresh.push_back(change);
    }
    for (const Change* change : fresh) match_name(*change);
    for (const Change* change : fresh) {
      if (failures_ < most_failures) match_size(*change);
    }
    return std::move(renames_);
  }

 private:
  using Key = std::pair<std::uint64_t, std::string>;  // size and name
  using Gone = std::multimap<Key, std::string>;

  /// A deleted file, or those in a deleted directory.
  void add_gone(const std::string& path, const Node& node) {
    std::vector<std::pair<std::string, NodeKind>> left{{path, node.kind}};
    if (node.kind == NodeKind::file) return add_file(path, node);
    while (!left.empty() && seen_ < most_files) {
      const auto [here, kind] = std::move(left.back());
      left.pop_back();
      if (kind != NodeKind::directory) continue;
      const auto directory = lower_->open_below(here);
      const auto names = directory ? directory->names() : Result(std::vector<std::string>());
      if (!names) continue;
      for (const std::string& name : *names) {
        const auto inner = directory->node(name);
        if (!inner || ++seen_ > most_files) break;
        if (inner->kind == NodeKind::file) add_file(here + "/" + name, *inner);
        if (inner->kind == NodeKind::directory) left.emplace_back(here + "/" + name, inner->kind);
      }
    }
  }

  void add_file(std::string path, const Node& node) {
    if (node.size == 0) return;
    std::string name(name_in_directory(path));
    gone_.emplace(Key{node.size, std::move(name)}, std::move(path));
  }

  /// One that was moved keeps its name more often than not.
  void match_name(const Change& change) {
    const auto [begin, end] = gone_.equal_range({change.after.size, std::string(name_in_directory(change.path))});
    match(change, begin, end);
  }

  void match_size(const Change& change) {
    if (renames_.contains(change.path)) return;
    match(change, gone_.lower_bound({change.after.size, ""}), gone_.lower_bound({change.after.size + 1, ""}));
  }

  void match(const Change& change, Gone::const_iterator begin, Gone::const_iterator end) {
    const std::size_t enough = std::min(failures_ + most_failures_of_one, most_failures);
    for (auto old = begin; old != end && compared_ < most_bytes && failures_ < enough; ++old) {
      if (!same(old->second, change)) {
        ++failures_;
        continue;
      }
      renames_.emplace(change.path, old->second);
      gone_.erase(old);
      return;
    }
  }

  bool same(const std::string& old, const Change& change) {
    compared_ += change.after.size + cost_of_opening;
    const auto a = lower_->open_file_at(old);
    const Fd b = open_beneath(upper_.get(), change.path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    const auto equal = a && b ? same_bytes(a->get(), b.get()) : Result(false);
    return equal && *equal;
  }

  Fd upper_;
  Result<Below> lower_;
  Gone gone_;
  std::map<std::string, std::string> renames_;
  std::size_t seen_ = 0, failures_ = 0;
  std::uint64_t compared_ = 0;
};

}  // namespace

std::map<std::string, std::string> find_renames(const Sides& sides, const std::vector<const Change*>& changes) {
  return Finder(sides).find(changes);
}

}  // namespace snug
