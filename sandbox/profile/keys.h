// Tables of keys. A row names a key and the function that reads it; a section of the schema is an array of rows, so
// that adding a key is adding a row. How list, scalar and table keys meet what earlier documents said is written here
// once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profile/field.h"
#include "profile/removal.h"

namespace snug {

using KeyNames = std::vector<std::string>;

template <class Section>
struct Key {
  std::string_view name;
  void (*read)(const Field&, Section&);
  void (*list_inner)(const std::string& prefix, KeyNames&) = nullptr;  ///< of a table: the keys in it
};

/// One section's rows. A class of its own so that it can be a template argument declared in one file and defined in
/// another.
template <class Section>
using Keys = std::span<const Key<Section>>;

/// Says that `member` of `table` is unknown, and which of `known` was meant, or which key elsewhere has that name.
void fail_unknown_key(const Field& table, const Member& member, std::span<const std::string_view> known);

template <class Section>
void read_table(const Field& table, Keys<Section> keys, Section& section) {
  if (!table.expect_table()) return;
  for (const Member& member : table.value().members) {
    const Key<Section>* row = nullptr;
    for (const Key<Section>& key : keys) {
      if (key.name == member.key) row = &key;
    }
    if (row) {
      row->read(table.member(member), section);
    } else if (!table.mistakes().full()) {
      std::vector<std::string_view> known;
      for (const Key<Section>& key : keys) known.push_back(key.name);
      fail_unknown_key(table, member, known);
    }
  }
}

template <class Section>
void list_keys(Keys<Section> keys, const std::string& prefix, KeyNames& names) {
  for (const Key<Section>& key : keys) {
    names.push_back(prefix + std::string(key.name));
    if (key.list_inner) key.list_inner(names.back() + ".", names);
  }
}

/// For Key::list_inner.
template <const auto& keys>
void inner_keys(const std::string& prefix, KeyNames& names) {
  list_keys(keys, prefix, names);
}

bool has_member(const Field& table, std::string_view name);

/// 'KEY: "name" is missing' at the table.
void fail_missing(const Field& table, std::string_view name);

// --- what a row's `read` can be ---------------------------------------------------------------------

/// A value that stands alone: fails if an option would add to it.
bool stands_alone(const Field& field);

/// The elements of a list key, those of "!x" among them. Empty after a failure. An option that adds one element gives
/// it without brackets.
struct ListItems {
  std::vector<Field> items;
  bool restart = false;  ///< "key.replace", or an option's list: what was said before goes
};
ListItems list_items(const Field& field);

/// A scalar kept with its origin; the last document wins. `parse` is std::optional<T>(const Field&).
template <auto member, auto parse, class Section>
void scalar(const Field& field, Section& section) {
  if (!stands_alone(field)) return;
  auto value = parse(field);
  if (value) section.*member = Sourced<typename decltype(value)::value_type>{std::move(*value), field.origin()};
}

/// A scalar kept as it is.
template <auto member, auto parse, class Section>
void plain(const Field& field, Section& section) {
  if (!stands_alone(field)) return;
  auto value = parse(field);
  if (value) section.*member = std::move(*value);
}

/// A list; documents append, "!x" takes out, "key.replace" starts over. `parse` gives one element.
template <auto member, auto parse, class Section>
void list(const Field& field, Section& section) {
  auto& target = section.*member;
  const auto [items, restart] = list_items(field);
  if (restart) target.clear();
  target.reserve(target.size() + items.size());
  for (const Field& item : items) {
    if (is_removal(item)) {
      take_out(target, item);
    } else if (auto element = parse(item)) {
      target.push_back(std::move(*element));
    }
  }
}

/// A table with rows of its own, read into a member.
template <auto member, const auto& keys, class Section>
void section(const Field& field, Section& outer) {
  read_table(field, keys, outer.*member);
}

/// A table with rows of its own, read into the same structure.
template <const auto& keys, class Section>
void group(const Field& field, Section& same) {
  read_table(field, keys, same);
}

/// An element that keeps its origin.
template <auto parse>
auto sourced(const Field& field) {
  auto value = parse(field);
  using Kept = Sourced<typename decltype(value)::value_type>;
  return value ? std::optional<Kept>(Kept{std::move(*value), field.origin()}) : std::nullopt;
}

}  // namespace snug
