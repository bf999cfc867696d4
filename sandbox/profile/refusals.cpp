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

const Origin& origin_of(const auto& element) { return element.origin; }

/// One refusal a key, at its first element.
void refuse_list(Refusals& refusals, const auto& list, std::string_view key, std::string_view advice) {
  if (!list.empty()) refuse_key(refusals, origin_of(list.front()), key, advice);
}

void refuse_if_set(Refusals& refusals, const auto& limit, std::string_view key, std::string_view advice) {
  if (limit) refuse_key(refusals, limit->origin, key, advice);
}

void refuse_promises(Refusals& refusals, const Profile& profile) {
  for (const Sourced<std::string>& promise : profile.require) {
    const bool kept = promise.value == "filesystem" || promise.value == "network" ||
                      promise.value == "limits.timeout" || promise.value == "limits.rlimit";
    if (kept) continue;
    refuse(refusals, promise.origin,
           "require: " + quote_for_display(promise.value) +
               " cannot be promised by this version, which does not enforce it yet");
  }
}

void refuse_subids(Refusals& refusals, const Profile& profile) {
  if (profile.subids.value == SubidMode::none) return;
  refuse_key(refusals, profile.subids.origin, "subids = \"auto\"", "write subids = \"none\"");
}

void refuse_limits(Refusals& refusals, const LimitsSection& limits) {
  refuse_if_set(refusals, limits.memory, "limits.memory", "remove it; limits.rlimit.as bounds each process");
  refuse_if_set(refusals, limits.processes, "limits.processes",
                "remove it; limits.rlimit.nproc bounds your user's processes");
  refuse_if_set(refusals, limits.cpus, "limits.cpus", "remove it; limits.rlimit.cpu bounds each process's time");
}

auto place(const Diagnostic& one) { return std::tie(one.file, one.line, one.column); }

void sort_by_place(std::vector<Diagnostic>& all) {
  std::ranges::stable_sort(all, [](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

}  // namespace

std::vector<Diagnostic> unenforceable_keys(const Profile& profile) {
  Refusals refusals;
  refuse_promises(refusals, profile);
  refuse_subids(refusals, profile);
  refuse_limits(refusals, profile.limits);
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
