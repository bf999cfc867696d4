// Init's program, built apart and carried in snug's read-only data.
#pragma once

#include <cstddef>
#include <span>

namespace snug {

std::span<const std::byte> init_image() noexcept;

}  // namespace snug
