#include "profile/values.h"

#include <algorithm>
#include <limits>

#include "base/numbers.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "base/units.h"

namespace snug {
namespace {

constexpr std::size_t longest_host_name = 64;  // HOST_NAME_MAX of Linux

std::string listed(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text.append("\"").append(words[i]).append("\"");
  }
  return text;
}

template <class T>
std::optional<T> value_or_fail(const Field& field, const Result<T>& result) {
  if (result) return result.value();
  field.fail(result.error().what);
  return {};
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

std::optional<std::uint32_t> octal(std::string_view text) {
  const auto value = whole_number<std::uint32_t>(text, 8);
  return value && *value <= 07777 ? value : std::nullopt;
}

constexpr std::string_view permissions_hint = "permission bits are octal; write \"0755\" or 0o755";

}  // namespace

void fail_word(const Field& field, std::string_view text, std::span<const std::string_view> words) {
  std::string message = quote_for_display(text) + " is not known; ";
  const std::string_view near = nearest_word(text, words);
  message += near.empty() ? "write " + listed(words) : "did you mean \"" + std::string(near) + "\"?";
  field.fail(message);
}

std::optional<std::string> text(const Field& field) { return field.text(); }

std::optional<bool> boolean(const Field& field) { return field.boolean(); }

std::optional<std::uint64_t> size(const Field& field) {
  if (field.is(Value::Type::integer)) {
    return field.integer(0, std::numeric_limits<std::int64_t>::max());
  }
  if (!field.is(Value::Type::text)) return field.fail_type("a size such as \"512M\""), std::nullopt;
  const std::optional<std::string> text = field.text();
  return text ? value_or_fail(field, parse_size(*text)) : std::nullopt;
}

std::optional<std::uint64_t> size_above_zero(const Field& field) {
  const std::optional<std::uint64_t> bytes = size(field);
  if (bytes == 0) return field.fail("must be more than 0"), std::nullopt;
  return bytes;
}

std::optional<std::chrono::nanoseconds> duration(const Field& field) {
  if (!field.is(Value::Type::text)) return field.fail_type("a duration in quotes such as \"30s\""), std::nullopt;
  const std::optional<std::string> text = field.text();
  return text ? value_or_fail(field, parse_duration(*text)) : std::nullopt;
}

std::optional<std::chrono::milliseconds> duration_above_zero(const Field& field) {
  const std::optional<std::chrono::nanoseconds> length = duration(field);
  if (!length) return {};
  if (length->count() <= 0) return field.fail("must be more than 0"), std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(*length);
}

std::optional<std::uint64_t> count_above_zero(const Field& field) {
  return field.integer(1, std::numeric_limits<std::int64_t>::max());
}

std::optional<std::uint16_t> port(const Field& field) {
  const std::optional<std::int64_t> number = field.integer(1, 65535);
  return number ? std::optional(static_cast<std::uint16_t>(*number)) : std::nullopt;
}

// 755 without 0o is a mistake that gives strange bits (01363), so a decimal number is refused.
std::optional<std::uint32_t> permissions(const Field& field) {
  if (field.is(Value::Type::integer)) {
    if (!field.value().octal) return field.fail(permissions_hint), std::nullopt;
    const std::optional<std::int64_t> bits = field.integer(0, 07777);
    return bits ? std::optional(static_cast<std::uint32_t>(*bits)) : std::nullopt;
  }
  const std::optional<std::string> text = field.text();
  if (!text) return {};
  const std::optional<std::uint32_t> bits = octal(*text);
  if (!bits) field.fail(quote_for_display(*text) + " is not understood; " + std::string(permissions_hint));
  return bits;
}

std::optional<std::string> hostname(const Field& field) {
  std::optional<std::string> name = field.text();
  if (!name) return {};
  const bool good = !name->empty() && name->size() <= longest_host_name && name->front() != '-' &&
                    name->front() != '.' && std::ranges::all_of(*name, is_name_character);
  if (good) return name;
  field.fail(quote_for_display(*name) + " is no host name; use at most 64 letters, digits, \"-\" and \".\"");
  return {};
}

bool check_variable_name(const Field& field, std::string_view name) {
  if (!name.empty() && name.find('=') == std::string_view::npos && name.find('\0') == std::string_view::npos)
    return true;
  field.fail(quote_for_display(name) + " is no variable name: it is empty or holds \"=\" or NUL");
  return false;
}

std::optional<std::string> variable_name(const Field& field) {
  std::optional<std::string> name = field.text();
  return name && check_variable_name(field, *name) ? name : std::nullopt;
}

std::optional<std::string> system_call(const Field& field) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  std::optional<std::string> name = field.text();
  if (!name) return {};
  if (!name->empty() && std::ranges::all_of(*name, allowed)) return name;
  field.fail(quote_for_display(*name) +
             " is no name of a system call; write it as in its man page, such as \"ptrace\"");
  return {};
}

}  // namespace snug
