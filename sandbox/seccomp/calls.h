// System calls by name: their numbers on the two architectures snug has a filter for, and what the kernel calls those
// architectures. Names come from libseccomp, newer ones from a table here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snug {

enum class Architecture { x86_64, arm64 };

#if defined(__x86_64__) && !defined(__ILP32__)
inline constexpr Architecture native_architecture = Architecture::x86_64;
#elif defined(__aarch64__) && !defined(__ILP32__)
inline constexpr Architecture native_architecture = Architecture::arm64;
#else
#error "snug has a system call filter for x86-64 and arm64 only"
#endif

/// AUDIT_ARCH_* of linux/audit.h, as seccomp_data.arch holds it.
std::uint32_t audit_arch(Architecture architecture);

/// The number of `name`; none where the architecture has no such call, known elsewhere or not.
std::optional<std::uint32_t> call_number(Architecture architecture, std::string_view name);

/// Is `name` a system call of any architecture? A profile may name calls this machine does not have ("open" on arm64).
bool is_call_name(std::string_view name);

/// The name of a call, or empty.
std::string call_name(Architecture architecture, std::uint32_t number);

/// Every call of the architecture that has a name here, by number.
std::vector<std::string> call_names(Architecture architecture);

}  // namespace snug
