#include "launch/prologue.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "launch/compile.h"
#include "plan/layout.h"
#include "plan/usual.h"

namespace snug {
namespace {

using spec::Op;
using spec::Step;

// What a file is filled with may hold zeros.
std::string_view content_of(const Step& step, const SpecMemory& memory) {
  const bool counted = step.op == Op::make_file || step.op == Op::write_text;
  return counted ? std::string_view(memory.text(step.text2), step.arg2) : std::string_view(memory.text(step.text2));
}

bool equal(const Step& a, const Step& b, const SpecMemory& memory) {
  return a.op == b.op && a.flags == b.flags && a.r == b.r && a.at == b.at && a.arg == b.arg && a.arg2 == b.arg2 &&
         a.skip == b.skip && std::string_view(memory.text(a.text)) == memory.text(b.text) &&
         content_of(a, memory) == content_of(b, memory);
}

}  // namespace

void write_prologue(std::uint32_t uid, std::vector<ViewEntry> likely, const std::function<bool(ViewEntry&)>& confirm,
                    const std::function<void()>& some_ready, SpecMemory& memory) {
  Plan guess;
  std::vector<ViewEntry> usual = usual_view(uid);
  std::merge(std::make_move_iterator(usual.begin()), std::make_move_iterator(usual.end()),
             std::make_move_iterator(likely.begin()), std::make_move_iterator(likely.end()),
             std::back_inserter(guess.view),
             [](const ViewEntry& a, const ViewEntry& b) { return TreeOrder()(a.target, b.target); });
  const CompileInput input{.plan = guess, .stdio = {}, .pty = {}, .copy = {}, .prepared = {}};
  Compilation(input, memory).write_prologue([&](std::size_t i) { return confirm(guess.view[i]); }, some_ready);
}

bool begins_with_prologue(const SpecMemory& memory) {
  const auto prologue = memory.steps(memory.header()->prologue);
  const auto plan = memory.steps(memory.header()->plan);
  return prologue.size() <= plan.size() &&
         std::equal(prologue.begin(), prologue.end(), plan.begin(),
                    [&](const Step& a, const Step& b) { return equal(a, b, memory); });
}

}  // namespace snug
