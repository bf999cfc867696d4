// One directory of one side of a capture, upper or lower: its entries and what they are. The only place of this folder
// that asks the kernel about files. Nothing here follows a symbolic link.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "changes/change.h"

namespace snug {

/// Extended attributes of the user namespace by name, without the overlay's own. What the program inside set under one
/// of the overlay's names has the name it gave ("user.overlay.overlay.x" on disk is its "user.overlay.x", Linux 6.7).
using Attributes = std::map<std::string, std::string>;

/// A directory open for reading, or an absent one, which has no entries.
class SideDirectory {
 public:
  SideDirectory() = default;
  /// The top of a side.
  static Result<SideDirectory> open_top(const std::string& path);
  /// One that is open already, duplicated. Reading its names needs more than O_PATH.
  static Result<SideDirectory> from(int fd);
  /// The directory at the relative `path` below this one (openat2, Linux 5.6). Errors: none there, too long a path.
  Result<SideDirectory> open_below(const std::string& path) const;

  bool present() const { return static_cast<bool>(fd_); }

  /// Names without "." and "..", in byte order.
  Result<std::vector<std::string>> names() const;
  /// What has that name here. Errors: anything but that nothing has.
  Result<Node> node(const std::string& name) const;
  /// This directory.
  Result<Node> itself() const;

  Result<Attributes> attributes(const std::string& name) const;
  Result<Attributes> own_attributes() const;
  /// Does the overlay's mark say that nothing of the lower directory shows through this one?
  bool opaque() const;
  /// Did the overlay copy `name` up, that is, was there a lower file when it was first changed?
  bool copied_up(const std::string& name) const;
  /// The bytes of a regular file, opened for reading.
  Result<Fd> open_file(const std::string& name) const;

 private:
  explicit SideDirectory(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

/// What has that name in an open directory (O_PATH will do). Errors: anything but that nothing has.
Result<Node> node_at(int directory, const std::string& name);

/// Of an open file.
Result<Attributes> read_attributes(int fd);

/// Do two open files hold the same bytes from where they are read?
Result<bool> same_bytes(int a, int b);

}  // namespace snug
