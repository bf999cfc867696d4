// The buffers of all connections. What a slow reader has not taken yet stays in the buffer it was read into; there are
// only so many, and without one a connection reads little at a time. For several threads.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace snug {

class Buffers {
 public:
  static constexpr std::size_t kSize = 256 << 10;
  static constexpr std::size_t kMost = 256;  ///< in use at once: 64 MiB
  static constexpr std::size_t kSpare = 4;   ///< kept when nobody uses them
  using Buffer = std::unique_ptr<char[]>;

  /// Null if too many are in use.
  Buffer take();
  void give_back(Buffer buffer);

 private:
  std::mutex mutex_;
  std::size_t in_use_ = 0;
  std::vector<Buffer> spare_;
};

}  // namespace snug
