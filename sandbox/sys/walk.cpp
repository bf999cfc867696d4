#include "sys/walk.h"

#include <fcntl.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "sys/directory.h"
#include "sys/open.h"

namespace snug {
namespace {

/// Directories are kept by their path from the top, so that their number needs no descriptors.
class Walk {
 public:
  Walk(const std::string& top, const std::function<bool(const struct stat&)>& see)
      : see_(see), top_(::open(top.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {}

  bool whole() {
    if (!top_) return errno == ENOENT;
    left_.emplace_back();
    while (!left_.empty() && !stopped_) {
      const std::string here = std::exchange(left_.back(), {});
      left_.pop_back();
      look_into(here);
    }
    return whole_ && !stopped_;
  }

 private:
  void look_into(const std::string& path) {
    const DirectoryStream stream = open_directory(open_beneath(top_.get(), path, O_RDONLY | O_DIRECTORY));
    if (!stream) whole_ = whole_ && errno == ENOENT;
    while (const dirent* entry = stream && !stopped_ ? readdir(stream.get()) : nullptr) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") look_at(dirfd(stream.get()), path, entry->d_name);
    }
  }

  void look_at(int directory, const std::string& path, const char* name) {
    struct stat info {};
    if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    stopped_ = !see_(info);
    if (S_ISDIR(info.st_mode)) left_.push_back(path.empty() ? name : path + "/" + name);
  }

  const std::function<bool(const struct stat&)>& see_;
  const Fd top_;
  std::vector<std::string> left_;
  bool whole_ = true, stopped_ = false;
};

}  // namespace

bool see_all_below(const std::string& top, const std::function<bool(const struct stat&)>& see) {
  return Walk(top, see).whole();
}

}  // namespace snug
