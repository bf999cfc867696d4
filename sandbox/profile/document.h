// A TOML text as a tree of our own with the place of every key and value. Knows the language, not one key of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace snug {

/// 1-based; columns count characters. 0: unknown, as in what an option says.
struct Position {
  int line = 0, column = 0;
  auto operator<=>(const Position&) const = default;
};

struct Member;

struct Value {
  enum class Type { text, integer, real, boolean, date_or_time, list, table } type = Type::table;
  Position at;
  std::string text;  ///< UTF-8, as TOML has it: bytes outside it are still escaped (see bytes.h)
  std::int64_t integer = 0;
  bool octal = false;  ///< the integer was written 0o755
  double real = 0;
  bool boolean = false;
  std::vector<Value> items;     ///< of a list, in order
  std::vector<Member> members;  ///< of a table, in the order written
};

struct Member {
  std::string key;
  Position at;
  Value value;
};

struct SyntaxError {
  Position at;
  std::string message;
};

/// The whole text as a table. TOML stops at the first mistake of its own, so there is one at most.
/// Bounded: a text above one MiB, deep nesting and endless keys are errors.
std::variant<Value, SyntaxError> parse_document(std::string_view text);

/// One value standing alone, "[1, 2]". A word without quotes that TOML does not know (4G, none, ./x) is taken as text,
/// for what is typed in a shell.
std::variant<Value, SyntaxError> parse_value(std::string_view text);

/// The parts of a dotted key, 'environment.set."a.b"'.
std::variant<std::vector<std::string>, SyntaxError> parse_key(std::string_view text);

}  // namespace snug
