// One difference between what a capture holds and the host's directory below it, as a plain value. Knows no overlay:
// how differences are found is scan.h's, what becomes of them is the callers'.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace snug {

/// `whiteout`: the overlay's mark for something deleted; never in a Change.
enum class NodeKind { absent, file, directory, symlink, fifo, socket, device, whiteout };

inline const char* kind_name(NodeKind kind) {
  constexpr const char* names[] = {"absent", "file", "directory", "symlink", "fifo", "socket", "device", "whiteout"};
  return names[static_cast<int>(kind)];
}

/// What stands at a path on one of the two sides.
struct Node {
  NodeKind kind = NodeKind::absent;
  std::uint32_t mode = 0;                   ///< permission bits, 07777
  std::uint64_t size = 0;                   ///< bytes, of a file
  std::int64_t mtime_ns = 0, ctime_ns = 0;  ///< since the epoch
  std::int64_t atime_ns = 0;                ///< of a file: when it was read last, as far as that is kept
  std::uint64_t inode = 0, device = 0;      ///< two names with the same are one file
  std::uint64_t links = 0;                  ///< names this file has on its side
  std::string target;                       ///< of a symlink
  bool others = false;  ///< it belongs to another user number than this process's, which is not root
};

/// What is different about a path that exists on both sides.
struct Differences {
  bool kind = false;        ///< a file where a directory was
  bool content = false;     ///< bytes of a file, target of a symlink
  bool mode = false;        ///< permission bits
  bool attributes = false;  ///< extended attributes; only looked at where kind and content are the same
  bool any() const { return kind || content || mode || attributes; }
};

struct Change {
  enum class Kind { added, modified, deleted } kind = Kind::modified;
  std::string path;          ///< relative to the project, any bytes but NUL; empty: the project's root itself
  Node before;               ///< on the host now; absent if added, or gone there meanwhile
  Node after;                ///< in the capture; absent if deleted
  Differences differences;   ///< with Kind::modified
  bool drifted = false;      ///< the host's side was changed since the capture began: taking this would overwrite that
  std::string held_at = {};  ///< where the capture has it, if not at `path`: the same file on the host (host_links.h)
  std::uint64_t followers = 0;  ///< other names of the host's file that are looked after
  bool whole = false;           ///< a directory whose content could not be looked at: its path is too long
};

/// Is it a directory that the host has not, so that nothing in it can be taken over before it?
inline bool makes_directory(const Change& change) {
  return change.after.kind == NodeKind::directory && change.before.kind != NodeKind::directory;
}

/// Is it a directory on either side? Then its path is shown with a slash, and what is in it has changes of its own.
inline bool is_directory(const Change& change) {
  return change.after.kind == NodeKind::directory || change.before.kind == NodeKind::directory;
}

/// A file's device and inode.
using FileIdentity = std::pair<std::uint64_t, std::uint64_t>;

/// Files of the capture that have several names there, of which one came out as the host has it: the other names are
/// names of the host's file.
struct KeptName {
  std::string path;
  Node host;
};
using KeptNames = std::map<FileIdentity, KeptName>;

}  // namespace snug
