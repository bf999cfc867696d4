#include "changes/merge_layers.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string_view>
#include <utility>

#include "base/quote.h"
#include "changes/below.h"
#include "changes/copy.h"
#include "changes/workplace.h"
#include "sys/errno.h"
#include "sys/open.h"

namespace snug {
namespace {

Error cannot_copy(const std::string& path) { return sys_error("copy " + quote_for_display(path)); }

constexpr std::string_view overlays = "user.overlay.";

/// With the names they have on disk (side.h). An overlay's own attributes are none of them: they say how one layer lies
/// over others.
bool set_attributes(int to, const Attributes& attributes) {
  return std::ranges::all_of(attributes, [to](const auto& attribute) {
    const auto& [given, value] = attribute;
    const bool escaped = given.starts_with(overlays);
    const std::string name = escaped ? "user.overlay.overlay." + given.substr(overlays.size()) : given;
    return fsetxattr(to, name.c_str(), value.data(), value.size(), 0) == 0;
  });
}

class Merger {
 public:
  Merger(Below tops, Fd to) : tops_(std::move(tops)), to_(std::move(to)) {}

  Result<void> merge() {
    const auto top = tops_.itself();
    if (!top) return top.error();
    directories_.push_back({"", *top});
    for (std::size_t i = 0; i < directories_.size(); ++i) {
      if (auto done = merge_directory(std::string(directories_[i].first)); !done) return done;
    }
    return finish_directories();
  }

 private:
  Result<void> merge_directory(const std::string& path) {
    const auto from = tops_.open_below(path);
    const auto names = from ? from->names() : from.error();
    if (!names) return names.error();
    const Fd to = open_beneath(to_.get(), path, O_RDONLY | O_DIRECTORY);
    const auto attributes = from->own_attributes();
    if (!attributes) return attributes.error();
    if (!to || !set_attributes(to.get(), *attributes)) return cannot_copy(path);
    if (from->hides_lower() && fsetxattr(to.get(), "user.overlay.opaque", "y", 1, 0) != 0) return cannot_copy(path);
    for (const std::string& name : *names) {
      if (auto done = merge_entry(*from, to.get(), path.empty() ? name : path + "/" + name, name); !done) return done;
    }
    return {};
  }

  Result<void> merge_entry(const Below& from, int to, std::string path, const std::string& name) {
    const auto node = from.node(name);
    if (!node) return node.error();
    switch (node->kind) {
      case NodeKind::absent:  // something has the name: a whiteout
      case NodeKind::whiteout:
        return made(mknodat(to, name.c_str(), S_IFCHR, makedev(0, 0)), path);
      case NodeKind::directory:
        directories_.emplace_back(path, *node);
        return made(mkdirat(to, name.c_str(), 0700), path);
      case NodeKind::file:
        return copy_file(from, to, path, name, *node);
      case NodeKind::symlink:
        return with_time(made(symlinkat(node->target.c_str(), to, name.c_str()), path), to, name, *node);
      default: {
        const mode_t kind = node->kind == NodeKind::fifo ? S_IFIFO : S_IFSOCK;
        auto done = made(mknodat(to, name.c_str(), kind | 0600, 0), path);
        if (done) done = made(fchmodat(to, name.c_str(), node->mode & plain_mode_bits, 0), path);
        return with_time(std::move(done), to, name, *node);
      }
    }
  }

  Result<void> copy_file(const Below& from, int to, const std::string& path, const std::string& name,
                         const Node& node) {
    if (node.links > 1) {
      const auto [first, fresh] = first_names_.emplace(FileIdentity{node.device, node.inode}, path);
      if (!fresh) return made(linkat(to_.get(), first->second.c_str(), to, name.c_str(), 0), path);
    }
    const auto old = from.open_file(name);
    const auto attributes = from.attributes(name);
    if (!old || !attributes) return old ? attributes.error() : old.error();
    const Fd copy(openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    const bool whole = copy && copy_content(old->get(), copy.get(), node.size) &&
                       set_attributes(copy.get(), *attributes) && mark(from, name, copy.get()) &&
                       fchmod(copy.get(), node.mode & plain_mode_bits) == 0;
    return with_time(whole ? Result<void>() : cannot_copy(path), to, name, node);
  }

  /// Was there a file below all the layers when the lowest of them got this one?
  static bool mark(const Below& from, const std::string& name, int copy) {
    return !from.copied_up(name) || fsetxattr(copy, "user.overlay.origin", "", 0, 0) == 0;
  }

  static Result<void> made(int result, const std::string& path) {
    return result == 0 ? Result<void>() : cannot_copy(path);
  }

  static Result<void> with_time(Result<void> done, int to, const std::string& name, const Node& node) {
    const timespec time{.tv_sec = node.mtime_ns / 1'000'000'000, .tv_nsec = node.mtime_ns % 1'000'000'000};
    const timespec times[2] = {time, time};
    if (done && utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) return cannot_copy(name);
    return done;
  }

  // What lies deepest first: a closed directory could not be worked in, and each entry made gives it a new time.
  Result<void> finish_directories() {
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
      const auto& [path, node] = *directory;
      const Fd to = open_beneath(to_.get(), path, O_RDONLY | O_DIRECTORY);
      if (!to || fchmod(to.get(), node.mode & plain_mode_bits) != 0) return cannot_copy(path);
      set_time(to.get(), node.mtime_ns);
    }
    return {};
  }

  Below tops_;
  Fd to_;
  std::vector<std::pair<std::string, Node>> directories_;  // each before what is in it
  std::map<FileIdentity, std::string> first_names_;
};

}  // namespace

Result<void> merge_layers(const std::vector<std::string>& layers, const std::string& to) {
  if (mkdir(to.c_str(), 0700) != 0) return sys_error("make " + quote_for_display(to));
  auto tops = Below::open_layers(layers);
  if (!tops) return std::move(tops).error();
  Fd made(open(to.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made) return sys_error("open " + quote_for_display(to));
  return Merger(std::move(*tops), std::move(made)).merge();
}

}  // namespace snug
