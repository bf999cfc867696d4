#include "host/view.h"

#include "base/paths.h"

namespace snug {

std::vector<HostEntry> HostView::entries(const std::string& path) {
  std::vector<HostEntry> entries;
  for (std::string& name : list(path)) {
    const FileKind kind = status(join(path, name)).kind;
    entries.push_back({std::move(name), kind});
  }
  return entries;
}

}  // namespace snug
