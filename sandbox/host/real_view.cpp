#include <limits.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/paths.h"
#include "base/quote.h"
#include "host/bound_sockets.h"
#include "host/probe.h"
#include "host/read.h"
#include "sys/directory.h"
#include "sys/errno.h"

namespace snug {
namespace {

constexpr std::size_t max_names = 65536;

FileKind kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileKind::regular;
    case S_IFDIR:
      return FileKind::directory;
    case S_IFLNK:
      return FileKind::symlink;
    case S_IFSOCK:
      return FileKind::socket;
    case S_IFIFO:
      return FileKind::fifo;
    case S_IFCHR:
      return FileKind::character_device;
    case S_IFBLK:
      return FileKind::block_device;
    default:
      return FileKind::unreadable;
  }
}

FileKind kind_of_refusal(int code) {
  return code == ENOENT || code == ENOTDIR ? FileKind::absent : FileKind::unreadable;
}

bool is_dot(const char* name) { return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0; }

class RealHostView final : public HostView {
 public:
  FileStatus status(const std::string& path) override {
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0) return {.kind = kind_of_refusal(note(errno, path))};
    return {.kind = kind_of(info.st_mode),
            .uid = info.st_uid,
            .gid = info.st_gid,
            .mode = info.st_mode & 07777u,
            .device = info.st_dev,
            .inode = info.st_ino,
            .size = static_cast<std::uint64_t>(info.st_size)};
  }

  std::optional<std::string> read_link(const std::string& path) override {
    char target[PATH_MAX];
    const ssize_t length = readlink(path.c_str(), target, sizeof target);
    if (length < 0) note(errno, path);
    if (length < 0 || length == sizeof target) return std::nullopt;
    return std::string(target, static_cast<std::size_t>(length));
  }

  std::vector<std::string> list(const std::string& path) override {
    std::vector<std::string> names;
    const DirectoryStream directory = open_noting(path);
    while (const dirent* entry = next_noting(directory, path)) {
      if (names.size() == max_names) break;
      if (!is_dot(entry->d_name)) names.emplace_back(entry->d_name);
    }
    return names;
  }

  std::vector<HostEntry> entries(const std::string& path) override {
    std::vector<HostEntry> entries;
    const DirectoryStream directory = open_noting(path);
    while (const dirent* entry = next_noting(directory, path)) {
      if (entries.size() == max_names) break;
      if (is_dot(entry->d_name)) continue;
      const bool told = entry->d_type != DT_UNKNOWN;  // not every file system does
      const FileKind kind = told ? kind_of(DTTOIF(entry->d_type)) : status(join(path, entry->d_name)).kind;
      entries.push_back({entry->d_name, kind});
    }
    return entries;
  }

  std::optional<std::string> read_small(const std::string& path, std::size_t limit) override {
    errno = 0;
    auto text = read_file(path, limit);
    if (!text) note(errno, path);
    return text;
  }

  std::uint64_t filesystem_type(const std::string& path) override {
    struct statfs info {};
    if (statfs(path.c_str(), &info) == 0) return static_cast<std::uint64_t>(info.f_type);
    return note(errno, path), 0;
  }

  BoundSockets bound_sockets() override { return snug::bound_sockets(); }

  std::optional<Error> shortage() const override { return shortage_; }

 private:
  int note(int code, const std::string& path) {
    if (!shortage_ && !fix_of_shortage(code).empty()) {
      shortage_ = sys_error("look at " + quote_for_display(path), code);
      shortage_->needed_by = "whatever the profile says about it";
    }
    return code;
  }

  DirectoryStream open_noting(const std::string& path) {
    DirectoryStream directory = open_directory(path);
    if (!directory) note(errno, path);
    return directory;
  }

  const dirent* next_noting(const DirectoryStream& directory, const std::string& path) {
    if (!directory) return nullptr;
    errno = 0;
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr) note(errno, path);
    return entry;
  }

  std::optional<Error> shortage_;
};

}  // namespace

std::unique_ptr<HostView> real_host_view() { return std::make_unique<RealHostView>(); }

}  // namespace snug
