#include "changes/side.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/quote.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr std::string_view overlay_names = "user.overlay.";
constexpr std::string_view escaped_names = "user.overlay.overlay.";

NodeKind kind_of(const struct stat& info) {
  switch (info.st_mode & S_IFMT) {
    case S_IFREG:
      return NodeKind::file;
    case S_IFDIR:
      return NodeKind::directory;
    case S_IFLNK:
      return NodeKind::symlink;
    case S_IFIFO:
      return NodeKind::fifo;
    case S_IFSOCK:
      return NodeKind::socket;
    default:
      // The overlay's mark for something deleted; no other character device can be made without root.
      return S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0) ? NodeKind::whiteout : NodeKind::device;
  }
}

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

// Root has files of whoever the command was, which are to stay theirs.
bool is_others(uid_t owner) {
  static const uid_t self = geteuid();
  return self != 0 && owner != self;
}

Node to_node(const struct stat& info) {
  return {.kind = kind_of(info),
          .mode = static_cast<std::uint32_t>(info.st_mode & 07777),
          .size = static_cast<std::uint64_t>(info.st_size),
          .mtime_ns = nanoseconds(info.st_mtim),
          .ctime_ns = nanoseconds(info.st_ctim),
          .atime_ns = nanoseconds(info.st_atim),
          .inode = info.st_ino,
          .device = info.st_dev,
          .links = info.st_nlink,
          .others = is_others(info.st_uid)};
}

Error cannot_read(const std::string& name) { return sys_error("read " + quote_for_display(name)); }

// Linux has no *xattrat before 6.13; the link of a descriptor is as good as the descriptor.
std::string path_of(int directory, const std::string& name) {
  return "/proc/self/fd/" + std::to_string(directory) + "/" + name;
}

bool has_attribute(const std::string& path, const char* name, std::string_view value) {
  std::array<char, 8> held;
  const ssize_t size = lgetxattr(path.c_str(), name, held.data(), held.size());
  return size >= 0 && std::string_view(held.data(), static_cast<std::size_t>(size)).starts_with(value);
}

std::string name_given_inside(std::string_view name) {
  if (!name.starts_with(escaped_names)) return std::string(name);
  return std::string(overlay_names).append(name.substr(escaped_names.size()));
}

bool is_programs(std::string_view name) {
  return name.starts_with("user.") && (!name.starts_with(overlay_names) || name.starts_with(escaped_names));
}

/// `list(buffer, size)` and `get(name, buffer, size)` as listxattr(2) and getxattr(2). A value may change between the
/// two on the lower side: what is read last counts.
template <class List, class Get>
Result<Attributes> collect_attributes(List list, Get get) {
  std::array<char, 65536> names, value;  // XATTR_LIST_MAX, XATTR_SIZE_MAX
  const ssize_t size = list(names.data(), names.size());
  Attributes attributes;
  if (size < 0 && errno == ENOTSUP) return attributes;
  if (size < 0) return sys_error("read extended attributes");
  for (std::string_view rest(names.data(), static_cast<std::size_t>(size)); !rest.empty();) {
    const std::string name(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (!is_programs(name)) continue;
    const ssize_t length = get(name.c_str(), value.data(), value.size());
    if (length < 0) return sys_error("read the extended attribute " + quote_for_display(name));
    attributes[name_given_inside(name)].assign(value.data(), static_cast<std::size_t>(length));
  }
  return attributes;
}

Result<Attributes> attributes_at(const std::string& path) {
  return collect_attributes(
      [&](char* to, std::size_t size) { return llistxattr(path.c_str(), to, size); },
      [&](const char* name, char* to, std::size_t size) { return lgetxattr(path.c_str(), name, to, size); });
}

Result<std::string> read_target(int directory, const std::string& name) {
  std::string target(4096, '\0');
  const ssize_t size = readlinkat(directory, name.c_str(), target.data(), target.size());
  if (size < 0) return cannot_read(name);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

Result<std::size_t> read_block(int fd, char* to, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = retry([&] { return read(fd, to + filled, size - filled); });
    if (got < 0) return sys_error("read a file to compare it");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

}  // namespace

Result<SideDirectory> SideDirectory::open_top(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return cannot_read(path);
  return SideDirectory(std::move(fd));
}

Result<SideDirectory> SideDirectory::from(int fd) {
  Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return sys_error("duplicate a descriptor");
  return SideDirectory(std::move(copy));
}

Result<SideDirectory> SideDirectory::open_below(const std::string& path) const {
  Fd fd = open_beneath(fd_.get(), path, O_RDONLY | O_DIRECTORY);
  if (!fd) return cannot_read(path);
  return SideDirectory(std::move(fd));
}

Result<std::vector<std::string>> SideDirectory::names() const {
  std::vector<std::string> names;
  if (!present()) return names;
  // A descriptor of its own, because reading moves the position that duplicates share.
  const DirectoryStream stream = open_directory(Fd(openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!stream) return sys_error("list a directory");
  errno = 0;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return sys_error("list a directory");
  std::ranges::sort(names);
  return names;
}

Result<Node> node_at(int directory, const std::string& name) {
  struct stat info {};
  if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Result(Node{}) : Result<Node>(cannot_read(name));
  }
  Node node = to_node(info);
  if (node.kind != NodeKind::symlink) return node;
  auto target = read_target(directory, name);
  if (!target) return std::move(target).error();
  node.target = std::move(*target);
  return node;
}

Result<Node> SideDirectory::node(const std::string& name) const {
  return present() ? node_at(fd_.get(), name) : Result(Node{});
}

Result<Node> SideDirectory::itself() const {
  struct stat info {};
  if (!present()) return Node{};
  if (fstat(fd_.get(), &info) != 0) return sys_error("read a directory");
  return to_node(info);
}

Result<Attributes> SideDirectory::attributes(const std::string& name) const {
  return attributes_at(path_of(fd_.get(), name));
}

Result<Attributes> SideDirectory::own_attributes() const { return read_attributes(fd_.get()); }

bool SideDirectory::opaque() const {
  return present() && has_attribute(path_of(fd_.get(), "."), "user.overlay.opaque", "y");
}

bool SideDirectory::copied_up(const std::string& name) const {
  return has_attribute(path_of(fd_.get(), name), "user.overlay.origin", "");
}

Result<Fd> SideDirectory::open_file(const std::string& name) const {
  // O_NONBLOCK: were it a fifo by now, opening would wait for a writer.
  constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  Fd fd(openat(fd_.get(), name.c_str(), flags | O_NOATIME));                   // a look leaves no trace (host_links.h)
  if (!fd && errno == EPERM) fd = Fd(openat(fd_.get(), name.c_str(), flags));  // of somebody else
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) return cannot_read(name);
  if (!S_ISREG(info.st_mode)) return sys_error("read " + quote_for_display(name), EINVAL);
  return fd;
}

Result<Attributes> read_attributes(int fd) {
  return collect_attributes(
      [fd](char* to, std::size_t size) { return flistxattr(fd, to, size); },
      [fd](const char* name, char* to, std::size_t size) { return fgetxattr(fd, name, to, size); });
}

Result<bool> same_bytes(int a, int b) {
  constexpr std::size_t block = 65536;
  static thread_local std::array<char, 2 * block> space;
  while (true) {
    const auto got_a = read_block(a, space.data(), block);
    const auto got_b = read_block(b, space.data() + block, block);
    if (!got_a) return got_a.error();
    if (!got_b) return got_b.error();
    if (*got_a != *got_b || std::memcmp(space.data(), space.data() + block, *got_a) != 0) return false;
    if (*got_a < block) return true;
  }
}

}  // namespace snug
