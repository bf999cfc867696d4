#include "changes/stage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "base/quote.h"
#include "changes/copy.h"
#include "changes/side.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr std::uint32_t plain_bits = 01777;  // no setuid, no setgid

Error cannot_copy(const std::string& path) { return sys_error("copy " + quote_for_display(path)); }

timespec to_timespec(std::int64_t nanoseconds) {
  return {.tv_sec = nanoseconds / 1'000'000'000, .tv_nsec = nanoseconds % 1'000'000'000};
}

}  // namespace

bool can_be_staged(NodeKind kind) {
  return kind == NodeKind::file || kind == NodeKind::directory || kind == NodeKind::symlink || kind == NodeKind::fifo;
}

Result<Node> Stager::stage(const Change& change, std::size_t number) {
  const std::string name = std::to_string(number);
  if (auto made = make(change, name); !made) return std::move(made).error();
  const timespec times[2] = {to_timespec(change.after.mtime_ns), to_timespec(change.after.mtime_ns)};
  if (utimensat(staging_, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) return cannot_copy(change.path);
  return node_at(staging_, name);
}

Result<Node> Stager::stage_text(const Change& change, const InsteadOf& instead, std::size_t number) {
  const std::string name = std::to_string(number);
  const Fd from = open_beneath(upper_, change.path, O_RDONLY | O_NONBLOCK);
  const Fd to(openat(staging_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!from || !to || !write_all(to.get(), instead.text)) return cannot_copy(change.path);
  const std::uint32_t mode = instead.mode.value_or(change.after.mode);
  if (auto finished = finish_file(change, from.get(), to.get(), mode); !finished) return finished.error();
  return node_at(staging_, name);
}

Result<void> Stager::make(const Change& change, const std::string& name) {
  int result = 0;
  switch (change.after.kind) {
    case NodeKind::file:
      return copy_file(change, name);
    case NodeKind::directory:
      result = mkdirat(staging_, name.c_str(), 0700);
      break;
    case NodeKind::symlink:
      result = symlinkat(change.after.target.c_str(), staging_, name.c_str());
      break;
    default:
      result = mkfifoat(staging_, name.c_str(), 0600);
      if (result == 0) result = fchmodat(staging_, name.c_str(), change.after.mode & plain_bits, 0);
  }
  return result == 0 ? Result<void>() : cannot_copy(change.path);
}

// A further name of a file that was staged before, or that the host has and the command left as it was.
Result<bool> Stager::link_to_known(const Change& change, const std::string& name) {
  const FileIdentity identity{change.after.device, change.after.inode};
  if (const auto kept = kept_.find(identity); kept != kept_.end()) {
    const Fd host = open_beneath(project_, kept->second.path, O_PATH | O_NOFOLLOW);
    struct stat info {};
    if (!host || fstat(host.get(), &info) != 0) return cannot_copy(kept->second.path);
    const bool same = info.st_ino == kept->second.host.inode && info.st_dev == kept->second.host.device;
    const std::string link = "/proc/self/fd/" + std::to_string(host.get());
    if (same && linkat(AT_FDCWD, link.c_str(), staging_, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  }
  const auto [first, fresh] = first_names_.emplace(identity, name);
  if (fresh) return false;
  if (linkat(staging_, first->second.c_str(), staging_, name.c_str(), 0) != 0) return cannot_copy(change.path);
  return true;
}

Result<void> Stager::copy_file(const Change& change, const std::string& name) {
  if (change.after.links > 1) {
    const auto linked = link_to_known(change, name);
    if (!linked) return linked.error();
    if (*linked) return {};
  }
  const std::string& source = change.held_at.empty() ? change.path : change.held_at;
  const Fd from(openat(upper_parents_.of(source), std::string(name_in_directory(source)).c_str(),
                       O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  const Fd to(openat(staging_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!from || !to || !copy_content(from.get(), to.get(), change.after.size)) return cannot_copy(change.path);
  return finish_file(change, from.get(), to.get(), change.after.mode);
}

Result<void> Stager::finish_file(const Change& change, int from, int to, std::uint32_t mode) {
  if (auto kept = copy_attributes(change, from, to); !kept) return kept;
  return fchmod(to, mode & plain_bits) == 0 ? Result<void>() : cannot_copy(change.path);
}

Result<void> Stager::copy_attributes(const Change& change, int from, int to) {
  const auto attributes = read_attributes(from);
  if (!attributes) return attributes.error();
  for (const auto& [name, value] : *attributes) {
    if (fsetxattr(to, name.c_str(), value.data(), value.size(), 0) == 0) continue;
    losses_.push_back(quote_for_display(change.path) + ": its attribute " + quote_for_display(name) +
                      " cannot be kept here");
  }
  return {};
}

}  // namespace snug
