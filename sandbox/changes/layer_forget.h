// What a layer no longer has to hold.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "changes/open_parents.h"

namespace snug {

/// Knows which directories of a layer cover the host's. Below one that does, what is taken out of the layer would count
/// as deleted: there all has to stay, and is no change once the host has the same.
class Covers {
 public:
  /// The open upper directory, borrowed.
  explicit Covers(int upper) : upper_(upper) {}

  /// Does the directory at `path`, or one above it, cover the host's?
  bool covers(std::string_view path);

 private:
  int upper_;
  std::map<std::string, bool, std::less<>> known_;
};

/// The layer forgets what the host has now, so that nothing of it comes back when the host moves on.
class LayerForgetter {
 public:
  explicit LayerForgetter(int upper) : covers_(upper), parents_(upper) {}

  /// A directory only if it is empty: call it for what is in it first. True if nothing is there any more.
  bool forget(const std::string& path);
  /// With all that is in it.
  bool forget_tree(const std::string& path);

 private:
  Covers covers_;
  OpenParents parents_;
};

}  // namespace snug
