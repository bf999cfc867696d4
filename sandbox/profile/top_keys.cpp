// The keys at the top of a profile, and the list of its tables.
#include <limits>

#include "base/numbers.h"
#include "base/quote.h"
#include "profile/bytes.h"
#include "profile/schema.h"
#include "profile/values.h"
#include "profile/variables.h"

namespace snug {
namespace {

// What it leads to has been laid already, see closure.h; an option comes too late for that.
void read_extends(const Field& field, Profile& profile) {
  if (field.source().origin.kind == OriginKind::option) {
    return field.fail("an option cannot say what a profile is built on; name the profile with -p");
  }
  if (!field.is(Value::Type::list)) return field.fail_type("a list");
  for (const Value& value : field.value().items) {
    const Field item = field.item(value);
    if (!item.is(Value::Type::text)) item.fail_type("text in quotes");
    if (item.is(Value::Type::text)) profile.extends.push_back({utf8_to_bytes(value.text), item.origin()});
  }
}

std::optional<Sourced<std::string>> promise(const Field& field) {
  const auto name = one_of<promise_words>(field);
  if (!name) return {};
  return Sourced<std::string>{std::string(*name), field.origin()};
}

void read_version(const Field& field, Profile&) {
  const std::optional<std::int64_t> version = field.integer(1, std::numeric_limits<std::int32_t>::max());
  if (!version || *version == profile_version) return;
  field.fail("this profile is written for format " + std::to_string(*version) + ", this snug reads format " +
             std::to_string(profile_version) + "; use a newer snug");
}

// The command and its arguments: one value as a whole, so a later profile's words do not follow an earlier one's.
std::optional<std::vector<std::string>> words(const Field& field) {
  if (!field.is(Value::Type::list)) return field.fail_type("a list"), std::nullopt;
  std::vector<std::string> words;
  for (const Value& value : field.value().items) {
    std::optional<std::string> word = field.item(value).text();
    if (!word) return {};
    words.push_back(std::move(*word));
  }
  if (words.empty() || words[0].empty()) return field.fail("names no program; write [\"bash\"]"), std::nullopt;
  return words;
}

std::optional<UserChoice> user_number(const Field& field, std::string_view digits) {
  const auto number = whole_number<std::uint32_t>(digits);
  // The largest number is the kernel's "no id" (-1).
  const bool good = number && *number != std::numeric_limits<std::uint32_t>::max();
  if (good) return UserChoice{UserChoice::Kind::number, *number};
  field.fail(quote_for_display(digits) +
             " is not known; write \"self\", \"root\", \"host-root\" or a number up to 4294967294");
  return {};
}

std::optional<UserChoice> user_choice(const Field& field) {
  if (field.is(Value::Type::integer)) return user_number(field, std::to_string(field.value().integer));
  const std::optional<std::string> text = field.text();
  if (!text) return {};
  if (*text == "self") return UserChoice{UserChoice::Kind::self};
  if (*text == "root") return UserChoice{UserChoice::Kind::root};
  if (*text == "host-root") return UserChoice{UserChoice::Kind::host_root};
  return user_number(field, *text);
}

bool check_defined_name(const Field& value, std::string_view name) {
  if (is_known_variable(name)) return value.fail("this name is one of snug's own variables; take another"), false;
  if (is_variable_name(name)) return true;
  value.fail("is no name of a variable; use letters, digits, \"-\" and \"_\"");
  return false;
}

// All documents' have been collected already: a variable may be used before it is defined. Of two definitions only the
// one that counts is looked into.
void read_vars(const Field& field, Profile& profile) {
  if (!field.expect_table()) return;
  for (const Member& member : field.value().members) {
    const Field value = field.member(member);
    if (!check_defined_name(value, member.key)) continue;
    if (!value.is(Value::Type::text)) {
      value.fail_type("text in quotes");
    } else if (field.source().variables->counts(member.key, value.origin())) {
      if (auto text = value.text()) profile.vars[member.key] = {std::move(*text), value.origin()};
    }
  }
}

constexpr Key<Profile> rows[] = {
    {"version", read_version},
    {"extends", read_extends},
    {"description", plain<&Profile::description, text>},
    {"require", list<&Profile::require, promise>},
    {"hostname", scalar<&Profile::hostname, hostname>},
    {"shell", scalar<&Profile::shell, words>},
    {"workdir", plain<&Profile::workdir, plain_path_entry>},
    {"user", scalar<&Profile::user, user_choice>},
    {"subids", scalar<&Profile::subids, one_of<subid_words>>},
    {"toolchains", scalar<&Profile::toolchains, one_of<toolchain_words>>},
    {"nested", scalar<&Profile::nested, boolean>},
    {"vars", read_vars},
    {"filesystem", section<&Profile::filesystem, filesystem_keys>, inner_keys<filesystem_keys>},
    {"network", section<&Profile::network, network_keys>, inner_keys<network_keys>},
    {"environment", section<&Profile::environment, environment_keys>, inner_keys<environment_keys>},
    {"seccomp", section<&Profile::seccomp, seccomp_keys>, inner_keys<seccomp_keys>},
    {"limits", section<&Profile::limits, limits_keys>, inner_keys<limits_keys>},
    {"namespaces", section<&Profile::namespaces, namespaces_keys>, inner_keys<namespaces_keys>},
    {"changes", section<&Profile::changes, changes_keys>, inner_keys<changes_keys>},
};

}  // namespace

constinit const Keys<Profile> profile_keys = rows;

KeyNames all_keys() {
  KeyNames names;
  list_keys(profile_keys, "", names);
  return names;
}

}  // namespace snug
