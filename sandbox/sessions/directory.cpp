#include "sessions/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/paths.h"
#include "base/quote.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/read.h"
#include "sys/retry.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kLargestRecord = 4 << 20;  // a command line is 2 MiB at most
constexpr std::size_t kMostFiles = 4096;
constexpr std::string_view kSocket = ".sock", kFresh = ".new";

bool is_hexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool is_id(std::string_view name) { return name.size() == kIdDigits && std::ranges::all_of(name, is_hexadecimal); }

bool is_own_directory(const struct stat& status) {
  return S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 022) == 0;
}

// The runtime directory is taken only if nobody else can put anything there (the specification asks for 0700).
bool is_own_directory(const std::string& path) {
  struct stat status {};
  return !path.empty() && lstat(path.c_str(), &status) == 0 && is_own_directory(status);
}

Result<void> make_directories(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || path == "/") return sys_error("make " + quote_for_display(path));
  if (auto above = make_directories(std::string(parent_of(path))); !above) return above;
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return sys_error("make " + quote_for_display(path));
}

Fd open_own(const std::string& path) { return Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)); }

bool is_own_directory(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && is_own_directory(status);
}

std::optional<std::string> read_record(int fd) {
  auto text = read_all(fd, kLargestRecord + 1);
  return text && text->size() <= kLargestRecord ? std::move(text) : std::nullopt;
}

std::vector<std::string> ids_in(int directory) {
  std::vector<std::string> ids;
  const DirectoryStream stream = open_directory(Fd(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    if (is_id(entry->d_name)) ids.emplace_back(entry->d_name);
    if (ids.size() == kMostFiles) break;
  }
  return ids;
}

// Numbers of another pid namespace (a container that shares the directory) say nothing here, nor do times of a
// namespace whose clock since boot is another: /proc shows them by the clock of whoever reads.
bool can_be_told(const SessionRecord& record) {
  return record.pid_namespace == own_pid_namespace() && record.time_namespace == own_time_namespace();
}

std::uint64_t own_namespace(const char* path) {
  struct stat status {};
  return stat(path, &status) == 0 ? status.st_ino : 0;
}

bool lives(const SessionRecord& record) { return identify_process(record.snug.pid) == record.snug; }

}  // namespace

std::vector<std::string> session_places(const std::string& runtime, const std::string& state) {
  std::vector<std::string> places;
  if (is_own_directory(runtime)) places.push_back(join(runtime, "snug"));
  places.push_back(join(state, "running"));
  return places;
}

Result<SessionDirectory> SessionDirectory::make(const std::string& path) {
  if (auto made = make_directories(path); !made) return made.error();
  Fd fd = open_own(path);
  if (!fd) return sys_error("open " + quote_for_display(path));
  if (is_own_directory(fd.get())) return SessionDirectory(path, std::move(fd));
  return Error{.what = "cannot keep records of running sandboxes in " + quote_for_display(path),
               .why = "it belongs to somebody else, or others may write it",
               .fix = "remove it, or chmod 700 it"};
}

std::optional<SessionDirectory> SessionDirectory::open(const std::string& path) {
  Fd fd = open_own(path);
  if (!fd || !is_own_directory(fd.get())) return std::nullopt;
  return SessionDirectory(path, std::move(fd));
}

Result<void> SessionDirectory::write(const SessionRecord& record) const {
  const std::string text = to_text(record);
  if (write_nameless(record.id, text)) return {};
  const std::string fresh = record.id + std::string(kFresh);
  const Fd file(openat(fd(), fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  const bool written =
      file && write_all(file.get(), text) && renameat(fd(), fresh.c_str(), fd(), record.id.c_str()) == 0;
  if (written) return {};
  Error error = sys_error("write a record in " + quote_for_display(path_));
  unlinkat(fd(), fresh.c_str(), 0);
  return error;
}

// The first record of an id gets its name when it is complete: a snug that is killed before leaves nothing that nobody
// could tell whose it is. Not where one stands already, nor on a file system that has no files without names.
bool SessionDirectory::write_nameless(const std::string& id, const std::string& text) const {
  const Fd file(openat(fd(), ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600));
  if (!file || !write_all(file.get(), text)) return false;
  const std::string name = "/proc/self/fd/" + std::to_string(file.get());
  return linkat(AT_FDCWD, name.c_str(), fd(), id.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

// The record last: with it the others are known for a killed one's.
void SessionDirectory::remove(const std::string& id) const {
  for (const std::string_view kind : {kSocket, kFresh, std::string_view()}) {
    unlinkat(fd(), (id + std::string(kind)).c_str(), 0);
  }
}

std::optional<SessionRecord> SessionDirectory::read(const std::string& id) const {
  const Fd file(openat(fd(), id.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  const auto text = file ? read_record(file.get()) : std::nullopt;
  auto record = text ? session_from_text(*text) : std::nullopt;
  if (record && record->id != id) return std::nullopt;
  return record;
}

std::vector<SessionRecord> SessionDirectory::list() const {
  std::vector<SessionRecord> records;
  for (const std::string& id : ids_in(fd())) {
    auto record = read(id);
    if (!record || !can_be_told(*record)) continue;
    if (lives(*record)) {
      records.push_back(*std::move(record));
    } else {
      remove(id);
    }
  }
  std::ranges::stable_sort(records, {}, &SessionRecord::started);
  return records;
}

Result<Fd> SessionDirectory::lock() const {
  Fd lock(openat(fd(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return sys_error("lock " + quote_for_display(path_));
  if (!lock_file(lock.get(), LOCK_EX)) return sys_error("lock " + quote_for_display(path_));
  return lock;
}

std::string new_session_id() {
  std::array<unsigned char, kIdDigits / 2> bytes{};
  while (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
  }
  std::string id;
  for (const unsigned char byte : bytes) {
    id.push_back("0123456789abcdef"[byte >> 4]);
    id.push_back("0123456789abcdef"[byte & 15]);
  }
  return id;
}

std::uint64_t own_pid_namespace() { return own_namespace("/proc/self/ns/pid"); }
std::uint64_t own_time_namespace() { return own_namespace("/proc/self/ns/time"); }

}  // namespace snug
