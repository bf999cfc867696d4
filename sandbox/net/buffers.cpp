#include "net/buffers.h"

namespace snug {

Buffers::Buffer Buffers::take() {
  const std::lock_guard lock(mutex_);
  if (in_use_ == kMost) return nullptr;
  ++in_use_;
  if (spare_.empty()) return Buffer(new char[kSize]);
  Buffer buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void Buffers::give_back(Buffer buffer) {
  if (!buffer) return;
  const std::lock_guard lock(mutex_);
  --in_use_;
  if (spare_.size() < kSpare) spare_.push_back(std::move(buffer));
}

}  // namespace snug
