// The names a seccomp rule may use for numbers: argument values ("AF_NETLINK") and errors ("EAFNOSUPPORT").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace snug {

/// A named number of this machine's architecture.
struct Constant {
  std::string_view name;
  std::uint64_t value;
};

/// Values an argument may be compared with.
std::span<const Constant> argument_constants();

/// errno names; values are 1 to 133.
std::span<const Constant> error_constants();

std::optional<std::uint64_t> find_constant(std::span<const Constant> constants, std::string_view name);

/// The nearest name, or empty.
std::string_view nearest_constant(std::span<const Constant> constants, std::string_view name);

}  // namespace snug
