#include "profile/keys.h"

#include <algorithm>

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

bool fail_replace(const Field& field) {
  for (const Member& member : field.value().members) {
    if (member.key != "replace") continue;
    field.member(member).fail("inheritance is not in this version yet, so there is no list to start over");
    return true;
  }
  return false;
}

bool is_removal(const Field& item) {
  if (!item.is(Value::Type::text) || !item.value().text.starts_with('!')) return false;
  item.fail(quote_for_display(utf8_to_bytes(item.value().text)) +
            ": inheritance is not in this version yet, so nothing can be taken out");
  return true;
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

std::vector<Field> list_items(const Field& field) {
  std::vector<Field> items;
  if (field.is(Value::Type::list)) {
    items.reserve(field.value().items.size());
    for (const Value& value : field.value().items) {
      const Field item = field.item(value);
      if (!is_removal(item)) items.push_back(item);
    }
  } else if (field.appending()) {
    if (!is_removal(field)) items.push_back(field);
  } else if (!fail_replace(field)) {
    field.fail_type("a list");
  }
  return items;
}

}  // namespace snug
