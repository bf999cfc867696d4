#include "changes/tally.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/fd.h"
#include "sys/directory.h"
#include "sys/open.h"

namespace snug {
namespace {

using Clock = std::chrono::steady_clock;

/// Directories are kept by their path from the top, so that their number needs no descriptors.
class Counting {
 public:
  Counting(Tally& tally, Clock::time_point deadline) : tally_(tally), deadline_(deadline) {}

  void count(const std::string& upper) {
    top_.reset(::open(upper.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!top_) tally_.complete = tally_.complete && errno == ENOENT;
    if (top_) left_.emplace_back();
    while (!left_.empty()) {
      const std::string here = std::exchange(left_.back(), {});
      left_.pop_back();
      look_into(here);
    }
  }

 private:
  void look_into(const std::string& path) {
    const DirectoryStream stream = open_directory(open_beneath(top_.get(), path, O_RDONLY | O_DIRECTORY));
    if (!stream) tally_.complete = tally_.complete && errno == ENOENT;  // gone again meanwhile
    while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
      if (Clock::now() >= deadline_) return stop();
      const std::string name = entry->d_name;
      if (name != "." && name != "..") add(dirfd(stream.get()), path, name);
    }
  }

  void add(int directory, const std::string& path, const std::string& name) {
    struct stat info {};
    if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISDIR(info.st_mode)) return left_.push_back(path.empty() ? name : path + "/" + name);
    ++tally_.count;
    if (S_ISREG(info.st_mode)) tally_.bytes += static_cast<std::uint64_t>(info.st_size);
  }

  void stop() {
    tally_.complete = false;
    left_.clear();
  }

  Tally& tally_;
  Clock::time_point deadline_;
  Fd top_;
  std::vector<std::string> left_;
};

}  // namespace

Tally tally(const std::vector<std::string>& uppers, Clock::time_point deadline) {
  Tally found;
  Counting counting(found, deadline);
  for (const std::string& upper : uppers) counting.count(upper);
  return found;
}

}  // namespace snug
