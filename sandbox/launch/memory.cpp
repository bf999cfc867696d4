#include "launch/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sys/errno.h"

namespace snug {

Result<SpecMemory> SpecMemory::create() {
  Fd fd(memfd_create("snug-spec", MFD_CLOEXEC));
  if (!fd || ftruncate(fd.get(), spec::memory_size) < 0) return sys_error("make memory to share with the sandbox");
  void* base = mmap(nullptr, spec::memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (base == MAP_FAILED) return sys_error("map memory to share with the sandbox");
  return SpecMemory(std::move(fd), static_cast<char*>(base));
}

SpecMemory::SpecMemory(SpecMemory&& other) noexcept
    : fd_(std::move(other.fd_)), base_(std::exchange(other.base_, nullptr)), used_(other.used_), full_(other.full_) {}

SpecMemory::~SpecMemory() {
  if (base_ != nullptr) munmap(base_, spec::memory_size);
}

spec::Offset SpecMemory::put(const void* from, size_t size) {
  const size_t start = (used_ + size_t{7}) & ~size_t{7};
  if (full_ || size >= spec::first_step - start) {
    full_ = true;
    return 0;
  }
  if (size > 0) std::memcpy(base_ + start, from, size);
  base_[start + size] = '\0';
  used_ = static_cast<uint32_t>(start + size + 1);
  return static_cast<spec::Offset>(start);
}

void SpecMemory::append(std::span<const spec::Step> steps, spec::Steps& list, size_t first, size_t end) {
  list.first = static_cast<spec::Offset>(first);
  const size_t room = (end - first) / sizeof(spec::Step);
  if (full_ || steps.size() > room - list.count) {
    full_ = true;
    return;
  }
  std::copy(steps.begin(), steps.end(), reinterpret_cast<spec::Step*>(base_ + first) + list.count);
  list.count += static_cast<uint32_t>(steps.size());
}

uint64_t SpecMemory::put_pointers(const std::vector<std::string_view>& texts) {
  std::vector<uint64_t> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string_view text : texts) pointers.push_back(spec::init_base + put(text));
  pointers.push_back(0);
  return spec::init_base + put_array(pointers);
}

}  // namespace snug
