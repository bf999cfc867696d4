#include "seccomp/compile.h"

#include <linux/seccomp.h>

#include <bit>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

namespace snug {
namespace {

static_assert(std::endian::native == std::endian::little, "the halves of an argument are where little endian has them");

constexpr std::uint32_t number_offset = offsetof(seccomp_data, nr);
constexpr std::uint32_t arch_offset = offsetof(seccomp_data, arch);

std::uint32_t low_half(int argument) { return offsetof(seccomp_data, args) + 8 * static_cast<std::uint32_t>(argument); }
std::uint32_t high_half(int argument) { return low_half(argument) + 4; }

/// An instruction, counted from the end of the program.
using Place = std::size_t;

/// Writes the program from its end to its start, so that every jump goes to a place already known. Equal instructions
/// with equal ways on are one: two calls with the same rule share its code.
class Assembler {
 public:
  Place answer(std::uint32_t value) { return shared(BPF_RET | BPF_K, value, 0, 0); }
  Place load(std::uint32_t offset, Place next) { return shared(BPF_LD | BPF_W | BPF_ABS, offset, next, next); }
  Place keep_bits(std::uint32_t mask, Place next) { return shared(BPF_ALU | BPF_AND | BPF_K, mask, next, next); }
  Place branch(std::uint16_t test, std::uint32_t value, Place yes, Place no) {
    return yes == no ? yes : shared(BPF_JMP | test | BPF_K, value, yes, no);
  }
  std::vector<sock_filter> finish(Place start);

 private:
  Place shared(int code, std::uint32_t k, Place yes, Place no);
  Place write(std::uint16_t code, std::uint32_t k, Place yes, Place no);
  Place add(sock_filter instruction);
  Place jump(Place to) { return add({.code = BPF_JMP | BPF_JA, .jt = 0, .jf = 0, .k = distance(to)}); }
  Place within_reach(Place to);
  void fall_through_to(Place next);
  std::uint32_t distance(Place to) const { return static_cast<std::uint32_t>(reversed_.size() - to - 1); }

  std::vector<sock_filter> reversed_;
  std::map<std::tuple<int, std::uint32_t, Place, Place>, Place> known_;
};

Place Assembler::add(sock_filter instruction) {
  reversed_.push_back(instruction);
  return reversed_.size() - 1;
}

Place Assembler::shared(int code, std::uint32_t k, Place yes, Place no) {
  const std::tuple key{code, k, yes, no};
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  return known_[key] = write(static_cast<std::uint16_t>(code), k, yes, no);
}

Place Assembler::write(std::uint16_t code, std::uint32_t k, Place yes, Place no) {
  if (BPF_CLASS(code) == BPF_JMP) {
    yes = within_reach(yes);
    no = within_reach(no);
    return add({code, static_cast<std::uint8_t>(distance(yes)), static_cast<std::uint8_t>(distance(no)), k});
  }
  if (BPF_CLASS(code) != BPF_RET) fall_through_to(yes);
  return add({code, 0, 0, k});
}

// A conditional jump reaches 255 instructions; 254 leaves room for the jump the other way may need.
Place Assembler::within_reach(Place to) { return distance(to) > 254 ? jump(to) : to; }

void Assembler::fall_through_to(Place next) {
  if (distance(next) > 0) jump(next);
}

std::vector<sock_filter> Assembler::finish(Place start) {
  fall_through_to(start);
  return {reversed_.rbegin(), reversed_.rend()};
}

/// Where a piece of code starts. With `word` already in the accumulator it may be entered at `loaded`, past its load.
struct Code {
  Place start = 0;
  std::uint32_t word = ~std::uint32_t{0};
  Place loaded = 0;

  Place entry(std::uint32_t held) const { return held == word ? loaded : start; }
  bool operator==(const Code&) const = default;
};

std::uint32_t answer_of(const Action& action) {
  switch (action.kind) {
    case Action::Kind::allow:
      return SECCOMP_RET_ALLOW;
    case Action::Kind::log:
      return SECCOMP_RET_LOG;
    case Action::Kind::error:
      return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(action.error) & SECCOMP_RET_DATA);
    case Action::Kind::report:
      return SECCOMP_RET_USER_NOTIF;
    case Action::Kind::kill:
      break;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

Code code_for(Assembler& out, const Action& action) { return {.start = out.answer(answer_of(action))}; }

Code code_for_word(Assembler& out, std::uint32_t word, std::uint32_t mask, std::uint32_t value, Code yes, Code no) {
  Place test;
  if (mask == ~std::uint32_t{0}) {
    test = out.branch(BPF_JEQ, value, yes.entry(word), no.entry(word));
  } else if (value == 0) {
    test = out.branch(BPF_JSET, mask, no.entry(word), yes.entry(word));
  } else {
    test = out.keep_bits(mask, out.branch(BPF_JEQ, value, yes.start, no.start));  // the word itself is gone
  }
  return {out.load(word, test), word, test};
}

Code code_for(Assembler& out, const Test& test, Code yes, Code no) {
  if (!test.equal) std::swap(yes, no);
  const auto low = static_cast<std::uint32_t>(test.mask), high = static_cast<std::uint32_t>(test.mask >> 32);
  Code code = yes;
  if (high)
    code = code_for_word(out, high_half(test.argument), high, static_cast<std::uint32_t>(test.value >> 32), code, no);
  if (low) code = code_for_word(out, low_half(test.argument), low, static_cast<std::uint32_t>(test.value), code, no);
  return code;
}

Code code_for(Assembler& out, const Clause& clause, Code next) {
  Code code = code_for(out, clause.action);
  for (auto test = clause.tests.rbegin(); test != clause.tests.rend(); ++test) code = code_for(out, *test, code, next);
  return code;
}

Place code_for(Assembler& out, const CallRule& rule) {
  Code code = code_for(out, rule.otherwise);
  for (auto clause = rule.clauses.rbegin(); clause != rule.clauses.rend(); ++clause)
    code = code_for(out, *clause, code);
  return code.start;
}

/// Calls from `first` up to the next range's, all answered by the code at `place`.
struct Range {
  std::uint32_t first = 0;
  Place place = 0;
};

void append(std::vector<Range>& ranges, Range range) {
  if (!ranges.empty() && ranges.back().first == range.first) ranges.pop_back();
  if (ranges.empty() || ranges.back().place != range.place) ranges.push_back(range);
}

std::vector<Range> ranges_of(Assembler& out, const Policy& policy) {
  const Place otherwise = code_for(out, policy.otherwise).start;
  std::vector<Range> ranges{{0, otherwise}};
  for (const auto& [number, rule] : policy.calls) {
    append(ranges, {number, code_for(out, rule)});
    if (number != ~std::uint32_t{0}) append(ranges, {number + 1, otherwise});
  }
  return ranges;
}

// One call amid others that share an answer: a test for equality does the work of two for order.
bool is_exception(std::span<const Range> ranges) {
  return ranges.size() == 3 && ranges[0].place == ranges[2].place && ranges[2].first - ranges[1].first == 1;
}

Place search(Assembler& out, std::span<const Range> ranges) {
  if (ranges.size() == 1) return ranges[0].place;
  if (is_exception(ranges)) return out.branch(BPF_JEQ, ranges[1].first, ranges[1].place, ranges[0].place);
  const std::size_t middle = ranges.size() / 2;
  const Place upper = search(out, ranges.subspan(middle));
  const Place lower = search(out, ranges.first(middle));
  return out.branch(BPF_JGE, ranges[middle].first, upper, lower);
}

}  // namespace

std::vector<sock_filter> compile(const Policy& policy, Architecture architecture) {
  Assembler out;
  const Place foreign = out.answer(answer_of(kill_process));
  const std::vector<Range> ranges = ranges_of(out, policy);
  const Place native = out.load(number_offset, search(out, ranges));
  const Place start = out.branch(BPF_JEQ, audit_arch(architecture), native, foreign);
  return out.finish(out.load(arch_offset, start));
}

}  // namespace snug
