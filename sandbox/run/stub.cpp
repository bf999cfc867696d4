#include "run/stub.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/paths.h"
#include "base/quote.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr int kMostTries = 8;  // each is lost only to another run that ends just then

Error cannot_stand(const std::string& path, int code, std::string why) {
  return Error{.what = "cannot keep " + quote_for_display(path) + " from being made inside",
               .code = code,
               .why = std::move(why),
               .needed_by = "filesystem.git = \"protect\"",
               .fix = "write git = \"write\" or project = \"overlay\""};
}

/// A run that ends has the lock for itself, for a moment. A command inside of another can open the file, too, and keep
/// it: EBUSY then.
bool share_in_time(int fd) {
  constexpr int tries = 200, microseconds = 10'000;
  for (int i = 0; i < tries; ++i) {
    if (lock_file(fd, LOCK_SH | LOCK_NB)) return true;
    if (errno != EWOULDBLOCK) return false;
    usleep(microseconds);
  }
  return errno = EBUSY, false;
}

}  // namespace

HostStub::HostStub(Fd directory, std::string path, std::string content)
    : directory_(std::move(directory)), path_(std::move(path)), name_(base_name(path_)), content_(std::move(content)) {}

Result<HostStub> HostStub::make(const Preparation& preparation) {
  const std::string& path = preparation.path;
  const Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  Fd directory(open_beneath(root.get(), parent_of(path).substr(1), O_PATH | O_DIRECTORY));
  if (!directory) return cannot_stand(path, errno, "");
  HostStub stub(std::move(directory), path, preparation.content);
  for (int tries = 0; tries < kMostTries; ++tries) {
    if (stub.create(preparation.mode)) return stub;
    if (errno != EEXIST && errno != EBUSY) return cannot_stand(path, errno, "");
    if (stub.join()) return stub;
    if (errno == EBUSY) return cannot_stand(path, 0, "another process keeps it locked");
    if (errno != ENOENT) return cannot_stand(path, 0, "something else than snug's own file is there");
  }
  return cannot_stand(path, EBUSY, "");
}

/// False with EEXIST if there is one.
bool HostStub::create(unsigned mode) {
  file_ = Fd(openat(directory_.get(), name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file_) return false;
  const bool written = write(file_.get(), content_.data(), content_.size()) == static_cast<ssize_t>(content_.size());
  if (!written || !share_in_time(file_.get())) {
    const int code = errno;
    unlinkat(directory_.get(), name_.c_str(), 0);
    errno = code;
    return false;
  }
  if (is_still_named()) return true;
  errno = EEXIST;  // another run took it for a leftover and removed it
  return false;
}

/// False with ENOENT if it went away meanwhile, with another code if it is not a stub.
bool HostStub::join() {
  file_ = Fd(openat(directory_.get(), name_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file_) return false;
  errno = EEXIST;
  if (!holds_content(true) || !share_in_time(file_.get())) return false;
  if (is_still_named()) return holds_content(false) || fill();
  errno = ENOENT;
  return false;
}

/// Empty: another run has not written it yet, and writes the same, or was killed before it did.
bool HostStub::fill() const {
  const Fd file(open(("/proc/self/fd/" + std::to_string(file_.get())).c_str(), O_WRONLY | O_CLOEXEC));
  return file && pwrite(file.get(), content_.data(), content_.size(), 0) == static_cast<ssize_t>(content_.size());
}

bool HostStub::is_still_named() const {
  struct stat held {
  }, named{};
  return fstat(file_.get(), &held) == 0 && fstatat(directory_.get(), name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/// `or_nothing`: another run may have made it and not written it yet.
bool HostStub::holds_content(bool or_nothing) const {
  struct stat status {};
  if (fstat(file_.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  std::string text(content_.size() + 1, '\0');
  const ssize_t got = pread(file_.get(), text.data(), text.size(), 0);
  if (got == 0) return or_nothing;
  return got == static_cast<ssize_t>(content_.size()) && text.compare(0, content_.size(), content_) == 0;
}

Result<void> HostStub::remove() {
  if (!file_) return {};
  const bool alone = lock_file(file_.get(), LOCK_EX | LOCK_NB);
  if (!alone && errno == EWOULDBLOCK) return {};
  if (alone) errno = 0;
  const bool ours = alone && is_still_named() && holds_content(false);
  const bool gone = ours ? unlinkat(directory_.get(), name_.c_str(), 0) == 0 : errno == 0 || errno == ENOENT;
  const int code = errno;
  file_.reset();
  if (gone) return {};
  return sys_error("remove " + quote_for_display(path_), code);
}

}  // namespace snug
