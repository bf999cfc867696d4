// Where the records and control sockets of running sandboxes lie. A record is true while the process it names lives:
// what a killed snug left is removed by whoever comes by.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sessions/record.h"

namespace snug {

/// Where this user's records may lie, the place for new ones first. `runtime` is $XDG_RUNTIME_DIR (may be empty);
/// `state` is snug's state directory, used where there is no usable runtime directory. Both absolute.
std::vector<std::string> session_places(const std::string& runtime, const std::string& state);

/// A directory of records, mode 0700 and this user's own:
///   ID        the record
///   ID.sock   the control socket (control.h), made after the record
///   ID.new    a record that takes the place of the first one
class SessionDirectory {
 public:
  /// Makes it (and those above it) if it is missing. Errors: it belongs to somebody else, or others may write it.
  static Result<SessionDirectory> make(const std::string& path);
  /// The same, but nothing where it is missing or not this user's own.
  static std::optional<SessionDirectory> open(const std::string& path);

  const std::string& path() const noexcept { return path_; }
  int fd() const noexcept { return fd_.get(); }

  /// Writes a record as a whole, in place of the one with its id.
  Result<void> write(const SessionRecord& record) const;
  /// Removes all of `id`.
  void remove(const std::string& id) const;
  /// The records that are true, the oldest first. Removes those that are not any more.
  std::vector<SessionRecord> list() const;
  /// Nobody else claims a name until what is returned goes away.
  Result<Fd> lock() const;

 private:
  SessionDirectory(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  std::optional<SessionRecord> read(const std::string& id) const;
  bool write_nameless(const std::string& id, const std::string& text) const;

  std::string path_;
  Fd fd_;
};

/// Eight hexadecimal digits nobody can guess.
std::string new_session_id();

/// The inode numbers of this process's namespaces; 0: the kernel has none of that kind.
std::uint64_t own_pid_namespace();
std::uint64_t own_time_namespace();

}  // namespace snug
