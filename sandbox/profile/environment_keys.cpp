// [environment].
#include <algorithm>

#include "base/quote.h"
#include "profile/bytes.h"
#include "profile/schema.h"
#include "profile/values.h"

namespace snug {
namespace {

// What the planner keeps to itself must be a mistake here, or it would be ignored without a word.

/// Programs tell by these that they are inside.
constexpr std::string_view own_names[] = {"SNUG_PROFILE", "container"};
/// Their values name places of the host.
constexpr std::string_view never_passed[] = {"LD_LIBRARY_PATH", "LD_PRELOAD", "OLDPWD", "TMPDIR", "XDG_RUNTIME_DIR"};

bool check_not_own(const Field& field, std::string_view name) {
  if (std::ranges::find(own_names, name) == std::end(own_names)) return true;
  field.fail(quote_for_display(name) + " is set by snug itself and stays as it is");
  return false;
}

std::optional<std::string> passed_name(const Field& field) {
  std::optional<std::string> name = field.text("*");
  if (name && !check_variable_name(field, *name)) return {};
  if (!name || std::ranges::find(never_passed, *name) == std::end(never_passed)) return name;
  field.fail(quote_for_display(*name) +
             " names a place of the host and is never passed on; give it a value in environment.set");
  return {};
}

std::optional<std::string> unset_name(const Field& field) {
  std::optional<std::string> name = variable_name(field);
  return name && check_not_own(field, *name) ? name : std::nullopt;
}

// A later document wins variable by variable.
void read_set(const Field& field, EnvironmentSection& environment) {
  if (!field.expect_table()) return;
  for (const Member& member : field.value().members) {
    const Field value = field.member(member);
    const std::string name = utf8_to_bytes(member.key);
    const Field at_value = field.item(member.value);
    if (!check_variable_name(at_value, name) || !check_not_own(at_value, name)) continue;
    if (std::optional<std::string> text = value.text()) environment.set[name] = {std::move(*text), value.origin()};
  }
}

constexpr Key<EnvironmentSection> rows[] = {
    {"pass", list<&EnvironmentSection::pass, sourced<passed_name>>},
    {"set", read_set},
    {"unset", list<&EnvironmentSection::unset, sourced<unset_name>>},
    {"path", list<&EnvironmentSection::path, path_entry>},
};

}  // namespace

constinit const Keys<EnvironmentSection> environment_keys = rows;

}  // namespace snug
