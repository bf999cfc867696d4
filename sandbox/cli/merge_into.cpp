#include "cli/merge_into.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/capture.h"
#include "changes/discard.h"
#include "changes/merge_layers.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/tree.h"

namespace snug {
namespace {

Error cannot_use(const std::string& directory, std::string why) {
  return {.what = "cannot merge into " + quote_for_display(directory),
          .why = std::move(why),
          .fix = "name an empty directory of yours: mkdir -m 700 " + quote_for_display(directory)};
}

Result<void> check_place(const std::string& directory) {
  struct stat info {};
  if (lstat(directory.c_str(), &info) != 0) return cannot_use(directory, "there is nothing");
  if (!S_ISDIR(info.st_mode)) return cannot_use(directory, "it is no directory");
  if (info.st_uid != geteuid() || (info.st_mode & 022) != 0) {
    return cannot_use(directory, "others than you can write to it");
  }
  const DirectoryStream stream = open_directory(directory);
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") return cannot_use(directory, "it holds " + quote_for_display(name));
  }
  return stream ? Result<void>() : cannot_use(directory, "it cannot be read");
}

/// The captures below, kept from being changed for as long as they are held.
struct LowerOnes {
  std::vector<Capture> captures;
  std::vector<Fd> locks;
};

Result<LowerOnes> hold_lower_ones(const Capture& capture) {
  LowerOnes lower;
  for (const std::string& layer : capture.between) {
    auto below = capture_of_layer(layer);
    if (!below) continue;
    auto lock = lock_capture(*below);
    if (!lock) return std::move(lock).error();
    if (auto sound = bring_to_disk(*below); !sound) return std::move(sound).error();
    lower.locks.push_back(std::move(*lock));
    lower.captures.push_back(std::move(*below));
  }
  return lower;
}

/// What the host changed since the first of them began has drifted.
Capture merged_capture(const OpenCapture& open, const LowerOnes& lower, const std::string& directory) {
  Capture merged = open.capture;
  merged.directory = directory;
  merged.between.clear();
  merged.users_directory = true;
  for (const Capture& below : lower.captures) {
    merged.began = std::min(merged.began, below.began);
    merged.protect.insert(merged.protect.end(), below.protect.begin(), below.protect.end());
  }
  return merged;
}

Result<void> fill(const Capture& merged, const std::vector<std::string>& layers) {
  // Complete before it has the name under which a run would go on with it.
  const std::string fresh = join(merged.directory, "work"), upper = join(merged.directory, "upper");
  if (auto done = merge_layers(layers, fresh); !done) return done;
  const Fd written(open(fresh.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!written || syncfs(written.get()) != 0) return sys_error("write " + quote_for_display(merged.directory));
  if (auto recorded = write_capture(merged); !recorded) return recorded;
  if (rename(fresh.c_str(), upper.c_str()) != 0) return sys_error("write " + quote_for_display(upper));
  return {};
}

Error several_directories(const Capture& capture) {
  return {.what = "cannot merge the capture " + quote_for_display(capture.name()),
          .why = "it has captured more than one directory, and lies over no other"};
}

}  // namespace

Result<void> merge_into(const OpenCapture& open, const std::string& directory) {
  if (!open.capture.parts.empty()) return several_directories(open.capture);
  if (open.doubt) return *open.doubt;
  if (auto good = check_place(directory); !good) return good;
  const auto lower = hold_lower_ones(open.capture);
  if (!lower) return lower.error();
  const Capture merged = merged_capture(open, *lower, directory);
  const auto lock = lock_capture(merged);
  if (!lock) return lock.error();
  std::vector<std::string> layers{open.capture.sides().upper};
  layers.insert(layers.end(), open.capture.between.begin(), open.capture.between.end());
  auto filled = fill(merged, layers);
  if (!filled) static_cast<void>(discard_capture(merged));
  return filled;
}

}  // namespace snug
