#include "run/stored.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/paths.h"
#include "base/quote.h"
#include "changes/apply.h"
#include "changes/discard.h"
#include "run/disk_watch.h"
#include "sessions/kept.h"
#include "sys/errno.h"
#include "sys/retry.h"
#include "sys/tree.h"

namespace snug {
namespace {

constexpr std::string_view lock_ending = ".lock";
constexpr std::int64_t seconds_to_begin = 60;

bool is_own_directory(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

std::vector<std::string> directories_in(const std::string& directory) {
  std::vector<std::string> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    std::string path = join(directory, entry->d_name);
    if (entry->d_name[0] != '.' && is_own_directory(path)) found.push_back(std::move(path));
  }
  return found;
}

std::string lock_of(const Stored& stored) {
  const bool scratch = stored.kind == Stored::Kind::left && base_name(parent_of(stored.path)) == "scratch";
  return scratch ? stored.path + std::string(lock_ending) : join(stored.path, "lock");
}

/// Nothing where it is held by a run.
std::optional<Fd> lock_out_runs(const Stored& stored) {
  Fd lock(open(lock_of(stored).c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!lock) return errno == ENOENT ? std::optional<Fd>(Fd()) : std::nullopt;
  if (!lock_file(lock.get(), LOCK_EX | LOCK_NB)) return std::nullopt;
  return lock;
}

/// The private layers beside a home have locks of their own.
bool layers_in_use(const Stored& stored) {
  return std::ranges::any_of(directories_in(join(stored.path, "layers")), [](const std::string& layer) {
    return !lock_out_runs({.kind = Stored::Kind::home, .path = layer, .name = {}, .project = {}});
  });
}

std::int64_t changed(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 ? info.st_mtim.tv_sec : 0;
}

Stored look_at(Stored::Kind kind, const std::string& path) {
  Stored stored{.kind = kind, .path = path, .name = std::string(base_name(path)), .project = {}};
  stored.bytes = disk_usage(path);
  stored.last_used = std::max({changed(path), changed(lock_of(stored)), changed(join(path, "record"))});
  stored.in_use = !lock_out_runs(stored) || layers_in_use(stored);
  return stored;
}

/// One without a record and changes never began: the run was killed, or is about to begin.
Stored look_at_capture(const std::string& path) {
  const auto capture = read_capture(path);
  Stored stored = look_at(Stored::Kind::capture, path);
  if (capture) stored.project = capture->place;
  const bool half = half_discarded(path);
  if (capture || (!half && !holds_nothing({.directory = path}))) return stored;
  stored.kind = Stored::Kind::left;
  if (half) return stored;
  stored.in_use = stored.in_use || std::time(nullptr) - stored.last_used < seconds_to_begin;
  return stored;
}

Stored look_at_log(const KeptRun& run) {
  Stored stored = look_at(Stored::Kind::log, run.path);
  stored.name = run.record.name.empty() ? run.record.id : run.record.name;
  stored.project = run.record.project;
  stored.last_used = run.last_used;
  return stored;
}

/// What an apply keeps in the project while it works there is known by the capture alone.
Result<void> let_go_of_capture(const std::string& path) {
  const auto capture = read_capture(path);
  const std::vector<Capture> parts = capture ? parts_of(*capture) : std::vector<Capture>();
  if (std::ranges::any_of(parts, apply_unfinished)) {
    return Error{.what = "cannot remove " + quote_for_display(path),
                 .why = "an apply of it did not end",
                 .fix = "in " + quote_for_display(capture->place) + ": snug apply --continue, or --abort"};
  }
  for (const Capture& part : parts) remove_staged(part);
  return begin_discard(path);
}

}  // namespace

std::vector<Stored> list_stored(const std::string& state_directory) {
  std::vector<Stored> all;
  for (const std::string& path : directories_in(join(state_directory, "homes"))) {
    all.push_back(look_at(Stored::Kind::home, path));
  }
  for (const std::string& project : directories_in(join(state_directory, "captures"))) {
    for (const std::string& path : directories_in(project)) all.push_back(look_at_capture(path));
  }
  for (const KeptRun& run : kept_runs(place_of_kept(state_directory))) all.push_back(look_at_log(run));
  for (const std::string& path : never_begun(place_of_kept(state_directory), std::time(nullptr))) {
    all.push_back(look_at(Stored::Kind::left, path));
  }
  for (const std::string& path : directories_in(join(state_directory, "scratch"))) {
    all.push_back(look_at(Stored::Kind::left, path));
  }
  if (const std::string path = join(state_directory, "mirror"); is_own_directory(path)) {
    all.push_back(look_at(Stored::Kind::mirror, path));
  }
  std::ranges::stable_sort(all, [](const Stored& a, const Stored& b) { return a.bytes > b.bytes; });
  return all;
}

Result<void> remove_stored(const Stored& stored) {
  const auto lock = lock_out_runs(stored);
  if (!lock || layers_in_use(stored)) {
    return Error{.what = "cannot remove " + quote_for_display(stored.path), .why = "a run is using it"};
  }
  if (auto free = stored.kind == Stored::Kind::capture ? let_go_of_capture(stored.path) : Result<void>(); !free)
    return free;
  if (!remove_tree(stored.path)) return sys_error("remove " + quote_for_display(stored.path));
  if (const std::string beside = lock_of(stored); !is_below(beside, stored.path)) unlink(beside.c_str());
  rmdir(std::string(parent_of(stored.path)).c_str());  // of the last capture of a project
  return {};
}

}  // namespace snug
