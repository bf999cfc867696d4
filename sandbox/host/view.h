// The only questions the planner may ask the host's file system. Faked in tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace snug {

enum class FileKind { absent, regular, directory, symlink, socket, fifo, character_device, block_device, unreadable };

/// What lstat says of one path. `absent` covers ENOENT and ENOTDIR; `unreadable` any other refusal.
struct FileStatus {
  FileKind kind = FileKind::absent;
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t mode = 0;    ///< permission bits, 07777
  std::uint64_t device = 0;  ///< st_dev
  std::uint64_t inode = 0;
  std::uint64_t size = 0;        ///< bytes
  std::uint64_t filesystem = 0;  ///< statfs f_type of a directory asked with `filesystem_of`, else 0
};

/// A unix socket some program has bound to a file.
struct BoundSocket {
  std::string name;         ///< as the program said it: perhaps relative to the directory it was in
  std::uint64_t inode = 0;  ///< of the file; the low 32 bits
};

struct BoundSockets {
  std::vector<BoundSocket> list;
  bool complete = true;  ///< false: this kernel does not tell, or there are too many
};

/// A name in a directory, and what it names.
struct HostEntry {
  std::string name;
  FileKind kind = FileKind::absent;
};

class HostView {
 public:
  virtual ~HostView() = default;
  /// lstat: the last component is not followed.
  virtual FileStatus status(const std::string& path) = 0;
  /// What a symbolic link holds, or nothing if `path` is not one.
  virtual std::optional<std::string> read_link(const std::string& path) = 0;
  /// Names in a directory without "." and "..", unsorted; empty if it cannot be read.
  virtual std::vector<std::string> list(const std::string& path) = 0;
  /// The same with what status() says of each. The host's file systems tell both at once.
  virtual std::vector<HostEntry> entries(const std::string& path);
  /// The first `limit` bytes of a small regular file (a worktree's `.git`, /etc/shells), or nothing.
  virtual std::optional<std::string> read_small(const std::string& path, std::size_t limit) = 0;
  /// statfs f_type of the file system that holds `path`, 0 if unknown.
  virtual std::uint64_t filesystem_type(const std::string& path) = 0;
  /// Sockets that can be connected to, of all programs on this machine.
  virtual BoundSockets bound_sockets() = 0;
  /// The first question that went unanswered because the machine or this process has run out of something (memory, open
  /// files): what was taken for absent then may be there, and no plan may rest on it.
  virtual std::optional<Error> shortage() const { return std::nullopt; }
};

}  // namespace snug
