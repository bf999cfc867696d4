#include <algorithm>
#include <iterator>
#include <tuple>

#include "profile/load.h"

namespace snug {
namespace {

auto place(const Diagnostic& one) { return std::tie(one.file, one.line, one.column); }

}  // namespace

void add_mistakes(std::vector<Diagnostic>& all, std::vector<Diagnostic> more) {
  std::erase_if(more, [&](const Diagnostic& one) {
    return std::ranges::any_of(all, [&](const Diagnostic& other) { return place(other) == place(one); });
  });
  std::ranges::move(more, std::back_inserter(all));
  std::ranges::stable_sort(all, [](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

}  // namespace snug
