#include "profile/keys.h"

#include <algorithm>
#include <array>

#include "base/quote.h"
#include "base/suggest.h"
#include "profile/bytes.h"
#include "profile/schema.h"

namespace snug {
namespace {

// "project" at the top is meant for [filesystem].
std::string same_name_elsewhere(std::string_view name) {
  const std::string ending = "." + std::string(name);
  for (const std::string& key : all_keys()) {
    if (key.ends_with(ending)) return key;
  }
  return {};
}

std::string suggestion(std::string_view name, std::span<const std::string_view> known) {
  const std::string_view near = nearest_word(name, known);
  return near.empty() ? same_name_elsewhere(name) : std::string(near);
}

// { replace = [...] }, and nothing else.
const Member* replacement(const Field& field) {
  const Member* found = nullptr;
  for (const Member& member : field.value().members) {
    if (member.key == "replace") found = &member;
  }
  return found;
}

void fail_beside_replacement(const Field& field) {
  for (const Member& member : field.value().members) {
    if (member.key != "replace") fail_unknown_key(field, member, std::array<std::string_view, 1>{"replace"});
  }
}

void add_items(const Field& list, std::vector<Field>& items) {
  if (!list.is(Value::Type::list)) return list.fail_type("a list");
  items.reserve(list.value().items.size());
  for (const Value& value : list.value().items) items.push_back(list.item(value));
}

}  // namespace

void fail_unknown_key(const Field& table, const Member& member, std::span<const std::string_view> known) {
  std::string message = "unknown key " + quote_for_display(utf8_to_bytes(member.key));
  if (!table.key().empty()) message += " in " + escape_for_display(table.key());
  const std::string meant = suggestion(member.key, known);
  if (!meant.empty()) message += "; did you mean \"" + meant + "\"?";
  table.fail_at(member.at, std::move(message));
}

bool has_member(const Field& table, std::string_view name) {
  return std::ranges::any_of(table.value().members, [&](const Member& member) { return member.key == name; });
}

void fail_missing(const Field& table, std::string_view name) { table.fail("\"" + std::string(name) + "\" is missing"); }

bool stands_alone(const Field& field) {
  if (!field.appending()) return true;
  field.fail("is one value; nothing can be added to it");
  return false;
}

ListItems list_items(const Field& field) {
  ListItems given{.items = {}, .restart = field.source().lists == Source::Lists::replace};
  const Member* start = replacement(field);
  if (start != nullptr) {
    fail_beside_replacement(field);
    given.restart = true;
    add_items(field.member(*start), given.items);
  } else if (field.appending() && !field.is(Value::Type::list)) {
    given.items.push_back(field);
  } else {
    add_items(field, given.items);
  }
  return given;
}

}  // namespace snug
