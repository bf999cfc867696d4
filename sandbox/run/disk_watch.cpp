#include "run/disk_watch.h"

#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <limits>
#include <optional>
#include <unordered_set>

#include "base/fd.h"
#include "base/units.h"
#include "run/held_files.h"
#include "sys/own_files.h"
#include "sys/retry.h"
#include "sys/walk.h"

namespace snug {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kOften{500};
constexpr milliseconds kAtLeast{1000};  // of a small layer
// A file without content takes an inode, too: what a file system has of them ends as its space does.
constexpr std::uint64_t kEachFile = 1024;

/// What the files below some directories take on the disk, each file once.
struct Sum {
  std::uint64_t bytes = 0;
  bool unseen = false;  ///< something could not be looked at

  /// A file counts as `each` bytes at least. No more is looked at than it takes to see `enough` bytes: a command that
  /// makes files as fast as they are counted would never let it end.
  void add(const std::string& directory, std::uint64_t each, std::uint64_t enough) {
    std::unordered_set<ino_t> known;  // files of several names
    const bool whole = see_all_below(directory, [&](const struct stat& info) {
      const bool once = S_ISDIR(info.st_mode) || info.st_nlink == 1 || known.insert(info.st_ino).second;
      if (once) bytes += std::max(static_cast<std::uint64_t>(info.st_blocks) * 512, each);
      return bytes < enough;
    });
    unseen = unseen || (!whole && bytes < enough);
  }
};

std::string text_of(const Sourced<std::uint64_t>& limit) {
  return "stopped: what it wrote takes more than limits.disk = " + size_to_text(limit.value) + " (" +
         to_text(limit.origin) + "); to allow more: --set limits.disk=" + size_to_text(limit.value * 2);
}

Sum sum_of(const std::vector<std::string>& layers, std::uint64_t enough) {
  Sum sum;
  for (const std::string& layer : layers) sum.add(layer, kEachFile, enough);
  return sum;
}

/// By a process of its own, with all rights over its user's files: directories that the command has closed count, too.
std::optional<Sum> sum_with_rights(const std::vector<std::string>& layers, std::uint64_t enough) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const Fd from(ends[0]);
  Fd to(ends[1]);
  const pid_t parent = getpid(), child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // it has the locks of the run, too
    if (getppid() != parent) _exit(1);
    take_rights_over_own_files();
    const Sum sum = sum_of(layers, enough);
    _exit(write(to.get(), &sum, sizeof sum) == sizeof sum ? 0 : 1);
  }
  to.reset();
  if (child < 0) return std::nullopt;
  Sum sum;
  const bool told = read(from.get(), &sum, sizeof sum) == sizeof sum;
  reap(child);
  return told ? std::optional(sum) : std::nullopt;
}

}  // namespace

std::uint64_t disk_usage(const std::string& directory) {
  Sum sum;
  sum.add(directory, 0, std::numeric_limits<std::uint64_t>::max());
  return sum.bytes;
}

DiskWatch::DiskWatch(const Plan& plan, pid_t init) : init_(init) {
  if (!plan.disk) return;
  for (const ViewEntry& entry : plan.view) {
    const auto* overlay = std::get_if<Overlay>(&entry.what);
    if (overlay != nullptr && overlay->unsynced) layers_.push_back(overlay->upper);
  }
  if (layers_.empty()) return;
  limit_ = plan.disk->value;
  text_ = text_of(*plan.disk);
  free_at_start_ = look_at_disk().bytes;
  measure();  // a capture that is gone on with holds something already
  used_at_start_ = used_;
}

DiskWatch::Free DiskWatch::look_at_disk() const {
  struct statvfs info {};
  if (statvfs(layers_.front().c_str(), &info) != 0) return {};
  return {.bytes = static_cast<std::uint64_t>(info.f_bfree) * info.f_frsize, .files = info.f_ffree};
}

/// By the disk since the start, to whomever.
std::uint64_t DiskWatch::lost() const { return free_at_start_ - std::min(free_at_start_, free_then_.bytes); }

void DiskWatch::measure() {
  const auto before = Clock::now();
  free_then_ = look_at_disk();
  Sum sum = sum_of(layers_, limit_);
  if (sum.unseen) sum = sum_with_rights(layers_, limit_).value_or(sum);
  used_ = sum.bytes;
  // Removed files that are still open can be looked for only process by process: not before they could be too many.
  if (used_ < limit_ && used_at_start_ + lost() >= limit_) {
    const HeldBytes held = bytes_held(init_);
    used_ += held.bytes;
    sum.unseen = sum.unseen || !held.whole;
  }
  // What cannot be looked into all the same counts with what the disk has lost since the start.
  if (sum.unseen) used_ = std::max(used_, lost());
  measured_ = Clock::now();
  cost_ = std::chrono::duration_cast<milliseconds>(measured_ - before);
  pause_ = kOften;
}

bool DiskWatch::used_up() {
  // btrfs has no number of free files: there what is left is to look once in a while.
  const Free now = look_at_disk();
  const std::uint64_t written = (free_then_.bytes - std::min(free_then_.bytes, now.bytes)) +
                                (free_then_.files - std::min(free_then_.files, now.files)) * kEachFile;
  const bool may_be = used_ + written >= limit_;
  if (may_be || Clock::now() - measured_ >= std::max(kAtLeast, 20 * cost_)) measure();
  return used_ >= limit_;
}

}  // namespace snug
