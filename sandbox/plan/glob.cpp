#include "plan/glob.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/paths.h"

namespace snug {
namespace {

std::vector<std::string> components_of(std::string_view pattern) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', at), pattern.size());
    const std::string part(pattern.substr(at, end - at));
    const bool again = part == "**" && !parts.empty() && parts.back() == "**";
    if (!part.empty() && part != "." && !again) parts.push_back(part);
    at = end + 1;
  }
  return parts;
}

class Search {
 public:
  Search(HostFiles& host, std::string top, std::vector<std::string> parts, std::size_t& budget)
      : host_(host), top_(std::move(top)), parts_(std::move(parts)), budget_(budget) {}

  std::vector<std::string> run() {
    descend("", 0);
    return {found_.begin(), found_.end()};
  }

 private:
  void descend(const std::string& directory, std::size_t part) {
    if (part == parts_.size() || !seen_.insert({directory, part}).second) return;
    if (parts_[part] == "**") return descend_anywhere(directory, part);
    if (!is_pattern(parts_[part])) return look_for(directory, part);
    for (const HostEntry& entry : entries_in(directory)) {
      if (budget_ == 0) return;
      if (matches_component(parts_[part], entry.name)) take(directory, entry.name, part);
    }
  }

  /// "**": here, and in every directory below.
  void descend_anywhere(const std::string& directory, std::size_t part) {
    descend(directory, part + 1);
    for (const HostEntry& entry : entries_in(directory)) {
      if (budget_ == 0) return;
      if (entry.kind != FileKind::directory) continue;
      const std::string below = directory.empty() ? entry.name : join(directory, entry.name);
      if (!found_.contains(below)) descend(below, part);
    }
  }

  void take(const std::string& directory, const std::string& name, std::size_t part) {
    const std::string path = directory.empty() ? name : join(directory, name);
    const FileKind kind = look(path);
    if (kind == FileKind::absent) return;
    if (part + 1 == parts_.size()) {
      found_.insert(path);
    } else if (kind == FileKind::directory) {
      descend(path, part + 1);
    }
  }

  void look_for(const std::string& directory, std::size_t part) {
    if (budget_ == 0) return;
    --budget_;
    take(directory, parts_[part], part);
  }

  /// Paid for by the name: a directory of half a million files ends the search before anything in it is looked at. (The
  /// host stops listing at more names than any budget has, and what is left out must not pass for absent.)
  const std::vector<HostEntry>& entries_in(const std::string& directory) {
    const auto [at, fresh] = listed_.try_emplace(directory);
    if (!fresh) return at->second;
    at->second = host_.entries(join(top_, directory));
    budget_ -= std::min(budget_, at->second.size());
    return at->second;
  }

  FileKind look(const std::string& path) { return host_.status(join(top_, path)).kind; }

  HostFiles& host_;
  std::string top_;
  std::vector<std::string> parts_;
  std::size_t& budget_;
  std::set<std::string> found_;
  std::set<std::pair<std::string, std::size_t>> seen_;
  std::map<std::string, std::vector<HostEntry>> listed_;
};

}  // namespace

bool is_pattern(std::string_view path) { return path.find_first_of("*?") != std::string_view::npos; }

std::vector<std::string> expand_pattern(HostFiles& host, const std::string& directory, std::string_view pattern,
                                        std::size_t& budget) {
  return Search(host, directory, components_of(pattern), budget).run();
}

}  // namespace snug
