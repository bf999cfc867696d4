#include "plan/likely.h"

#include <algorithm>
#include <string_view>

#include "base/paths.h"
#include "plan/layout.h"

namespace snug {
namespace {

/// Fewer are bound before a guess could be compared.
constexpr std::size_t least_entries = 64;

/// Where other entries of nearly every view lie: what is listed below them is bound over those, in their turn.
constexpr std::string_view crowded[] = {"/usr", "/bin", "/sbin", "/lib",  "/lib32", "/lib64", "/opt",
                                        "/nix", "/gnu", "/etc",  "/proc", "/dev",   "/sys",   "/run"};

bool stands_alone(std::string_view path, const Request& request) {
  const auto below = [&](std::string_view place) { return !place.empty() && is_below(path, place); };
  return std::none_of(std::begin(crowded), std::end(crowded), below) && !below(request.caller.home) &&
         !below(request.project.path) && !is_below(request.project.path, path);
}

bool is_plain(const PathEntry& entry) {
  return !entry.optional && entry.path.starts_with('/') && entry.path != "/" && normalise(entry.path) == entry.path;
}

}  // namespace

std::vector<ViewEntry> likely_binds(const Profile& profile, const Request& request) {
  if (profile.filesystem.read.size() < least_entries) return {};
  std::vector<std::string_view> paths;
  paths.reserve(profile.filesystem.read.size());
  for (const PathEntry& entry : profile.filesystem.read) {
    if (is_plain(entry) && stands_alone(entry.path, request)) paths.push_back(entry.path);
  }
  std::sort(paths.begin(), paths.end(), TreeOrder());
  std::vector<ViewEntry> binds;
  binds.reserve(paths.size());
  for (const std::string_view path : paths) {
    if (!binds.empty() && is_below(path, binds.back().target)) continue;  // what is around it comes first
    binds.push_back({.target = std::string(path), .what = Bind{.source = std::string(path)}, .ahead = true});
  }
  return binds;
}

bool confirm_likely(ViewEntry& entry, HostFiles& host) {
  const Resolved real = host.resolve(entry.target);
  if (!real.directory() && real.status.kind != FileKind::regular) return false;
  std::get<Bind>(entry.what).directory = real.directory();
  return real.path == entry.target && real.links.empty();
}

}  // namespace snug
