// [limits], [namespaces] and [changes].
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/quote.h"
#include "base/suggest.h"
#include "profile/bytes.h"
#include "profile/schema.h"
#include "profile/values.h"

namespace snug {
namespace {

// --- [limits] -------------------------------------------------------------------------------------------

std::optional<double> cpus(const Field& field) {
  const std::optional<double> number = field.number();
  if (!number) return {};
  if (!std::isfinite(*number) || *number <= 0) return field.fail("must be more than 0"), std::nullopt;
  return number;
}

const RlimitName* find_rlimit(std::string_view name) {
  const RlimitName* const found = std::ranges::find(rlimit_names, name, &RlimitName::name);
  return found == std::end(rlimit_names) ? nullptr : found;
}

void fail_rlimit(const Field& table, const Member& member) {
  std::vector<std::string_view> known;
  for (const RlimitName& limit : rlimit_names) known.push_back(limit.name);
  fail_unknown_key(table, member, known);
}

std::optional<std::uint64_t> time_limit(const Field& field, std::chrono::nanoseconds unit) {
  if (field.is(Value::Type::integer)) return field.integer(0, std::numeric_limits<std::int64_t>::max());
  const std::optional<std::chrono::nanoseconds> length = duration(field);
  if (!length) return {};
  if (length->count() < 0) return field.fail("cannot be negative"), std::nullopt;
  // Rounded up: half a second must not become none.
  const std::int64_t parts = length->count() / unit.count() + (length->count() % unit.count() != 0 ? 1 : 0);
  return static_cast<std::uint64_t>(parts);
}

std::optional<std::uint64_t> rlimit_value(const Field& field, RlimitCounts counts) {
  using namespace std::chrono_literals;
  const bool unlimited = field.is(Value::Type::text) && field.value().text == "unlimited";
  if (unlimited) return std::numeric_limits<std::uint64_t>::max();  // RLIM_INFINITY
  switch (counts) {
    case RlimitCounts::bytes:
      return size(field);
    case RlimitCounts::seconds:
      return time_limit(field, 1s);
    case RlimitCounts::microseconds:
      return time_limit(field, 1us);
    case RlimitCounts::things:
      break;
  }
  return field.integer(0, std::numeric_limits<std::int64_t>::max());
}

// A later document wins limit by limit.
void put(std::vector<LimitsSection::Rlimit>& limits, LimitsSection::Rlimit limit) {
  const auto same = std::ranges::find(limits, limit.name, &LimitsSection::Rlimit::name);
  if (same == limits.end()) {
    limits.push_back(std::move(limit));
  } else {
    *same = std::move(limit);
  }
}

void read_rlimit(const Field& field, LimitsSection& limits) {
  if (!field.expect_table()) return;
  for (const Member& member : field.value().members) {
    const RlimitName* const name = find_rlimit(member.key);
    if (!name) {
      fail_rlimit(field, member);
      continue;
    }
    const Field value = field.member(member);
    if (const auto number = rlimit_value(value, name->counts)) {
      put(limits.rlimits, {std::string(name->name), *number, value.origin()});
    }
  }
}

constexpr Key<LimitsSection> limits_rows[] = {
    {"memory", scalar<&LimitsSection::memory, size_above_zero>},
    {"processes", scalar<&LimitsSection::processes, count_above_zero>},
    {"cpus", scalar<&LimitsSection::cpus, cpus>},
    {"disk", scalar<&LimitsSection::disk, size_above_zero>},
    {"timeout", scalar<&LimitsSection::timeout, duration_above_zero>},
    {"rlimit", read_rlimit},
};

// --- [namespaces] ---------------------------------------------------------------------------------------

constexpr Key<NamespacesSection> time_rows[] = {
    {"monotonic", scalar<&NamespacesSection::monotonic, duration>},
    {"boottime", scalar<&NamespacesSection::boottime, duration>},
};
constinit const Keys<NamespacesSection> time_keys = time_rows;

constexpr Key<NamespacesSection> namespaces_rows[] = {
    {"time", group<time_keys>, inner_keys<time_keys>},
};

// --- [changes] ------------------------------------------------------------------------------------------

constexpr Key<ChangesSection> changes_rows[] = {
    {"on-success", scalar<&ChangesSection::on_success, one_of<end_words>>},
    {"on-failure", scalar<&ChangesSection::on_failure, one_of<end_words>>},
};

}  // namespace

constinit const Keys<LimitsSection> limits_keys = limits_rows;
constinit const Keys<NamespacesSection> namespaces_keys = namespaces_rows;
constinit const Keys<ChangesSection> changes_keys = changes_rows;

}  // namespace snug
