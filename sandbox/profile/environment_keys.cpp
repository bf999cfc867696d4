// [environment].
#include "profile/bytes.h"
#include "profile/schema.h"
#include "profile/values.h"

namespace snug {
namespace {

// A later document wins variable by variable.
void read_set(const Field& field, EnvironmentSection& environment) {
  if (!field.expect_table()) return;
  for (const Member& member : field.value().members) {
    const Field value = field.member(member);
    const std::string name = utf8_to_bytes(member.key);
    if (!check_variable_name(field.item(member.value), name)) continue;
    if (std::optional<std::string> text = value.text()) environment.set[name] = {std::move(*text), value.origin()};
  }
}

constexpr Key<EnvironmentSection> rows[] = {
    {"pass", list<&EnvironmentSection::pass, sourced<variable_name>>},
    {"set", read_set},
    {"unset", list<&EnvironmentSection::unset, sourced<variable_name>>},
    {"path", list<&EnvironmentSection::path, path_entry>},
};

}  // namespace

constinit const Keys<EnvironmentSection> environment_keys = rows;

}  // namespace snug
