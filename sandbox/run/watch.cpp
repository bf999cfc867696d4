#include "run/watch.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/paths.h"
#include "sys/open.h"

namespace snug {
namespace {

// Losing a name changes a file's link count at once (IN_ATTRIB); IN_DELETE_SELF would wait for its last user.
constexpr std::uint32_t kFileEvents = IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_MASK_ADD;
constexpr std::uint32_t kDirectoryEvents = IN_CREATE | IN_MOVED_TO | IN_MASK_ADD | IN_ONLYDIR;
constexpr int kMostLooks = 64;
constexpr std::size_t kMostReads = 16;  // a flood of events must not keep the loop from its other work

/// `path` through no symbolic link, for looking at it only.
Fd open_exactly(const std::string& path) {
  const Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return open_beneath(root.get(), std::string_view(path).substr(1), O_PATH | O_NOFOLLOW);
}

int add_watch(int inotify, int fd, std::uint32_t events) {
  return inotify_add_watch(inotify, ("/proc/self/fd/" + std::to_string(fd)).c_str(), events);
}

}  // namespace

Watcher::Watcher(const std::vector<Watch>& watches) {
  if (watches.empty()) return;
  watched_.reserve(watches.size());
  for (const Watch& watch : watches) {
    Watched& watched = watched_.emplace_back();
    watched.watch = watch;
    watched.first = open_exactly(watch.path);
    struct stat status {};
    if (!watched.first || fstat(watched.first.get(), &status) != 0) {
      watched.first.reset();
      continue;
    }
    watched.device = status.st_dev;
    watched.inode = status.st_ino;
    watched.links = status.st_nlink;
  }
}

std::vector<Watch> Watcher::begin() {
  inotify_ = Fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  for (Watched& watched : watched_) watched.first ? watch_file(watched) : watch_directory(watched);
  return at_end();  // what has happened before
}

void Watcher::watch_file(Watched& watched) {
  if (inotify_) watched.on_file = add_watch(inotify_.get(), watched.first.get(), kFileEvents);
  if (watched.on_file < 0) watch_directory(watched);  // inotify wants a file that can be read
}

/// What is missing may be made, one directory after the other, between the look and the watch: so it looks once more.
void Watcher::watch_directory(Watched& watched) {
  if (!inotify_) return;
  std::string missing = watched.watch.path;
  for (int looks = 0; looks < kMostLooks; ++looks) {
    Fd directory;
    for (missing = watched.watch.path;
         !(directory = open_exactly(std::string(parent_of(missing)))) && missing != "/";) {
      missing = parent_of(missing);
    }
    if (!directory) return;
    watched.on_directory = add_watch(inotify_.get(), directory.get(), kDirectoryEvents);
    watched.awaited = base_name(missing);
    if (missing == watched.watch.path || !open_exactly(missing)) return;
  }
}

std::vector<Watch> Watcher::take() {
  std::vector<Watch> lost;
  for (const std::size_t at : read_events()) {
    if (is_lost(watched_[at])) lost.push_back(watched_[at].watch);
  }
  return lost;
}

std::vector<Watch> Watcher::at_end() {
  std::vector<Watch> lost;
  for (Watched& watched : watched_) {
    if (is_lost(watched)) lost.push_back(watched.watch);
  }
  return lost;
}

/// The watches that something has happened to, in the order of the events.
std::vector<std::size_t> Watcher::read_events() {
  std::vector<std::size_t> stirred;
  std::array<char, 4096> buffer;
  for (std::size_t reads = 0; reads < kMostReads; ++reads) {
    const ssize_t got = read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      at += sizeof event;
      // The name is padded with NULs.
      add_stirred(event.wd, event.len > 0 ? std::string_view(buffer.data() + at) : std::string_view(), stirred);
      at += event.len;
    }
  }
  return stirred;
}

/// Descriptor -1: events were lost, anything may have happened.
void Watcher::add_stirred(int descriptor, std::string_view name, std::vector<std::size_t>& stirred) const {
  for (std::size_t at = 0; at < watched_.size(); ++at) {
    const Watched& watched = watched_[at];
    const bool beside = watched.on_directory == descriptor && watched.awaited == name;
    if (descriptor < 0 || beside || (watched.on_file == descriptor && name.empty())) stirred.push_back(at);
  }
}

bool Watcher::is_lost(Watched& watched) {
  if (watched.told) return false;
  Fd now = open_exactly(watched.watch.path);
  if (!now) {
    watch_directory(watched);
    now = open_exactly(watched.watch.path);  // it may have come between the two
  }
  struct stat status {
  }, first{};
  const bool known = watched.first && fstat(watched.first.get(), &first) == 0;
  watched.unlinked = watched.unlinked || (known && first.st_nlink < watched.links);
  if (!now || fstat(now.get(), &status) != 0) return false;
  const bool same = known && status.st_dev == watched.device && status.st_ino == watched.inode;
  watched.told = !same || watched.unlinked;
  return watched.told;
}

}  // namespace snug
