// Where the changes to an overlaid project go.
#include "plan/captures.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/paths.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "plan/planner.h"

namespace snug {
namespace {

// 0 for what is no number of ours.
std::uint32_t number_in(std::string_view name) {
  std::uint32_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, problem] = std::from_chars(name.data(), end, number);
  return problem == std::errc{} && stop == end ? number : 0;
}

bool are_thrown_away(const ChangesSection& changes) {
  return changes.on_success.value == OnEnd::discard && changes.on_failure.value == OnEnd::discard;
}

bool is_name(std::string_view name) {
  return !name.empty() && !name.starts_with('.') && name.find('/') == std::string_view::npos;
}

/// The name to go on with, or a new one; "" after a failure.
std::string choose_name(Planner& planner, const std::string& directory) {
  const std::string& onto = planner.request.onto;
  if (onto.empty()) return next_capture_name(planner.host.list(directory));
  if (is_name(onto) && planner.host.status(join(directory, onto)).kind == FileKind::directory) return onto;
  planner.fail("no capture " + quote_for_display(onto) + " of this project", planner.plan.project_mode.origin, "",
               "snug diff --list");
  return "";
}

std::vector<std::string> protected_patterns(const Planner& planner) {
  std::vector<std::string> patterns;
  for (const PathEntry& entry : planner.profile.filesystem.protect) {
    std::string pattern = entry.path.starts_with("./") ? entry.path.substr(2) : entry.path;
    if (!pattern.starts_with('/') && !pattern.starts_with('~')) patterns.push_back(std::move(pattern));
  }
  return patterns;
}

}  // namespace

std::string captures_in(const std::string& state_directory) { return join(state_directory, "captures"); }

std::string captures_of(const std::string& state_directory, const std::string& project) {
  return join(captures_in(state_directory), readable_name(project) + "-" + sha256_hex(project).substr(0, 32));
}

std::string next_capture_name(const std::vector<std::string>& names) {
  std::uint32_t highest = 0;
  for (const std::string& name : names) highest = std::max(highest, number_in(name));
  return std::to_string(highest + 1);
}

LayerLife plan_capture(Planner& planner) {
  const ChangesSection& changes = planner.profile.changes;
  if (are_thrown_away(changes)) return LayerLife::scratch;
  const std::string directory = captures_of(planner.state_dir, planner.plan.project);
  const std::string name = choose_name(planner, directory);
  planner.plan.capture = CapturePlan{.directory = join(directory, name),
                                     .protect = protected_patterns(planner),
                                     .on_success = changes.on_success,
                                     .on_failure = changes.on_failure};
  return LayerLife::captured;
}

}  // namespace snug
