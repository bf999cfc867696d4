// The toolchains in people's homes that snug knows: one row a layout, as each tool's own installer makes it.
#pragma once

#include <array>
#include <span>

namespace snug {

struct Toolchain {
  const char* name;
  const char* entry;                       ///< what stands in PATH; "*" takes part of one component
  std::array<const char*, 12> shows{};     ///< what is shown, where it exists; $1 is what the first "*" component was
  std::array<const char*, 5> variables{};  ///< passed, if what they name is visible
  const char* hides = nullptr;             ///< files in what is shown that may hold tokens: $1 as above, then a pattern
};

std::span<const Toolchain> known_toolchains();

}  // namespace snug
