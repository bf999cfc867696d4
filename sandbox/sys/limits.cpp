#include "sys/limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <iterator>

namespace snug {
namespace {

struct ResourceRow {
  std::string_view name;
  std::uint32_t resource;
};

constexpr ResourceRow resources[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

std::uint64_t number_of(rlim_t limit) { return limit == RLIM_INFINITY ? unlimited : limit; }

}  // namespace

std::optional<std::uint32_t> resource_named(std::string_view name) {
  const auto* const row = std::ranges::find(resources, name, &ResourceRow::name);
  return row == std::end(resources) ? std::nullopt : std::optional(row->resource);
}

ProcessLimit own_limit(std::uint32_t resource) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return {};
  return {.soft = number_of(limit.rlim_cur), .hard = number_of(limit.rlim_max)};
}

}  // namespace snug
