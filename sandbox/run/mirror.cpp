#include "run/mirror.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/paths.h"
#include "base/quote.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/retry.h"
#include "sys/tree.h"
#include "sys/write.h"

namespace snug {
namespace {

/// Files that are written in place, appended to, locked or given a second name, for which they must be the command's
/// own.
struct CopyRow {
  const char* directory;
  off_t most;  ///< bytes of a file; 0: only empty ones, which are locks
  bool deep;   ///< also in directories below
};

constexpr CopyRow copied[] = {
    {"/etc", 1 << 20, true},
    {"/var/lib/dpkg", 64 << 20, false},
    {"/var/lib/dpkg/triggers", 1 << 20, false},
    {"/var/lib/apt", 0, true},
    {"/var/cache/apt", 0, true},
    {"/var/cache/debconf", 16 << 20, false},
    {"/var/log", 1 << 20, true},
    {"/var/lib/dpkg/alternatives", 1 << 20, false},
};

/// Settings of package tools without which they would change to a user that has no number inside.
struct MadeFile {
  const char* directory;
  const char* name;
  const char* content;
};

constexpr MadeFile made_files[] = {{"/etc/apt/apt.conf.d", "99snug", "APT::Sandbox::User \"root\";\n"}};

const CopyRow* copy_row(const std::string& directory) {
  const auto fits = [&](const CopyRow& row) {
    return directory == row.directory || (row.deep && is_below(directory, row.directory));
  };
  const auto found = std::ranges::find_if(copied, fits);
  return found == std::end(copied) ? nullptr : &*found;
}

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

Fd open_at(int directory, const std::string& name) {
  return Fd(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

class Mirror {
 public:
  Mirror(const std::string& source, const std::string& path) : source_(source), path_(path) {}

  Result<void> make() {
    if (mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) return failed("");
    left_.emplace_back();
    while (!left_.empty()) {
      const std::string below = std::move(left_.back());
      left_.pop_back();
      if (!copy_directory(below)) return failed(below);
    }
    return {};
  }

 private:
  Error failed(const std::string& below) const {
    Error error =
        sys_error("copy the directories of " + quote_for_display(source_) + " to " + quote_for_display(path_ + below));
    error.needed_by = "user = \"root\" with --capture";
    return error;
  }

  bool copy_directory(const std::string& below) {
    const std::string from = source_ + below, to = path_ + below;
    const Fd target = open_at(AT_FDCWD, to);
    if (!target) return false;
    const Fd source = open_at(AT_FDCWD, from);
    if (!source) return close_off(target.get());
    struct stat theirs {
    }, ours{};
    if (fstat(source.get(), &theirs) != 0 || fstat(target.get(), &ours) != 0) return false;
    const bool same = same_time(theirs.st_mtim, ours.st_mtim);
    const bool done = same ? go_on_below(target.get(), below) : take_names(source.get(), target.get(), below);
    if (!done || !copy_files(source.get(), target.get(), from)) return false;
    const timespec times[2] = {theirs.st_atim, theirs.st_mtim};
    return fchmod(target.get(), (theirs.st_mode & 07777) | 0700) == 0 && futimens(target.get(), times) == 0;
  }

  /// Nothing of what cannot be read shows through.
  static bool close_off(int target) {
    return fsetxattr(target, "user.overlay.opaque", "y", 1, 0) == 0 && fchmod(target, 0700) == 0;
  }

  bool go_on_below(int target, const std::string& below) {
    for (const std::string& name : directories(target)) left_.push_back(below + "/" + name);
    return true;
  }

  bool take_names(int source, int target, const std::string& below) {
    const std::vector<std::string> theirs = directories(source);
    const std::set<std::string> wanted(theirs.begin(), theirs.end());
    for (const std::string& name : directories(target)) {
      if (!wanted.contains(name) && !remove_tree_at(target, name.c_str())) return false;
    }
    for (const std::string& name : theirs) {
      if (mkdirat(target, name.c_str(), 0700) != 0 && errno != EEXIST) return false;
      left_.push_back(below + "/" + name);
    }
    return true;
  }

  static std::vector<std::string> directories(int directory) { return names(directory, DT_DIR); }

  static std::vector<std::string> names(int directory, unsigned char type) {
    std::vector<std::string> found;
    const DirectoryStream stream = open_directory(open_at(directory, "."));
    while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
      const std::string_view name = entry->d_name;
      if (entry->d_type == type && name != "." && name != "..") found.emplace_back(name);
    }
    return found;
  }

  static bool copy_files(int source, int target, const std::string& from) {
    for (const MadeFile& file : made_files) {
      if (from == file.directory && !write_new(target, file.name, file.content)) return false;
    }
    const CopyRow* row = copy_row(from);
    if (!row) return true;
    for (const std::string& name : names(source, DT_REG)) {
      if (!copy_file(source, target, name, row->most)) return false;
    }
    return true;
  }

  static bool write_new(int target, const char* name, std::string_view content) {
    const Fd file(openat(target, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
    return file && write_all(file.get(), content);
  }

  static bool copy_file(int source, int target, const std::string& name, off_t most) {
    struct stat theirs {
    }, ours{};
    if (fstatat(source, name.c_str(), &theirs, AT_SYMLINK_NOFOLLOW) != 0) return true;
    if (theirs.st_size > most) return unlinkat(target, name.c_str(), 0) == 0 || errno == ENOENT;
    const bool there = fstatat(target, name.c_str(), &ours, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && ours.st_size == theirs.st_size && same_time(ours.st_mtim, theirs.st_mtim)) return true;
    Fd from(openat(source, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!from && theirs.st_size > 0) return true;  // stays the host's, and unreadable
    const Fd to(openat(target, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!to || (from && !copy_bytes(from.get(), to.get(), theirs.st_size))) return false;
    const timespec times[2] = {theirs.st_atim, theirs.st_mtim};
    return fchmod(to.get(), theirs.st_mode & 0777) == 0 && futimens(to.get(), times) == 0;
  }

  static bool copy_bytes(int from, int to, off_t size) {
    while (size > 0) {
      const auto left = static_cast<std::size_t>(size);
      const ssize_t done = retry([&] { return copy_file_range(from, nullptr, to, nullptr, left, 0); });
      if (done <= 0) return done == 0;
      size -= done;
    }
    return true;
  }

  const std::string &source_, &path_;
  std::vector<std::string> left_;  // below both, each with a slash before it
};

}  // namespace

Result<void> make_mirror(const std::string& source, const std::string& path) {
  // Two runs that start together.
  const Fd lock(open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock || !lock_file(lock.get(), LOCK_EX)) return sys_error("lock " + quote_for_display(path));
  return Mirror(source, path).make();
}

}  // namespace snug
