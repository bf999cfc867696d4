#include "base/units.h"

#include <charconv>
#include <limits>
#include <optional>

#include "base/quote.h"

namespace snug {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first, so that writing finds the shortest form.
constexpr Unit size_units[] = {
    {"T", std::uint64_t{1} << 40},
    {"G", std::uint64_t{1} << 30},
    {"M", std::uint64_t{1} << 20},
    {"K", std::uint64_t{1} << 10},
    {"", 1},
};

constexpr std::uint64_t one_second = 1'000'000'000;
constexpr Unit duration_units[] = {
    {"d", 86'400 * one_second}, {"h", 3'600 * one_second}, {"m", 60 * one_second}, {"s", one_second}, {"ms", 1'000'000},
};

struct Number {
  std::uint64_t value;
  std::string_view rest;  ///< what follows the digits
};

std::optional<Number> leading_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{}) return {};
  return Number{value, text.substr(static_cast<std::size_t>(stop - text.data()))};
}

template <std::size_t count>
const Unit* find_unit(const Unit (&units)[count], std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

bool fits(const Number& number, const Unit& unit, std::uint64_t largest) {
  return number.value <= largest / unit.factor;
}

template <std::size_t count>
std::string in_largest_unit(const Unit (&units)[count], std::uint64_t value) {
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) return std::to_string(value / unit.factor).append(unit.name);
  }
  return std::to_string(value / units[count - 1].factor).append(units[count - 1].name);
}

Error bad_size(std::string_view text) {
  return {.what = quote_for_display(text) + " is not a size; write a whole number and K, M, G or T, such as \"512M\""};
}

Error bad_duration(std::string_view text) {
  return {.what = quote_for_display(text) +
                  " is not a duration; write a whole number and ms, s, m, h or d, such as \"30s\""};
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const std::optional<Number> number = leading_number(text);
  if (!number) return bad_size(text);
  const Unit* const unit = find_unit(size_units, upper_case(number->rest));
  if (!unit) return bad_size(text);
  if (!fits(*number, *unit, std::numeric_limits<std::uint64_t>::max())) {
    return Error{.what = quote_for_display(text) + " is too large"};
  }
  return number->value * unit->factor;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::optional<Number> number = leading_number(text.substr(negative ? 1 : 0));
  if (!number) return bad_duration(text);
  const Unit* const unit = find_unit(duration_units, number->rest);
  if (!unit) return bad_duration(text);
  if (!fits(*number, *unit, std::numeric_limits<std::int64_t>::max())) {
    return Error{.what = quote_for_display(text) + " is too long"};
  }
  const auto length = static_cast<std::int64_t>(number->value * unit->factor);
  return std::chrono::nanoseconds(negative ? -length : length);
}

std::string size_to_text(std::uint64_t bytes) { return bytes == 0 ? "0" : in_largest_unit(size_units, bytes); }

std::string duration_to_text(std::chrono::nanoseconds duration) {
  const std::int64_t count = duration.count();
  const std::uint64_t length = count < 0 ? ~static_cast<std::uint64_t>(count) + 1 : static_cast<std::uint64_t>(count);
  if (length == 0) return "0s";
  return (count < 0 ? "-" : "") + in_largest_unit(duration_units, length);
}

}  // namespace snug
