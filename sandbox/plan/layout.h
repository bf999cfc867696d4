// The view while it is being planned: what stands at which path, who asked for it, and what wins where two ask.
// Knows paths and precedence; leaves what to put there to the steps of build_plan.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plan/host_files.h"
#include "plan/plan.h"

namespace snug {

/// Who asks. Two of `section` and `listed` on one path are a tie, which the stricter wins; any of the two beats
/// `builtin`; `listed` beats `pattern`.
enum class Rank {
  builtin,  ///< snug itself: system, home, toolchains
  pattern,  ///< a match of a glob in hide or protect
  section,  ///< filesystem.project
  listed,   ///< a path someone wrote down
};

/// An entry and who asked for it.
struct Piece {
  ViewEntry entry;
  Rank rank = Rank::builtin;
  bool spare = false;  ///< may be left out where the same is visible anyway
};

/// What stands at one path: something, and perhaps a mask or a seal over it.
struct Spot {
  std::optional<Piece> base, cover;
};

/// Orders "/a/b" between "/a" and "/a-b", so that a tree's nodes follow each other.
struct TreeOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};
using Spots = std::map<std::string, Spot, TreeOrder>;

/// What a process inside finds at a path.
struct Seen {
  std::string path;  ///< inside, free of symbolic links
  FileKind kind = FileKind::absent;
  const Piece* holder = nullptr;  ///< the entry it belongs to; null: the root's own tmpfs
  std::string host_path;          ///< the host file behind it, if any

  bool exists() const { return kind != FileKind::absent; }
};

class Layout {
 public:
  Layout() = default;
  Layout(const Layout&) = delete;
  Layout& operator=(const Layout&) = delete;

  void place(ViewEntry entry, Rank rank, bool spare = false);
  /// Lays a Mask or Seal. A Mask takes away what snug itself put below it.
  void cover(ViewEntry entry, Rank rank);
  /// Takes away what stands there; returns the place behind it.
  Spots::iterator erase(Spots::const_iterator spot);

  const Spot* find(std::string_view path) const;
  /// The nearest entry at or above `path`: what a process would find it in. A mask counts, a seal does not.
  const Piece* holder_of(std::string_view path) const;
  /// The same for what lies above `path`.
  const Piece* holder_above(std::string_view path) const;
  bool anything_below(std::string_view path) const;

  /// Walks `path` as the kernel would inside, through the view's links and, in binds, the host's.
  Seen look(std::string_view path, HostFiles& host) const;

  /// In the order of the tree. What is at a place may be changed; erase() takes it away.
  Spots& spots() { return spots_; }
  const Spots& spots() const { return spots_; }
  std::vector<Note>& notes() { return notes_; }

 private:
  void settle_tie(Piece& standing, Piece fresh);
  void remove_builtins_below(const std::string& path);

  Spot& spot_at(const std::string& path);

  Spots spots_;
  Spots::const_iterator next_ = spots_.end();            // behind the one placed last
  std::unordered_map<std::string_view, Spot*> by_path_;  // into spots_; most questions need no order
  std::vector<Note> notes_;
};

/// The host path behind `path`, which lies in `entry`; empty if no host file is behind it.
std::string host_path_of(const ViewEntry& entry, std::string_view path);

/// Does the entry put a directory at its target?
bool makes_directory(const ViewKind& what);

}  // namespace snug
