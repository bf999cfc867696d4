#include "profile/field.h"

#include <algorithm>
#include <tuple>

#include "base/quote.h"
#include "profile/bytes.h"
#include "profile/variables.h"

namespace snug {
namespace {

std::string_view type_name(Value::Type type) {
  switch (type) {
    case Value::Type::text:
      return "text";
    case Value::Type::integer:
      return "a whole number";
    case Value::Type::real:
      return "a number";
    case Value::Type::boolean:
      return "true or false";
    case Value::Type::date_or_time:
      return "a date or time";
    case Value::Type::list:
      return "a list";
    case Value::Type::table:
      break;
  }
  return "a table";
}

// The same value in the type asked for, where there is only one way to mean it.
std::string rewritten(const Value& value, std::string_view expected) {
  if (expected.starts_with("text") && value.type == Value::Type::integer)
    return quote_for_display(std::to_string(value.integer));
  if (expected.starts_with("text") && value.type == Value::Type::boolean)
    return value.boolean ? "\"true\"" : "\"false\"";
  if (expected.starts_with("a list") && value.type == Value::Type::text)
    return "[" + quote_for_display(utf8_to_bytes(value.text)) + "]";
  if (expected.starts_with("true") && (value.text == "true" || value.text == "false")) return value.text;
  return {};
}

bool is_default(const Origin& origin) { return origin.source.empty() || origin.source == "default"; }

std::string between(std::int64_t least, std::int64_t most) {
  return "between " + std::to_string(least) + " and " + std::to_string(most);
}

}  // namespace

void Mistakes::add(Diagnostic diagnostic) {
  if (full()) return;
  found_.push_back(std::move(diagnostic));
  if (full()) found_.back().message = "too many mistakes; the rest is not shown";
}

void Mistakes::note(Diagnostic diagnostic) {
  if (notes_.size() < most) notes_.push_back(std::move(diagnostic));
}

void Mistakes::sort_from(std::size_t first) {
  const auto place = [](const Diagnostic& diagnostic) { return std::tie(diagnostic.line, diagnostic.column); };
  std::stable_sort(found_.begin() + static_cast<std::ptrdiff_t>(first), found_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

std::string name_of(const Origin& origin) {
  switch (origin.kind) {
    case OriginKind::option:
      return "option " + origin.source.str();
    case OriginKind::builtin:
      return is_default(origin) ? "built-in default" : "shipped profile " + origin.source.str();
    default:
      return origin.source;
  }
}

Origin Field::origin() const {
  Origin origin = source_.origin;
  origin.line = value_.at.line;
  origin.column = value_.at.column;
  origin.key = key_;
  return origin;
}

Field Field::member(const Member& member) const {
  std::string key = key_.str();
  if (!key.empty()) key += '.';
  key += utf8_to_bytes(member.key);
  return {member.value, std::move(key), source_, mistakes_};
}

void Field::fail(std::string_view message) const {
  fail_at(value_.at, escape_for_display(key()).append(": ").append(message));
}

void Field::note(std::string_view message) const {
  mistakes_.note({name_of(source_.origin), value_.at.line, value_.at.column,
                  escape_for_display(key()).append(": ").append(message)});
}

void Field::fail_at(Position place, std::string message) const {
  mistakes_.add({name_of(source_.origin), place.line, place.column, std::move(message)});
}

void Field::fail_type(std::string_view expected) const {
  std::string message = "expected ";
  message.append(expected).append(", found ").append(type_name(value_.type));
  const std::string better = rewritten(value_, expected);
  if (!better.empty()) message += "; write " + better;
  fail(message);
}

std::optional<std::string> Field::text(std::string_view signs) const {
  if (!is(Value::Type::text)) return fail_type("text in quotes"), std::nullopt;
  Result<Expanded> expanded = source_.variables->expand(value_.text);
  if (!expanded) return fail(expanded.error().what), std::nullopt;
  if (expanded->bytes.find('\0') != std::string::npos) return fail("text cannot hold a NUL character"), std::nullopt;
  const std::size_t sign = expanded->inserted.find_first_of(signs);
  if (sign == std::string::npos) return std::move(expanded->bytes);
  fail("a variable stands for " + quote_for_display(expanded->inserted) + ", whose " +
       quote_for_display(expanded->inserted.substr(sign, 1)) + " would have a meaning here; write that value out");
  return {};
}

std::optional<std::int64_t> Field::integer(std::int64_t least, std::int64_t most) const {
  if (!is(Value::Type::integer)) return fail_type("a whole number"), std::nullopt;
  if (value_.integer < least || value_.integer > most) {
    return fail(std::to_string(value_.integer) + " is not " + between(least, most)), std::nullopt;
  }
  return value_.integer;
}

std::optional<double> Field::number() const {
  if (is(Value::Type::integer)) return static_cast<double>(value_.integer);
  if (!is(Value::Type::real)) return fail_type("a number"), std::nullopt;
  return value_.real;
}

std::optional<bool> Field::boolean() const {
  if (!is(Value::Type::boolean)) return fail_type("true or false"), std::nullopt;
  return value_.boolean;
}

bool Field::expect_table() const {
  if (is(Value::Type::table)) return true;
  fail_type("a table");
  return false;
}

}  // namespace snug
