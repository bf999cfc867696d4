#include "plan/host_files.h"

#include <algorithm>
#include <utility>

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
  auto known = statuses_.find(path);
  if (known == statuses_.end()) {
    const HostAnswer& answer = answers_.emplace_back(HostAnswer{path, host_.status(path)});
    known = statuses_.emplace(answer.path, &answer).first;
  }
  return std::get<FileStatus>(known->second->answer);
}

const std::string& HostFiles::read_link(const std::string& path) {
  auto known = links_.find(path);
  if (known == links_.end()) {
    HostAnswer::LinkTarget link{host_.read_link(path).value_or("")};
    const HostAnswer& answer = answers_.emplace_back(HostAnswer{path, std::move(link)});
    known = links_.emplace(answer.path, &answer).first;
  }
  return std::get<HostAnswer::LinkTarget>(known->second->answer).to;
}

std::vector<std::string> HostFiles::list(const std::string& path) {
  std::vector<std::string> names = host_.list(path);
  std::sort(names.begin(), names.end());
  answers_.push_back({path, HostAnswer::Listing{names.size()}});
  return names;
}

std::vector<HostEntry> HostFiles::entries(const std::string& path) {
  std::vector<HostEntry> entries = host_.entries(path);
  std::ranges::sort(entries, {}, &HostEntry::name);
  answers_.push_back({path, HostAnswer::Listing{entries.size()}});
  return entries;
}

std::optional<std::string> HostFiles::read_small(const std::string& path, std::size_t limit) {
  std::optional<std::string> text = host_.read_small(path, limit);
  const auto bytes = text ? std::optional(text->size()) : std::nullopt;
  answers_.push_back({path, HostAnswer::Contents{bytes}});
  return text;
}

BoundSockets HostFiles::bound_sockets() {
  BoundSockets sockets = host_.bound_sockets();
  answers_.push_back({"unix sockets", HostAnswer::Listing{sockets.list.size()}});
  return sockets;
}

std::deque<HostAnswer> HostFiles::take_answers() {
  statuses_.clear();
  links_.clear();
  return std::exchange(answers_, {});
}

// Lists name many neighbours, and the directories above them were walked for the first one.
std::optional<Resolved> HostFiles::resolve_beside_last(std::string_view path) {
  const std::string_view name = base_name(path);
  if (last_directory_.empty() || parent_of(path) != last_directory_) return {};
  if (name.empty() || name == "." || name == "..") return {};
  std::string own(path);
  const FileStatus& found = status(own);
  if (found.kind == FileKind::absent || found.kind == FileKind::symlink) return {};
  return Resolved{.path = std::move(own), .status = found};
}

Resolved HostFiles::resolve(std::string_view path) {
  if (auto beside = resolve_beside_last(path)) return *std::move(beside);
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
  if (current == path) last_directory_ = parent_of(current);
  const FileStatus& found = status(current);
  return Resolved{.path = std::move(current), .status = found, .links = std::move(links)};
}

}  // namespace snug
