#include "plan/host_files.h"

#include <algorithm>

#include "base/paths.h"
#include "plan/pending_path.h"
#include "plan/words.h"

namespace snug {
namespace {

Resolved nothing_at(std::string path, std::vector<MetLink> links, bool loop = false) {
  return Resolved{.path = std::move(path), .links = std::move(links), .loop = loop};
}

}  // namespace

const FileStatus& HostFiles::status(const std::string& path) {
  const auto [entry, fresh] = statuses_.try_emplace(path);
  if (fresh) {
    entry->second = host_.status(path);
    answers_.push_back({"status " + path, status_words(entry->second)});
  }
  return entry->second;
}

const std::string& HostFiles::read_link(const std::string& path) {
  const auto [entry, fresh] = links_.try_emplace(path);
  if (fresh) {
    entry->second = host_.read_link(path).value_or("");
    answers_.push_back({"readlink " + path, entry->second});
  }
  return entry->second;
}

std::vector<std::string> HostFiles::list(const std::string& path) {
  std::vector<std::string> names = host_.list(path);
  std::sort(names.begin(), names.end());
  answers_.push_back({"list " + path, std::to_string(names.size()) + " entries"});
  return names;
}

std::optional<std::string> HostFiles::read_small(const std::string& path, std::size_t limit) {
  std::optional<std::string> text = host_.read_small(path, limit);
  answers_.push_back({"read " + path, text ? std::to_string(text->size()) + " bytes" : "nothing"});
  return text;
}

Resolved HostFiles::resolve(std::string_view path) {
  PendingPath pending(path);
  std::string current = "/";
  std::vector<MetLink> links;
  while (!pending.empty()) {
    const std::string part = pending.pop();
    if (part == ".") continue;
    if (part == "..") {
      current = parent_of(current);
      continue;
    }
    const std::string next = join(current, part);
    const FileKind kind = status(next).kind;
    if (kind == FileKind::symlink) {
      const std::string& to = read_link(next);
      links.push_back({next, to, pending.rest()});
      if (to.empty() || links.size() > most_links) return nothing_at(next, std::move(links), true);
      if (to.front() == '/') current = "/";
      pending.push(to);
      continue;
    }
    if (kind == FileKind::absent || (kind != FileKind::directory && !pending.empty())) {
      const bool unreadable = kind == FileKind::unreadable;
      Resolved result = nothing_at(normalise(join(next, pending.rest())), std::move(links));
      if (unreadable) result.status.kind = FileKind::unreadable;
      return result;
    }
    current = next;
  }
  return Resolved{.path = current, .status = status(current), .links = std::move(links)};
}

}  // namespace snug
