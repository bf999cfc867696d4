// What every system call is answered, and why: the standard policy as a table, and the form in which the compiler
// takes it. Knows no profile and no BPF.
#pragma once

#include <cerrno>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "seccomp/calls.h"

namespace snug {

/// What the kernel does with a call.
struct Action {
  /// kill ends the whole process; log allows; report refuses with `error` after telling snug outside, by seccomp's
  /// notification (Linux 5.0): without a listener the kernel answers ENOSYS.
  enum class Kind { allow, error, kill, log, report } kind = Kind::error;
  int error = ENOSYS;  ///< with Kind::error and report: what the call returns

  bool operator==(const Action&) const = default;
};

inline constexpr Action allow_call{Action::Kind::allow, 0};
inline constexpr Action kill_process{Action::Kind::kill, 0};
/// What snug outside answers to a call that is reported.
inline constexpr int reported_error = EPERM;
inline constexpr Action report_call{Action::Kind::report, reported_error};
constexpr Action refuse_call(int error) { return {Action::Kind::error, error}; }

/// (argument & mask) == value, or != where `equal` is false. `value` has no bit outside `mask`. The mask says which
/// bits the kernel looks at: an `int` argument is 32 bits wide and what is above them is the caller's to choose.
struct Test {
  int argument = 0;  ///< 0-5
  std::uint64_t mask = 0xffffffff;
  std::uint64_t value = 0;
  bool equal = true;
};

/// `action` if every test holds.
struct Clause {
  std::vector<Test> tests;
  Action action;
};

/// The first clause that holds decides.
struct CallRule {
  std::vector<Clause> clauses;
  Action otherwise;
};

/// A row of the table: the calls it speaks of, separated by spaces, and the reason in words for people.
struct PolicyRow {
  std::string_view calls;
  CallRule rule;
  std::string_view reason;
};

/// The default policy. No call stands in two rows; one that stands in none gets ENOSYS, as from an older kernel, so
/// that programs fall back to what they did before it.
std::span<const PolicyRow> standard_rows();

/// What `policy = "strict"` changes: rows that take the place of standard_rows()' for the calls they name. Each only
/// narrows.
std::span<const PolicyRow> strict_rows();

/// What `nested = true` changes: rows that take the place of all others for the calls they name.
std::span<const PolicyRow> nested_rows();

/// Which of the built-in policies.
struct PolicyVariant {
  bool strict = false;  ///< strict_rows() count
  bool nested = false;  ///< nested_rows() count

  bool operator==(const PolicyVariant&) const = default;
};

/// The row that decides on a call; null: none, the answer is ENOSYS.
const PolicyRow* find_row(std::string_view call, PolicyVariant variant);

/// The names in a row.
std::vector<std::string_view> names_in(const PolicyRow& row);

/// A rule for each number; what is not there is answered `otherwise`.
struct Policy {
  std::map<std::uint32_t, CallRule> calls;
  Action otherwise = refuse_call(ENOSYS);
};

/// Is there a call that is reported?
bool reports(const Policy& policy);

/// The table, for one architecture. A name the architecture does not have is left out. With `nested` nothing is
/// reported but refused: a process has one listener at most, and a sandbox inside may want it.
Policy make_policy(Architecture architecture, PolicyVariant variant);

}  // namespace snug
