#include "sessions/kept.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <sstream>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "sessions/directory.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/retry.h"
#include "sys/tree.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr const char* kRecord = "record";
constexpr const char* kEnd = "end";
constexpr const char* kLock = "lock";
constexpr std::size_t kEndSize = 64;  // the longest; always as many bytes
constexpr std::int64_t kSecond = 1'000'000'000, kSecondsToBegin = 60;
constexpr std::size_t kLargestRecord = 4 << 20;

/// Nothing: it is missing, or longer than any of ours.
std::optional<std::string> read_file(int directory, const char* name) {
  const Fd file(openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (static_cast<std::size_t>(status.st_size) > kLargestRecord) return std::nullopt;
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  if (pread(file.get(), text.data(), text.size(), 0) != status.st_size) return std::nullopt;
  return text;
}

bool make_file(int directory, const char* name, const std::string& text) {
  const Fd file(openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  return file && write_all(file.get(), text);
}

/// When it was changed last, in nanoseconds since 1970.
std::int64_t time_of(int directory, const char* name) {
  struct stat status {};
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec;
}

/// LOCK_EX: as its run does; LOCK_SH: to look whether one does, which keeps nobody else from looking. Nothing where
/// that cannot be. The kernel lets go of it with the process, whatever numbers say in which namespace.
std::optional<Fd> take_lock(int directory, int how) {
  Fd lock(openat(directory, kLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock || !lock_file(lock.get(), how | LOCK_NB)) return std::nullopt;
  return lock;
}

/// Whoever only looks has it for a moment, too.
std::optional<Fd> take_lock_with_patience(int directory) {
  constexpr int tries = 20, microseconds = 10'000;
  for (int i = 0; i < tries; ++i) {
    if (auto lock = take_lock(directory, LOCK_EX)) return lock;
    usleep(microseconds);
  }
  return std::nullopt;
}

std::optional<KeptRun> look_at(const std::string& place, const std::string& id) {
  const auto directory = SessionDirectory::open(join(place, id));
  const auto text = directory ? read_file(directory->fd(), kRecord) : std::nullopt;
  auto record = text ? session_from_text(*text) : std::nullopt;
  if (!record || record->id != id) return std::nullopt;
  KeptRun run{.record = *std::move(record), .path = directory->path(), .end = {}};
  run.runs = !take_lock(directory->fd(), LOCK_SH);  // before its end is read: that is written first
  run.began = time_of(directory->fd(), kRecord);
  run.end = end_from_text(read_file(directory->fd(), kEnd).value_or(""));
  run.last_used = run.end ? run.end->when : std::max(time_of(directory->fd(), "log") / kSecond, run.record.started);
  return run;
}

Result<void> remove_unused(const std::string& path) {
  const Fd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const auto lock = directory ? take_lock_with_patience(directory.get()) : std::nullopt;
  if (!lock) return Error{.what = "cannot remove " + quote_for_display(path), .why = "it runs"};
  if (remove_tree(path)) return {};
  return sys_error("remove " + quote_for_display(path));
}

/// Its path, if its snug was killed before it could say what it is of. A record that cannot be read is another
/// version's.
std::optional<std::string> never_begun(const std::string& place, const std::string& id, std::int64_t now) {
  struct stat made {
  }, record{};
  const auto directory = SessionDirectory::open(join(place, id));
  if (!directory || fstat(directory->fd(), &made) != 0) return std::nullopt;
  const bool told = fstatat(directory->fd(), kRecord, &record, AT_SYMLINK_NOFOLLOW) == 0 && record.st_size > 0;
  if (told || now - made.st_mtim.tv_sec < kSecondsToBegin) return std::nullopt;
  return directory->path();
}

std::vector<std::string> names_in(const std::string& place) {
  std::vector<std::string> names;
  const auto directory = SessionDirectory::open(place);
  const DirectoryStream stream = directory ? open_directory(place) : nullptr;
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

}  // namespace

std::string to_text(const RunEnd& end) {
  std::ostringstream text;
  text << end.status << ' ' << end.signal << ' ' << end.timed_out << ' ' << end.when << " end\n";
  return text.str();
}

std::optional<RunEnd> end_from_text(std::string_view text) {
  std::istringstream words{std::string(text)};
  RunEnd end;
  std::string last;
  if (!(words >> end.status >> end.signal >> end.timed_out >> end.when >> last) || last != "end") return std::nullopt;
  return end;
}

std::string place_of_kept(const std::string& state_directory) { return join(state_directory, "detached"); }

Result<KeptPlace> keep_run(const std::string& place, const SessionRecord& record) {
  auto above = SessionDirectory::make(place);
  if (!above) return std::move(above).error();
  auto directory = SessionDirectory::make(join(place, record.id));
  if (!directory) return std::move(directory).error();
  auto lock = take_lock(directory->fd(), LOCK_EX);
  const bool made = lock && make_file(directory->fd(), kEnd, std::string(kEndSize, '\n')) &&
                    make_file(directory->fd(), kRecord, to_text(record));
  if (made) return KeptPlace{Fd(fcntl(directory->fd(), F_DUPFD_CLOEXEC, 3)), *std::move(lock)};
  Error error = sys_error("keep what a detached run prints in " + quote_for_display(directory->path()));
  remove_tree(directory->path());
  return error;
}

Result<void> keep_end(const KeptPlace& kept, const RunEnd& end) {
  std::string text = to_text(end);
  text.resize(kEndSize, '\n');
  const Fd file(openat(kept.directory.get(), kEnd, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file && pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) return {};
  return sys_error("keep how a detached run ended");
}

std::vector<KeptRun> kept_runs(const std::string& place) {
  std::vector<KeptRun> runs;
  for (const std::string& name : names_in(place)) {
    if (auto run = look_at(place, name)) runs.push_back(*std::move(run));
  }
  std::ranges::stable_sort(runs, std::greater(), [](const KeptRun& run) { return std::pair(run.runs, run.began); });
  return runs;
}

Result<void> remove_kept(const KeptRun& run) { return remove_unused(run.path); }

std::vector<std::string> never_begun(const std::string& place, std::int64_t now) {
  std::vector<std::string> paths;
  for (const std::string& name : names_in(place)) {
    if (auto path = never_begun(place, name, now)) paths.push_back(*std::move(path));
  }
  return paths;
}

void drop_old_runs(const std::string& place, std::int64_t now) {
  std::vector<KeptRun> over = kept_runs(place);
  std::erase_if(over, [](const KeptRun& run) { return run.runs; });
  std::ranges::stable_sort(over, std::greater(), &KeptRun::last_used);
  for (std::size_t i = 0; i < over.size(); ++i) {
    const bool old = now - over[i].last_used > kKeptSeconds;
    if (old || i >= kMostKept) static_cast<void>(remove_kept(over[i]));
  }
  for (const std::string& path : never_begun(place, now)) static_cast<void>(remove_unused(path));
}

}  // namespace snug
