// Limits of setrlimit(2) by the names that people know.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace snug {

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

/// RLIMIT_NOFILE for "nofile"; nothing for words that name no limit.
std::optional<std::uint32_t> resource_named(std::string_view name);

struct ProcessLimit {
  std::uint64_t soft = unlimited, hard = unlimited;
};

/// What this process is held to.
ProcessLimit own_limit(std::uint32_t resource);

}  // namespace snug
