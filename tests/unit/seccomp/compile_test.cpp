#include "seccomp/compile.h"

#include <linux/audit.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <bit>
#include <random>
#include <set>

#include "seccomp/standard.h"
#include "support/catch.h"
#include "unit/seccomp/bpf.h"

using namespace snug;

namespace {

struct BuiltIn {
  Architecture architecture;
  PolicyVariant variant;
};

std::vector<BuiltIn> all_built_in() {
  std::vector<BuiltIn> all;
  for (const auto architecture : {Architecture::x86_64, Architecture::arm64}) {
    for (const bool strict : {false, true}) {
      for (const bool nested : {false, true}) all.push_back({architecture, {.strict = strict, .nested = nested}});
    }
  }
  return all;
}

bool in_few_bits(std::uint64_t mask) { return std::popcount(mask) <= 8; }

/// The number a test compares with, its neighbours, bits of the mask turned over, bits outside it.
std::vector<std::uint64_t> telling_values(const Test& test) {
  std::vector<std::uint64_t> values{test.value,
                                    test.value + 1,
                                    test.value - 1,
                                    test.value | ~test.mask,
                                    test.value ^ 0x1'0000'0000,
                                    test.value ^ 0x8000'0000};
  for (std::uint64_t bits = in_few_bits(test.mask) ? test.mask : test.value; bits != 0; bits &= bits - 1) {
    values.push_back(test.value ^ (bits & -bits));
  }
  return values;
}

std::array<std::set<std::uint64_t>, 6> telling_values(const CallRule& rule) {
  std::array<std::set<std::uint64_t>, 6> values;
  for (auto& set : values) set.insert(0);
  for (const Clause& clause : rule.clauses) {
    for (const Test& test : clause.tests) {
      const auto more = telling_values(test);
      values[static_cast<std::size_t>(test.argument)].insert(more.begin(), more.end());
    }
  }
  return values;
}

std::vector<Arguments> telling_arguments(const CallRule& rule) {
  std::vector<Arguments> all{Arguments{}};
  const auto values = telling_values(rule);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::vector<Arguments> longer;
    for (const Arguments& start : all) {
      for (const std::uint64_t value : values[i]) {
        longer.push_back(start);
        longer.back()[i] = value;
      }
    }
    all = std::move(longer);
  }
  return all;
}

/// Counts calls that the program answers otherwise than the table: one check instead of millions.
int differences(std::span<const sock_filter> program, const Policy& policy, Architecture architecture,
                std::uint32_t number, const std::vector<Arguments>& arguments) {
  int count = 0;
  for (const Arguments& a : arguments) {
    count += run_filter(program, make_call(audit_arch(architecture), number, a)) != verdict(decide(policy, number, a));
  }
  return count;
}

std::vector<Arguments> arguments_for(const Policy& policy, std::uint32_t number) {
  const auto found = policy.calls.find(number);
  auto arguments = telling_arguments(found == policy.calls.end() ? CallRule{} : found->second);
  arguments.push_back({~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull});
  return arguments;
}

void check_number(std::span<const sock_filter> program, const Policy& policy, Architecture architecture,
                  std::uint32_t number) {
  INFO("call " << number << " " << call_name(architecture, number));
  CHECK(differences(program, policy, architecture, number, arguments_for(policy, number)) == 0);
}

/// Counts calls that `narrow` allows and `wide` does not.
int widened(std::span<const sock_filter> wide, std::span<const sock_filter> narrow, Architecture architecture,
            std::uint32_t number, const std::vector<Arguments>& arguments) {
  int count = 0;
  for (const Arguments& a : arguments) {
    const seccomp_data call = make_call(audit_arch(architecture), number, a);
    count += run_filter(narrow, call) == SECCOMP_RET_ALLOW && run_filter(wide, call) != SECCOMP_RET_ALLOW;
  }
  return count;
}

std::vector<std::uint32_t> numbers_beyond() {
  std::vector<std::uint32_t> numbers{1000, 0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  for (std::uint32_t n = 0; n <= 600; ++n) numbers.push_back(0x40000000 + n);  // x32
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) numbers.push_back(static_cast<std::uint32_t>(random()));
  return numbers;
}

std::uint32_t answer(const Policy& policy, std::uint32_t number, const Arguments& arguments = {}) {
  const auto program = compile(policy, Architecture::x86_64);
  return run_filter(program, make_call(AUDIT_ARCH_X86_64, number, arguments));
}

}  // namespace

TEST_CASE("the built-in programs answer every call as the table says") {
  for (const auto& [architecture, variant] : all_built_in()) {
    const auto program = standard_program(architecture, variant);
    const Policy policy = make_policy(architecture, variant);
    CHECK(program.size() < (variant.strict ? 520 : 300));
    for (std::uint32_t number = 0; number <= 600; ++number) check_number(program, policy, architecture, number);
    for (const std::uint32_t number : numbers_beyond()) check_number(program, policy, architecture, number);
  }
}

TEST_CASE("the built-in programs are what the compiler makes now") {
  for (const auto& [architecture, variant] : all_built_in()) {
    const auto built_in = standard_program(architecture, variant);
    const auto fresh = compile(make_policy(architecture, variant), architecture);
    REQUIRE(built_in.size() == fresh.size());
    CHECK(std::memcmp(built_in.data(), fresh.data(), fresh.size() * sizeof(sock_filter)) == 0);
  }
}

TEST_CASE("strict refuses whatever the default refuses") {
  for (const auto architecture : {Architecture::x86_64, Architecture::arm64}) {
    const auto strict = standard_program(architecture, {.strict = true});
    const auto standard = standard_program(architecture, {});
    const Policy strict_policy = make_policy(architecture, {.strict = true}), policy = make_policy(architecture, {});
    for (std::uint32_t number = 0; number <= 600; ++number) {
      INFO("call " << number << " " << call_name(architecture, number));
      auto arguments = arguments_for(policy, number);
      const auto more = arguments_for(strict_policy, number);
      arguments.insert(arguments.end(), more.begin(), more.end());
      CHECK(widened(standard, strict, architecture, number, arguments) == 0);
    }
  }
}

TEST_CASE("other architectures' entry points end the process") {
  for (const auto& [architecture, variant] : all_built_in()) {
    const auto program = standard_program(architecture, variant);
    for (const std::uint32_t arch : {std::uint32_t{AUDIT_ARCH_I386}, std::uint32_t{AUDIT_ARCH_ARM},
                                     std::uint32_t{AUDIT_ARCH_X86_64}, std::uint32_t{AUDIT_ARCH_AARCH64}, 0u}) {
      if (arch == audit_arch(architecture)) continue;
      for (std::uint32_t number = 0; number <= 600; ++number) {
        REQUIRE(run_filter(program, make_call(arch, number)) == SECCOMP_RET_KILL_PROCESS);
      }
    }
  }
}

TEST_CASE("x32's numbers are unknown calls") {
  const auto program = standard_program(Architecture::x86_64, {});
  for (std::uint32_t number = 0; number <= 600; ++number) {
    REQUIRE(run_filter(program, make_call(AUDIT_ARCH_X86_64, 0x40000000 + number)) == refused_with(ENOSYS));
  }
}

TEST_CASE("an argument is compared on the bits of its mask") {
  Policy policy;
  policy.calls[5] = {{{{{0, 0xffffffff, 7}}, refuse_call(EPERM)}}, allow_call};
  policy.calls[6] = {{{{{1, ~0ull, 7}}, refuse_call(EPERM)}}, allow_call};
  policy.calls[7] = {{{{{2, 0xff00000000, 0x1200000000}}, refuse_call(EPERM)}}, allow_call};
  policy.calls[8] = {{{{{3, 0, 0}}, refuse_call(EPERM)}}, allow_call};
  CHECK(answer(policy, 5, {7}) == refused_with(EPERM));
  CHECK(answer(policy, 5, {0xabc00000007}) == refused_with(EPERM));
  CHECK(answer(policy, 5, {8}) == SECCOMP_RET_ALLOW);
  CHECK(answer(policy, 6, {0, 7}) == refused_with(EPERM));
  CHECK(answer(policy, 6, {0, 0x100000007}) == SECCOMP_RET_ALLOW);
  CHECK(answer(policy, 7, {0, 0, 0x3412abcdef01}) == refused_with(EPERM));
  CHECK(answer(policy, 7, {0, 0, 0x341300000000}) == SECCOMP_RET_ALLOW);
  CHECK(answer(policy, 8) == refused_with(EPERM));
}

TEST_CASE("a range at either end of the numbers keeps its own rule") {
  Policy policy;
  policy.calls[0] = {{}, allow_call};
  policy.calls[0xffffffff] = {{}, refuse_call(EACCES)};
  CHECK(answer(policy, 0) == SECCOMP_RET_ALLOW);
  CHECK(answer(policy, 1) == refused_with(ENOSYS));
  CHECK(answer(policy, 0xfffffffe) == refused_with(ENOSYS));
  CHECK(answer(policy, 0xffffffff) == refused_with(EACCES));
}

TEST_CASE("rules farther apart than a jump reaches are still found") {
  Policy policy;
  std::mt19937_64 random(7);
  for (std::uint32_t number = 0; number < 400; ++number) {
    CallRule& rule = policy.calls[number];
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t mask = i == 1 ? ~0ull : random();
      rule.clauses.push_back(
          {{{i, mask, random() & mask, random() % 2 == 0}}, refuse_call(1 + static_cast<int>(number % 130))});
    }
    rule.otherwise = number % 2 == 0 ? allow_call : kill_process;
  }
  const auto program = compile(policy, Architecture::x86_64);
  CHECK(program.size() > 2000);
  for (std::uint32_t number = 0; number < 410; ++number) check_number(program, policy, Architecture::x86_64, number);
}

TEST_CASE("calls with equal rules share their code") {
  Policy one, two;
  one.calls[3] = two.calls[3] = two.calls[90] = {{{{{0, 0xffffffff, 7}}, allow_call}}, refuse_call(EPERM)};
  CHECK(compile(two, Architecture::x86_64).size() - compile(one, Architecture::x86_64).size() <= 2);
}
