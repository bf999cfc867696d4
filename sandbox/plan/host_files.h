// The planner's questions to the host: asked once each, remembered, and written down for the plan. Follows
// symbolic links component by component.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/view.h"
#include "plan/plan.h"

namespace snug {

/// A symbolic link met on the way.
struct MetLink {
  std::string at;    ///< where it is; its directory holds no symbolic link
  std::string to;    ///< what it holds
  std::string rest;  ///< what was still to be walked behind it, relative; may be empty
};

/// Where a path leads.
struct Resolved {
  std::string path;   ///< free of symbolic links as far as it exists
  FileStatus status;  ///< of `path`; absent where nothing is there
  std::vector<MetLink> links;
  bool loop = false;  ///< more than 40 links: `status` is absent

  bool exists() const { return status.kind != FileKind::absent; }
  bool directory() const { return status.kind == FileKind::directory; }
};

class HostFiles {
 public:
  explicit HostFiles(HostView& host) : host_(host) {}

  const FileStatus& status(const std::string& path);
  const std::string& read_link(const std::string& path);    ///< empty if it is not a link
  std::vector<std::string> list(const std::string& path);   ///< sorted
  std::vector<HostEntry> entries(const std::string& path);  ///< sorted by name; what they are is not remembered
  std::optional<std::string> read_small(const std::string& path, std::size_t limit);
  BoundSockets bound_sockets();
  bool exists(const std::string& path) { return status(path).kind != FileKind::absent; }

  /// Precondition: `path` is absolute. ".." is taken after the links before it were followed, as the kernel does.
  Resolved resolve(std::string_view path);

  /// What was asked and answered, in order. Forgets it, and every reference given out is void.
  std::deque<HostAnswer> take_answers();

 private:
  using Index = std::unordered_map<std::string_view, const HostAnswer*>;

  std::optional<Resolved> resolve_beside_last(std::string_view path);

  HostView& host_;
  std::deque<HostAnswer> answers_;  // a deque: its elements stay where they are, and the look-ups point to them
  Index statuses_, links_;
  std::string last_directory_;  // where the path resolved last lies, if no link and no ".." led there
};

}  // namespace snug
