#include "plan/pending_path.h"

#include <algorithm>

namespace snug {

void PendingPath::push(std::string_view path) {
  std::vector<std::string> fresh;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) fresh.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  parts_.insert(parts_.end(), fresh.rbegin(), fresh.rend());
}

std::string PendingPath::pop() {
  std::string part = std::move(parts_.back());
  parts_.pop_back();
  return part;
}

std::string PendingPath::rest() const {
  std::string text;
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) text += (text.empty() ? "" : "/") + *part;
  return text;
}

}  // namespace snug
