#include "profile/document.h"

#include <algorithm>
#include <utility>

#include "base/quote.h"
#include "profile/key_depth.h"

// The one file that sees toml++: it takes seconds to compile.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace snug {
namespace {

constexpr std::size_t largest_text = std::size_t{1} << 20;

Position position(const toml::source_region& source) {
  return {static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

// toml++ quotes pieces of the text in its messages as they are.
SyntaxError syntax_error(const toml::parse_error& problem) {
  return {position(problem.source()), "not valid TOML: " + escape_for_display(problem.description())};
}

Value convert(const toml::node& node);

void take(Value& value, const toml::value<std::string>& node) {
  value.type = Value::Type::text;
  value.text = node.get();
}

void take(Value& value, const toml::value<std::int64_t>& node) {
  value.type = Value::Type::integer;
  value.integer = node.get();
  value.octal = (node.flags() & toml::value_flags::format_as_octal) != toml::value_flags::none;
}

void take(Value& value, const toml::value<double>& node) {
  value.type = Value::Type::real;
  value.real = node.get();
}

void take(Value& value, const toml::value<bool>& node) {
  value.type = Value::Type::boolean;
  value.boolean = node.get();
}

void take(Value& value, const toml::array& node) {
  value.type = Value::Type::list;
  value.items.reserve(node.size());
  for (const toml::node& item : node) value.items.push_back(convert(item));
}

// toml++ sorts by key; people read mistakes and variables in the order they wrote them.
void take(Value& value, const toml::table& node) {
  value.type = Value::Type::table;
  value.members.reserve(node.size());
  for (const auto& [key, item] : node) {
    value.members.push_back({std::string(key.str()), position(key.source()), convert(item)});
  }
  std::ranges::stable_sort(value.members, {}, &Member::at);
}

template <class DateOrTime>
void take(Value& value, const toml::value<DateOrTime>&) {
  value.type = Value::Type::date_or_time;
}

Value convert(const toml::node& node) {
  Value value;
  value.at = position(node.source());
  node.visit([&value](const auto& typed) { take(value, typed); });
  return value;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// What could be meant as text: no quotes, brackets, commas, spaces or anything else TOML gives a meaning.
bool is_bare_word(std::string_view text) {
  const auto allowed = [](char c) {
    return is_letter_or_digit(c) || std::string_view("_-./:@*~+%").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

Value text_value(std::string_view text) {
  Value value;
  value.type = Value::Type::text;
  value.text = text;
  return value;
}

void forget_positions(Value& value) {
  value.at = {};
  for (Value& item : value.items) forget_positions(item);
  for (Member& member : value.members) {
    member.at = {};
    forget_positions(member.value);
  }
}

// Outside of quotes a key has few characters: no "=", "#" or new line that would make more of it than a key.
bool looks_like_key(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '"' && c == '\\') {
      ++i;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (!is_letter_or_digit(c) && std::string_view("_-. ").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return quote == 0;
}

// The path down to the first value that is no table with one member.
void collect_key(const Value& value, std::vector<std::string>& parts) {
  if (value.type != Value::Type::table || value.members.size() != 1) return;
  parts.push_back(value.members[0].key);
  collect_key(value.members[0].value, parts);
}

}  // namespace

std::variant<Value, SyntaxError> parse_document(std::string_view text) {
  if (text.size() > largest_text) return SyntaxError{{1, 1}, "larger than 1 MiB"};
  if (has_endless_key(text)) return SyntaxError{{1, 1}, "a key in it has more than 16 dots"};
  const toml::parse_result result = toml::parse(text);
  if (!result) return syntax_error(result.error());
  return convert(result.table());
}

std::variant<Value, SyntaxError> parse_value(std::string_view text) {
  auto outcome = parse_document("value = " + std::string(text));
  if (auto* const problem = std::get_if<SyntaxError>(&outcome)) {
    if (is_bare_word(text)) return text_value(text);
    return SyntaxError{{}, problem->message};
  }
  std::vector<Member>& members = std::get<Value>(outcome).members;
  if (members.size() != 1) return SyntaxError{{}, "more than one value"};
  forget_positions(members[0].value);
  return std::move(members[0].value);
}

std::variant<std::vector<std::string>, SyntaxError> parse_key(std::string_view text) {
  if (!looks_like_key(text)) return SyntaxError{{}, "not one key"};
  auto outcome = parse_document(std::string(text) + " = 0");
  if (auto* const problem = std::get_if<SyntaxError>(&outcome)) return SyntaxError{{}, problem->message};
  std::vector<std::string> parts;
  collect_key(std::get<Value>(outcome), parts);
  if (parts.empty()) return SyntaxError{{}, "not one key"};
  return parts;
}

}  // namespace snug
