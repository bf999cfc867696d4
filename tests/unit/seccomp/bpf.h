// What the kernel would answer: an interpreter of filter programs, and the policy table read straight.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstring>
#include <span>
#include <stdexcept>

#include "seccomp/policy.h"

namespace snug {

using Arguments = std::array<std::uint64_t, 6>;

inline seccomp_data make_call(std::uint32_t arch, std::uint32_t number, const Arguments& arguments = {}) {
  seccomp_data call{.nr = static_cast<int>(number), .arch = arch};
  for (std::size_t i = 0; i < arguments.size(); ++i) call.args[i] = arguments[i];
  return call;
}

/// Runs `program`; throws on anything the kernel's checker would refuse (net/core/filter.c, kernel/seccomp.c).
inline std::uint32_t run_filter(std::span<const sock_filter> program, const seccomp_data& call) {
  std::uint32_t held = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& i = program[at];
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (i.k % 4 != 0 || i.k + 4 > sizeof(call)) throw std::runtime_error("load out of bounds");
        std::memcpy(&held, reinterpret_cast<const char*>(&call) + i.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        held &= i.k;
        break;
      case BPF_JMP | BPF_JA:
        at += i.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += held == i.k ? i.jt : i.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += held >= i.k ? i.jt : i.jf;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        at += held & i.k ? i.jt : i.jf;
        break;
      case BPF_RET | BPF_K:
        return i.k;
      default:
        throw std::runtime_error("instruction this filter should not have");
    }
  }
  throw std::runtime_error("ran off the end");
}

inline bool holds(const Test& test, const Arguments& arguments) {
  return ((arguments[static_cast<std::size_t>(test.argument)] & test.mask) == test.value) == test.equal;
}

inline bool holds(const Clause& clause, const Arguments& arguments) {
  for (const Test& test : clause.tests) {
    if (!holds(test, arguments)) return false;
  }
  return true;
}

inline Action decide(const CallRule& rule, const Arguments& arguments) {
  for (const Clause& clause : rule.clauses) {
    if (holds(clause, arguments)) return clause.action;
  }
  return rule.otherwise;
}

/// What the table says, without a program.
inline Action decide(const Policy& policy, std::uint32_t number, const Arguments& arguments) {
  const auto found = policy.calls.find(number);
  return found == policy.calls.end() ? policy.otherwise : decide(found->second, arguments);
}

inline std::uint32_t verdict(const Action& action) {
  switch (action.kind) {
    case Action::Kind::allow:
      return SECCOMP_RET_ALLOW;
    case Action::Kind::log:
      return SECCOMP_RET_LOG;
    case Action::Kind::report:
      return SECCOMP_RET_USER_NOTIF;
    case Action::Kind::kill:
      return SECCOMP_RET_KILL_PROCESS;
    case Action::Kind::error:
      break;
  }
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(action.error);
}

/// `SECCOMP_RET_ERRNO` with `error`, for comparisons.
inline std::uint32_t refused_with(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }

}  // namespace snug
