// What this version reads but cannot enforce yet. A step goes away with the release that does it.
#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/quote.h"
#include "profile/field.h"
#include "profile/load.h"

namespace snug {
namespace {

using Refusals = std::vector<Diagnostic>;

void refuse(Refusals& refusals, const Origin& origin, std::string message) {
  refusals.push_back(diagnostic_at(origin, std::move(message)));
}

/// "KEY is not in this version yet; ADVICE"
void refuse_key(Refusals& refusals, const Origin& origin, std::string_view key, std::string_view advice) {
  refuse(refusals, origin, std::string(key).append(" is not in this version yet; ").append(advice));
}

void refuse_subids(Refusals& refusals, const Profile& profile) {
  if (profile.subids.value == SubidMode::none) return;
  refuse_key(refusals, profile.subids.origin, "subids = \"auto\"", "write subids = \"none\"");
}

auto place(const Diagnostic& one) { return std::tie(one.file, one.line, one.column); }

void sort_by_place(std::vector<Diagnostic>& all) {
  std::ranges::stable_sort(all, [](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

}  // namespace

std::vector<Diagnostic> unenforceable_keys(const Profile& profile) {
  Refusals refusals;
  refuse_subids(refusals, profile);
  sort_by_place(refusals);
  return refusals;
}

void add_mistakes(std::vector<Diagnostic>& all, std::vector<Diagnostic> more) {
  std::erase_if(more, [&](const Diagnostic& one) {
    return std::ranges::any_of(all, [&](const Diagnostic& other) { return place(other) == place(one); });
  });
  std::ranges::move(more, std::back_inserter(all));
  sort_by_place(all);
}

std::vector<Diagnostic> all_mistakes(const LoadOutcome& outcome) {
  std::vector<Diagnostic> all = outcome.diagnostics;
  add_mistakes(all, unenforceable_keys(outcome.profile));
  return all;
}

}  // namespace snug
