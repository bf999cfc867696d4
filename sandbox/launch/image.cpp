#include "launch/image.h"

// SNUG_INIT_IMAGE is the path of the linked init, given by CMake.
asm(".section .rodata\n"
    ".balign 16\n"
    "snug_init_image: .incbin \"" SNUG_INIT_IMAGE
    "\"\n"
    "snug_init_image_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const std::byte snug_init_image[];
extern const std::byte snug_init_image_end[];
}

namespace snug {

std::span<const std::byte> init_image() noexcept { return {snug_init_image, snug_init_image_end}; }

}  // namespace snug
