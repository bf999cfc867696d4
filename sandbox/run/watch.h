// Watches, from outside, the files whose wall is a mount on them, and says when the host has put something else there.
// One inotify descriptor; a watch on each file itself, so that work beside it wakes nobody, and on its directory, or
// the nearest one there is, only where the file is absent.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "plan/plan.h"

namespace snug {

class Watcher {
 public:
  /// Notes what stands there, before the view is made: what is replaced meanwhile is told rather than missed.
  explicit Watcher(const std::vector<Watch>& watches);

  /// Starts to watch and returns what came loose before. Not for a run of a moment: to close an inotify descriptor
  /// that has watches takes the kernel some 15 ms (it waits for all processors). Where inotify gives nothing more (its
  /// limits are per user) the files are still compared by at_end().
  std::vector<Watch> begin();
  bool empty() const noexcept { return watched_.empty(); }

  /// Readable when something has happened; -1: nothing is watched.
  int fd() const noexcept { return inotify_.get(); }

  /// Takes what has happened. Returns the watches that came loose, each at most once. Never blocks.
  std::vector<Watch> take();

  /// Compares all once more. Returns what take() has not told.
  std::vector<Watch> at_end();

 private:
  struct Watched {
    Watch watch;
    Fd first;  ///< what stood there; kept, so that its number is not given to another file. None: absent
    std::uint64_t device = 0, inode = 0, links = 0;
    bool unlinked = false;  ///< it lost its name, and with it the mount, whatever is there now
    bool told = false;
    int on_file = -1, on_directory = -1;  ///< watch descriptors
    std::string awaited;                  ///< the name in on_directory that is to come first
  };

  void watch_file(Watched& watched);
  void watch_directory(Watched& watched);
  std::vector<std::size_t> read_events();
  void add_stirred(int descriptor, std::string_view name, std::vector<std::size_t>& stirred) const;
  bool is_lost(Watched& watched);

  Fd inotify_;
  std::vector<Watched> watched_;
};

}  // namespace snug
