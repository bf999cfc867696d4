// A capture made by hand: a host's directory and the upper directory an overlay would have left, written as the kernel
// writes them. For testing changes/ without mounts.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "changes/capture.h"
#include "changes/scan.h"
#include "support/catch.h"
#include "sys/tree.h"

namespace snug::test {

inline std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// In the working directory: /tmp may be a tmpfs, which keeps no extended attributes before Linux 6.6.
struct Layer {
  std::string root = std::filesystem::current_path().string() + "/layer-XXXXXX";
  Capture capture;

  Layer() {
    REQUIRE(::mkdtemp(root.data()) != nullptr);
    std::filesystem::create_directories(root + "/host");
    std::filesystem::create_directories(root + "/1/upper");
    capture = {.directory = root + "/1", .project = root + "/host", .began = now_ns() + 3'600'000'000'000};
  }
  ~Layer() { remove_tree(root); }

  std::string host(const std::string& path) const { return root + "/host/" + path; }
  std::string upper(const std::string& path) const { return root + "/1/upper/" + path; }

  /// What the host changes from here on has drifted. Waits until the clock that stamps files has moved on.
  void begin() {
    ::usleep(20000);
    capture.began = now_ns();
    ::usleep(20000);
  }

  static void write(const std::string& path, const std::string& text, mode_t mode = 0644) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
  }
  void on_host(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    write(host(path), text, mode);
  }
  void inside(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    write(upper(path), text, mode);
  }
  void deleted(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(upper(path)).parent_path());
    REQUIRE(::mknod(upper(path).c_str(), S_IFCHR, ::makedev(0, 0)) == 0);  // for anybody since Linux 5.8
  }
  void attribute(const std::string& path, const char* name, const std::string& value) const {
    REQUIRE(::lsetxattr(path.c_str(), name, value.data(), value.size(), 0) == 0);
  }
  /// As the kernel copies a file of several names that is written: with the host's times.
  void copied_up(const std::string& path) const {
    struct stat info {};
    REQUIRE(::lstat(host(path).c_str(), &info) == 0);
    const timespec times[2] = {info.st_atim, {.tv_nsec = UTIME_OMIT}};
    REQUIRE(::utimensat(AT_FDCWD, upper(path).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
  }
  void opaque(const std::string& path) const {
    std::filesystem::create_directories(upper(path));
    attribute(upper(path), "user.overlay.opaque", "y");
  }

  std::vector<Change> changes() const {
    std::vector<Change> found;
    const auto done = scan_changes(
        capture.sides(), [&](std::vector<Change> some) { std::ranges::move(some, std::back_inserter(found)); });
    if (!done) FAIL(to_text(done.error()));
    return found;
  }
};

/// "A path", "M path content mode", "D path"; a '!' in front: drifted.
inline std::string in_short(const Change& change) {
  std::string text = change.drifted ? "!" : "";
  text += change.kind == Change::Kind::added ? "A " : change.kind == Change::Kind::deleted ? "D " : "M ";
  text += change.path;
  if (change.differences.kind) text += " kind";
  if (change.differences.content) text += " content";
  if (change.differences.mode) text += " mode";
  if (change.differences.attributes) text += " attributes";
  return text;
}

inline std::vector<std::string> in_short(const std::vector<Change>& changes) {
  std::vector<std::string> texts;
  for (const Change& change : changes) texts.push_back(in_short(change));
  return texts;
}

}  // namespace snug::test
