// The shared memory between parent, child and init: made before the clone, filled once there is a plan.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "launch/spec.h"

namespace snug {

/// Owns the memfd and this process's mapping of it. Sparse: pages cost when written.
class SpecMemory {
 public:
  static Result<SpecMemory> create();
  SpecMemory(SpecMemory&& other) noexcept;
  SpecMemory& operator=(SpecMemory&&) = delete;
  ~SpecMemory();

  int fd() const noexcept { return fd_.get(); }
  spec::Memory* header() const noexcept { return reinterpret_cast<spec::Memory*>(base_); }

  /// Copies `size` bytes in, aligned to 8, followed by a NUL. Offset 0 once the memory is full: see full().
  spec::Offset put(const void* from, size_t size);
  spec::Offset put(std::string_view text) { return put(text.data(), text.size()); }
  /// A null-terminated char*[] of `texts` for init. The address in init's mapping.
  uint64_t put_pointers(const std::vector<std::string_view>& texts);
  template <class T>
  spec::Offset put_array(const std::vector<T>& items) {
    return put(items.data(), items.size() * sizeof(T));
  }
  /// Appends to the plan's steps, and to the prologue's.
  void add_steps(std::span<const spec::Step> steps) {
    append(steps, header()->plan, spec::first_step, spec::first_prologue_step);
  }
  void add_prologue_steps(std::span<const spec::Step> steps) {
    append(steps, header()->prologue, spec::first_prologue_step, spec::memory_size);
  }
  /// What was put.
  std::span<const spec::Step> steps(spec::Steps of) const noexcept {
    return {reinterpret_cast<const spec::Step*>(base_ + of.first), of.count};
  }
  const char* text(spec::Offset offset) const noexcept { return offset == 0 ? "" : base_ + offset; }
  /// More was put than fits: the spec must not be used.
  bool full() const noexcept { return full_; }
  /// To be called after the last put.
  void finish() noexcept { header()->used = used_; }

 private:
  SpecMemory(Fd fd, char* base) : fd_(std::move(fd)), base_(base) {}
  void append(std::span<const spec::Step> steps, spec::Steps& list, size_t first, size_t end);

  Fd fd_;
  char* base_ = nullptr;
  uint32_t used_ = sizeof(spec::Memory);
  bool full_ = false;
};

}  // namespace snug
