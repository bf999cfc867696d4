#include "run/held_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.h"
#include "sessions/proc_file.h"
#include "sessions/processes.h"
#include "sessions/record.h"
#include "sys/directory.h"
#include "sys/process_stat.h"

namespace snug {
namespace {

constexpr std::string_view kRemoved = " (deleted)";
constexpr std::size_t kMostText = 4 << 20;

/// The overlays of a mount namespace: their numbers as mounts, and as devices ("0:63").
struct Overlays {
  std::set<std::string> mounts, devices;

  explicit Overlays(pid_t pid) {
    std::istringstream lines(read_proc_file(path_of(pid, "mountinfo"), kMostText));
    for (std::string line; std::getline(lines, line);) {
      if (line.find(" - overlay ") == line.npos) continue;
      std::istringstream fields(line);
      std::string mount, parent, device;
      fields >> mount >> parent >> device;
      mounts.insert(mount);
      devices.insert(device);
    }
  }
};

/// "00:3f", as in a list of mappings, to "0:63", as in one of mounts.
std::string device_from_hex(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto major = whole_number<unsigned>(text.substr(0, colon), 16);
  const auto minor = whole_number<unsigned>(text.substr(std::min(colon + 1, text.size())), 16);
  return major && minor ? std::to_string(*major) + ":" + std::to_string(*minor) : "";
}

class HeldFiles {
 public:
  explicit HeldFiles(pid_t init) : overlays_(init) {}

  /// A thread may have descriptors of its own.
  void look_at(pid_t pid) {
    if (is_closed(pid)) return void(whole_ = false);
    for (const std::string& thread : names_in(path_of(pid, "task"))) look_at_open(path_of(pid, "task/" + thread));
    look_at_mapped(read_proc_file(path_of(pid, "maps"), kMostText));
  }

  HeldBytes held() const {
    HeldBytes held{.whole = whole_};
    for (const auto& [inode, size] : sizes_) held.bytes += size;
    return held;
  }

 private:
  // So is one that is just ending, for a moment, and one that has ended.
  static bool is_closed(pid_t pid) {
    constexpr int tries = 3, microseconds = 10'000;
    for (int i = 0; i < tries; ++i) {
      if (open_directory(path_of(pid, "fd")) || errno != EACCES || !identify_process(pid)) return false;
      usleep(microseconds);
    }
    return true;
  }

  static std::vector<std::string> names_in(const std::string& path) {
    std::vector<std::string> names;
    const DirectoryStream stream = open_directory(path);
    while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    return names;
  }

  void look_at_open(const std::string& thread) {
    for (const std::string& fd : names_in(thread + "/fd")) {
      const std::string path = thread + "/fd/" + fd;
      if (is_removed(path) && overlays_.mounts.contains(mount_of(thread + "/fdinfo/" + fd))) add(path);
    }
  }

  static bool is_removed(const std::string& path) {
    std::array<char, 8192> target;
    const ssize_t size = readlink(path.c_str(), target.data(), target.size());
    return size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)).ends_with(kRemoved);
  }

  static std::string mount_of(const std::string& info) {
    std::istringstream words(read_proc_file(info));
    for (std::string word; words >> word;) {
      if (word == "mnt_id:") return words >> word ? word : "";
    }
    return "";
  }

  // What is known of it without asking whoever serves it.
  void add(const std::string& path) {
    struct statx info {};
    if (statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, STATX_INO | STATX_BLOCKS, &info) != 0) return;
    add(info.stx_ino, info.stx_blocks * 512);
  }
  void add(std::uint64_t inode, std::uint64_t bytes) { sizes_[inode] = std::max(sizes_[inode], bytes); }

  // "7f00-7f10 rw-s 00000000 00:3f 4711    /w/name (deleted)"
  void look_at_mapped(const std::string& maps) {
    std::istringstream lines(maps);
    for (std::string line; std::getline(lines, line);) {
      if (!line.ends_with(kRemoved)) continue;
      std::istringstream fields(line);
      std::string range, access, offset, device, inode;
      fields >> range >> access >> offset >> device >> inode;
      const std::size_t dash = std::min(range.find('-'), range.size());
      const auto begin = whole_number<std::uint64_t>(std::string_view(range).substr(0, dash), 16);
      const auto end =
          whole_number<std::uint64_t>(std::string_view(range).substr(std::min(dash + 1, range.size())), 16);
      const auto number = whole_number<std::uint64_t>(inode);
      if (begin && end && number && overlays_.devices.contains(device_from_hex(device))) add(*number, *end - *begin);
    }
  }

  const Overlays overlays_;
  std::map<std::uint64_t, std::uint64_t> sizes_;  // by inode
  bool whole_ = true;
};

}  // namespace

HeldBytes bytes_held(pid_t init) {
  const auto identity = identify_process(init);
  if (!identity) return {};
  HeldFiles held(init);
  for (const pid_t pid : ProcessTable::read().below(*identity)) held.look_at(pid);
  return held.held();
}

}  // namespace snug
