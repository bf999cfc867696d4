// What a capture lies over, as its command saw it: the host's directory, and over that the layers of other captures,
// put together as the kernel's overlay does it (Documentation/filesystems/overlayfs.rst), without a mount.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "changes/change.h"
#include "changes/scan.h"
#include "changes/side.h"

namespace snug {

/// A directory in it, or an absent one, which has no entries. What has a name is what the topmost layer says that knows
/// the name: a whiteout there hides what lies below, and so does a directory that is opaque.
class Below {
 public:
  Below() = default;
  /// What lies below the upper directory of `sides`.
  static Result<Below> open(const Sides& sides);
  /// Layers that lie over each other, the top one first. Precondition: there is one.
  static Result<Below> open_layers(const std::vector<std::string>& layers);

  /// Errors: none there, too long a path.
  Result<Below> open_below(const std::string& path) const;

  bool present() const { return !layers_.empty(); }
  /// Does something lie between what is shown and the host?
  bool hides_lower() const { return hides_lower_; }

  /// Names without "." and "..", in byte order.
  Result<std::vector<std::string>> names() const;
  Result<Node> node(const std::string& name) const;
  /// The topmost of the directories that make this one up.
  Result<Node> itself() const;
  Result<Attributes> attributes(const std::string& name) const;
  Result<Attributes> own_attributes() const;
  Result<Fd> open_file(const std::string& name) const;
  /// The bytes of the regular file at a path below this directory.
  Result<Fd> open_file_at(const std::string& path) const;

  /// Was there a file of that name below all the layers when the lowest that has one now got it?
  bool copied_up(const std::string& name) const;

  /// The layer that shows `name`; null if none does. Where there is but one it is that one in any case.
  Result<const SideDirectory*> shower(const std::string& name) const;

 private:
  Result<Below> open_alone(const std::string& path) const;
  Result<Below> enter(const std::string& name) const;

  std::vector<SideDirectory> layers_;
  bool stacked_ = false;      ///< layers, and not the host's directory alone: whiteouts count
  bool hides_lower_ = false;  ///< a layer below the last of `layers_` shows nothing here
};

}  // namespace snug
