#include "seccomp/calls.h"

#include <linux/audit.h>
#include <seccomp.h>

#include <cstdlib>
#include <iterator>
#include <memory>

namespace snug {
namespace {

struct NewCall {
  std::string_view name;
  std::uint32_t number;
  bool x86_64_only = false;
};

// What libseccomp 2.5.3 and 2.5.4 do not know. From 424 on a call has one number on both architectures
// (scripts/syscall.tbl and arch/x86/entry/syscalls/syscall_64.tbl of Linux 6.18).
constexpr NewCall new_calls[] = {
    {"uretprobe", 335, true},  {"uprobe", 336, true},  {"cachestat", 451},         {"fchmodat2", 452},
    {"map_shadow_stack", 453}, {"futex_wake", 454},    {"futex_wait", 455},        {"futex_requeue", 456},
    {"statmount", 457},        {"listmount", 458},     {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460},
    {"lsm_list_modules", 461}, {"mseal", 462},         {"setxattrat", 463},        {"getxattrat", 464},
    {"listxattrat", 465},      {"removexattrat", 466}, {"open_tree_attr", 467},    {"file_getattr", 468},
    {"file_setattr", 469},
};

// The tables above end at 469; numbers in between that nobody names are skipped.
constexpr std::uint32_t highest_number = 511;

std::uint32_t token(Architecture architecture) {
  return architecture == Architecture::x86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_AARCH64;
}

bool has(Architecture architecture, const NewCall& call) {
  return !call.x86_64_only || architecture == Architecture::x86_64;
}

int library_number(std::uint32_t arch, std::string_view name) {
  return seccomp_syscall_resolve_name_arch(arch, std::string(name).c_str());
}

std::string library_name(std::uint32_t arch, std::uint32_t number) {
  const std::unique_ptr<char, decltype(&std::free)> name(
      seccomp_syscall_resolve_num_arch(arch, static_cast<int>(number)), &std::free);
  return name ? name.get() : "";
}

}  // namespace

std::uint32_t audit_arch(Architecture architecture) {
  return architecture == Architecture::x86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
}

std::optional<std::uint32_t> call_number(Architecture architecture, std::string_view name) {
  for (const NewCall& call : new_calls) {
    if (call.name == name) return has(architecture, call) ? std::optional(call.number) : std::nullopt;
  }
  // Negative: unknown (-1), or a number libseccomp made up for a call of another architecture.
  const int number = library_number(token(architecture), name);
  return number >= 0 ? std::optional(static_cast<std::uint32_t>(number)) : std::nullopt;
}

bool is_call_name(std::string_view name) {
  if (call_number(Architecture::x86_64, name) || call_number(Architecture::arm64, name)) return true;
  return library_number(token(native_architecture), name) != __NR_SCMP_ERROR;
}

std::string call_name(Architecture architecture, std::uint32_t number) {
  for (const NewCall& call : new_calls) {
    if (call.number == number && has(architecture, call)) return std::string(call.name);
  }
  return number <= highest_number ? library_name(token(architecture), number) : "";
}

std::vector<std::string> call_names(Architecture architecture) {
  std::vector<std::string> names;
  for (std::uint32_t number = 0; number <= highest_number; ++number) {
    if (std::string name = call_name(architecture, number); !name.empty()) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace snug
